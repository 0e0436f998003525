// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Questions that matchers ask about nodes of a file.

#ifndef ATTUNE_DIALECTS_ONNX_NODES_H
#define ATTUNE_DIALECTS_ONNX_NODES_H

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace attune {

/// The node of operator `op` of ai.onnx that makes `value`, or null.
onnx::NodeOp nodeOf(mlir::Value value, llvm::StringRef op);
/// Whether `op` is a node of operator `name` of ai.onnx.
bool isOperator(mlir::Operation *op, llvm::StringRef name);
/// The operator of ai.onnx that makes `value`; "" for anything else.
llvm::StringRef operatorOf(mlir::Value value);

/// The ranked type, or null.
mlir::RankedTensorType typeOf(mlir::Value value);
/// Whether `value` is an f32 tensor of this rank.
bool isF32(mlir::Value value, int64_t rank);
/// The only element of a float constant.
std::optional<double> scalarOf(mlir::Value value);
/// The elements of a small integer constant.
std::optional<llvm::SmallVector<int64_t>> integersOf(mlir::Value value);
/// Axes as an attribute or as the second input; negative ones are counted
/// from `rank`. Nothing if they are not constant or not given.
std::optional<llvm::SmallVector<int64_t>> axesOf(onnx::NodeOp node,
                                                 int64_t rank);

/// Which elements of a list of `size` a Gather or a Slice (since opset 10)
/// takes, if that is constant.
std::optional<llvm::SmallVector<int64_t>> pickedIndices(onnx::NodeOp node,
                                                        int64_t size);

/// Whether dimension `i` of `left` and `j` of `right` have equal sizes: the
/// same number, or the same name.
bool sameSize(mlir::Value left, int64_t i, mlir::Value right, int64_t j);
/// Whether all sizes are equal.
bool sameShape(mlir::Value left, mlir::Value right);

/// The other operand of a commutative node of two, if one is `operand`.
mlir::Value otherOperand(onnx::NodeOp node, mlir::Value operand);

/// Makes a node of ai.onnx in the place of `like`, with its type, names and
/// location.
onnx::NodeOp makeNode(mlir::OpBuilder &builder, onnx::NodeOp like,
                      llvm::StringRef op, int64_t version,
                      mlir::ValueRange inputs,
                      llvm::ArrayRef<mlir::NamedAttribute> attributes);

/// Whether `type` holds integers as large as sizes, and differences of them:
/// signed ones of 32 bits and more, f32 and f64.
bool holdsSizes(mlir::Type type);
/// Integers below this, and their sums, are doubles.
constexpr double exactInteger = 9007199254740992.0; // 2^53
/// `value` as an element of type `type` holds it; nothing if that depends on
/// more than rounding.
std::optional<double> roundedTo(double value, mlir::Type type);

/// Removes nodes that nothing uses any more, last ones first.
void eraseUnused(mlir::func::FuncOp function);

} // namespace attune

#endif // ATTUNE_DIALECTS_ONNX_NODES_H
