// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_REDUCE_H
#define ATTUNE_FRONTENDS_ONNX_OPS_REDUCE_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

using Axes = llvm::SmallVector<int64_t>;

/// Combines the elements of `input` along `axes`; reduced dimensions go. The
/// body gets an element and what was combined before it.
mlir::Value reduce(Lowering &b, mlir::Value input, const Axes &axes,
                   mlir::Value start, Lowering::Body body);
mlir::Value sum(Lowering &b, mlir::Value input, const Axes &axes);
mlir::Value sumOfSquares(Lowering &b, mlir::Value input, const Axes &axes);
/// The largest of floats; NaN wins.
mlir::Value maximum(Lowering &b, mlir::Value input, const Axes &axes);

/// `body(x, reduced)` on every element of `input`, where `reduced` lacks
/// `axes`.
mlir::Value combine(Lowering &b, mlir::Value input, mlir::Value reduced,
                    const Axes &axes, Lowering::Body body);
/// `body(x)` on every element, of the same type or of `element`.
mlir::Value mapped(Lowering &b, mlir::Value input, Lowering::Body body);
mlir::Value mapped(Lowering &b, mlir::Value input, mlir::Type element,
                   Lowering::Body body);
/// Divides every element.
mlir::Value divide(Lowering &b, mlir::Value tensor, mlir::Value by);
/// How many elements each reduction has, as a number of `input`'s type.
mlir::Value countOf(Lowering &b, mlir::Value input, const Axes &axes);
/// Puts dimensions of size 1 where `axes` were.
mlir::Value keepDims(Lowering &b, mlir::Value reduced, const Axes &axes,
                     int64_t rank);

/// e^(x - max) / sum along `axes`. With `zeroRows`, rows of -inf give 0.
mlir::Value softmax(Lowering &b, mlir::Value input, const Axes &axes,
                    bool zeroRows = false);

/// sum over the last `depth` loops of lhs * rhs, from zero; the result's
/// dimensions are the loops before, of the given sizes.
mlir::Value contract(Lowering &b, mlir::Value lhs, mlir::Value rhs,
                     mlir::AffineMap lhsMap, mlir::AffineMap rhsMap,
                     llvm::ArrayRef<mlir::OpFoldResult> sizes,
                     unsigned depth = 1);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_REDUCE_H
