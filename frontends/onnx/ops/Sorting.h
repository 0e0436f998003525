// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_SORTING_H
#define ATTUNE_FRONTENDS_ONNX_OPS_SORTING_H

#include "frontends/onnx/ops/Scalars.h"

namespace attune {

/// Whether the left of two elements comes first.
using Before = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                              mlir::Value, mlir::Value)>;

/// The positions of the `count` items that come first in each row, in order, as
/// `rows x count` of i64: `keys` are `rows x items x width`, compared element
/// by element; equal items stay in order.
mlir::Value sortedPositions(Lowering &b, mlir::Value keys,
                            mlir::OpFoldResult count, Before before);

/// Whether `left` is larger, or, unless the `largest` come first, smaller. NaN
/// is above all numbers and equal to itself.
mlir::Value comesFirst(Scalar &s, mlir::Value left, mlir::Value right,
                       bool largest);

mlir::LogicalResult lowerTopK(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_SORTING_H
