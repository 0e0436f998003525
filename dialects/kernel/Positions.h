// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Expressions of positions, as the masks of `kernel.attention` hold them.

#ifndef ATTUNE_DIALECTS_KERNEL_POSITIONS_H
#define ATTUNE_DIALECTS_KERNEL_POSITIONS_H

#include "mlir/IR/AffineExpr.h"

namespace attune::kernel {

/// A bound of what is computed for `expr`, either way, where no position is
/// beyond `positions`.
double mostOf(mlir::AffineExpr expr, double positions);

/// Whether 64 bits hold all that is computed for `expr`, for positions below
/// 2^36.
bool isComputable(mlir::AffineExpr expr);

} // namespace attune::kernel

#endif // ATTUNE_DIALECTS_KERNEL_POSITIONS_H
