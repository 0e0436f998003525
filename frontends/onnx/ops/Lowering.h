// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_LOWERING_H
#define ATTUNE_FRONTENDS_ONNX_OPS_LOWERING_H

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/ADT/StringMap.h"

namespace attune {

/// What turns nodes of a graph into linalg. Values keep their builtin tensor
/// types; the builder stands before the node that is being lowered.
class Lowering : public mlir::ImplicitLocOpBuilder {
public:
  explicit Lowering(mlir::func::FuncOp graph);

  using Body = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                              mlir::ValueRange)>;

  /// Size `dim` of `tensor`. Sizes with one name are one SSA value.
  mlir::OpFoldResult size(mlir::Value tensor, int64_t dim);
  llvm::SmallVector<mlir::OpFoldResult> sizes(mlir::Value tensor);
  /// Size `dim` as types and names tell it, without the tensor; or null.
  mlir::OpFoldResult knownSize(mlir::Value tensor, int64_t dim);
  mlir::Value toIndex(mlir::OpFoldResult size);
  /// A tensor without contents; `like` gives the static sizes and the type.
  mlir::Value empty(llvm::ArrayRef<mlir::OpFoldResult> sizes,
                    mlir::Type element);
  mlir::Value constant(mlir::Type type, double value);

  /// A linalg.generic over one destination; the body's last argument is the
  /// destination's element.
  mlir::Value generic(mlir::ValueRange inputs,
                      llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value init,
                      llvm::ArrayRef<mlir::utils::IteratorType> iterators,
                      Body body);
  /// `body` on the elements of `inputs`, broadcast as ONNX does. Sizes that
  /// are only known at run time and have no common name are checked.
  mlir::Value elementwise(onnx::NodeOp node, mlir::ValueRange inputs,
                          mlir::Type element, Body body);

  /// The elements of a small tensor of integers, booleans or scalars that
  /// sizes are computed with; nothing for any other.
  std::optional<llvm::SmallVector<mlir::Value>> elements(mlir::Value tensor);
  /// The integers of a constant tensor.
  std::optional<llvm::SmallVector<int64_t>> integers(mlir::Value tensor);
  /// Makes a tensor of elements that `elements` finds again.
  mlir::Value fromElements(mlir::RankedTensorType type,
                           llvm::ArrayRef<mlir::Value> elements);
  static bool isSmall(mlir::Type type);

  /// Gives up the node for `value`, cast to the type that the graph expects.
  void replace(onnx::NodeOp node, mlir::Value value, unsigned output = 0);

private:
  mlir::func::FuncOp graph;
  llvm::SmallVector<llvm::StringRef> namesOf(mlir::Value tensor);

  llvm::StringMap<mlir::Value> symbols;
  /// Names of the sizes of values that took a node's place.
  llvm::DenseMap<mlir::Value, llvm::SmallVector<llvm::StringRef>> names;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<mlir::Value>> known;
};

using LowerNode = mlir::LogicalResult (*)(onnx::NodeOp, Lowering &);
using LoweringTable = llvm::StringMap<LowerNode>;

// One family a file: each adds its operators.
void addElementwise(LoweringTable &table);
void addShapes(LoweringTable &table);
void addIndexing(LoweringTable &table);
void addMatMul(LoweringTable &table);
void addNeighbours(LoweringTable &table);
void addReductions(LoweringTable &table);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_LOWERING_H
