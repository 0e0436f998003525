// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_MASKREADER_H
#define ATTUNE_PASSES_RAISE_MASKREADER_H

#include "dialects/onnx/Nodes.h"
#include "passes/raise/MaskExpr.h"

namespace attune {

/// Size `dim` of `value`, as a sum of named sizes.
Affine sizeOf(mlir::Value value, int64_t dim);

/// Booleans that a mask is computed with and that are no formula of positions:
/// the element of leaf n at the score (b, h, i, j) is the symbol "leaf n", 0 or
/// 1. Its dimensions are the last ones of the scores, or 1.
using MaskLeaves = llvm::SmallVector<mlir::Value>;

/// The formula of `value` at the score (i, j) of any batch and head: "i" and
/// "j" are symbols of it.
MaskExpr elementFor(mlir::Value value, mlir::Value scores, MaskLeaves &leaves);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_MASKREADER_H
