// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the operators with graphs share.

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_CONTROL_H
#define ATTUNE_FRONTENDS_ONNX_OPS_CONTROL_H

#include "dialects/onnx/Loops.h"
#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// How many of the node's last inputs are captures of its graphs.
unsigned capturesOf(onnx::NodeOp node);

/// The only element of a tensor of truth values. One whose number of elements
/// is known at run time only is checked.
mlir::FailureOr<mlir::Value> conditionOf(onnx::NodeOp node, Lowering &b,
                                         mlir::Value tensor);

/// `value` as a tensor of exactly this type; static sizes of the type that the
/// value does not show are checked at run time. Null, after an error, if it
/// cannot be.
mlir::Value fit(onnx::NodeOp node, Lowering &b, mlir::Value value,
                mlir::RankedTensorType type);

/// What a trip leaves of a carried value: `next`, in the memory of `carried` if
/// their sizes are known to be equal.
mlir::FailureOr<mlir::Value> carryOn(onnx::NodeOp node, Lowering &b,
                                     mlir::Value next, mlir::Value carried,
                                     unsigned output);

/// A graph of a node as a function that can be called.
class GraphCall {
public:
  /// The graph in the attribute, which takes `inputs` inputs and what the node
  /// captures; reports what is wrong with it.
  static mlir::FailureOr<GraphCall>
  find(onnx::NodeOp node, llvm::StringRef attribute, unsigned inputs);

  mlir::LogicalResult requireResults(unsigned count);
  mlir::RankedTensorType argumentType(unsigned index);
  mlir::RankedTensorType resultType(unsigned index);
  /// Calls the graph. Inputs may be scalars where it takes one element.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  call(Lowering &b, llvm::ArrayRef<mlir::Value> inputs);

private:
  onnx::NodeOp node;
  mlir::func::FuncOp function;
};

/// An output that gets a piece in each trip: along `axis` they are stacked, in
/// the order of trips or the other way round.
class Stack {
public:
  Stack(unsigned output, unsigned result, mlir::RankedTensorType piece,
        int64_t axis = 0, bool isReversed = false)
      : output(output), result(result), piece(piece), axis(axis),
        isReversed(isReversed) {}

  /// What the first trip gets: all of the memory if `count`, the number of
  /// trips, is given and the sizes of pieces are known; else nothing, and it
  /// grows.
  mlir::Value start(onnx::NodeOp node, Lowering &b, mlir::Value count);
  mlir::Value add(onnx::NodeOp node, Lowering &b, mlir::Value tensor,
                  mlir::Value piece, mlir::Value index);
  /// Takes the whole stack as the node's output, after the loop.
  void finish(onnx::NodeOp node, Lowering &b, mlir::Value tensor);

  /// Which output of the node, which result of the graph.
  unsigned output, result;

private:
  mlir::Value insert(Lowering &b, mlir::Value piece, mlir::Value tensor,
                     mlir::OpFoldResult at, mlir::OpFoldResult length);
  mlir::Value grow(onnx::NodeOp node, Lowering &b, mlir::Value tensor,
                   mlir::Value piece);

  mlir::RankedTensorType piece;
  int64_t axis;
  bool isReversed;
  mlir::Value count;
  /// Of a piece; empty if the stack grows.
  llvm::SmallVector<mlir::OpFoldResult> sizes;
  bool grows = false;
};

mlir::LogicalResult lowerScan(onnx::NodeOp node, Lowering &b);
void addControl(LoweringTable &table);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_CONTROL_H
