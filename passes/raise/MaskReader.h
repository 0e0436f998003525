// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_MASKREADER_H
#define ATTUNE_PASSES_RAISE_MASKREADER_H

#include "dialects/onnx/Nodes.h"
#include "passes/raise/MaskExpr.h"

namespace attune {

/// Size `dim` of `value`, as a sum of named sizes.
Affine sizeOf(mlir::Value value, int64_t dim);

/// The formula of `value` at the score (i, j) of any batch and head: "i" and
/// "j" are symbols of it.
MaskExpr elementFor(mlir::Value value, mlir::Value scores);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_MASKREADER_H
