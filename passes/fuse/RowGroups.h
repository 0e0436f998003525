// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FUSE_ROWGROUPS_H
#define ATTUNE_PASSES_FUSE_ROWGROUPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace attune {

/// Operations that become one kernel, in program order. The first `rows` loops
/// of each run over the same range, and what one of them makes in a row only
/// that row of the others reads; so a kernel may run them row by row.
struct RowGroup {
  llvm::SmallVector<mlir::linalg::LinalgOp> ops;
  unsigned rows = 0;
};

/// Splits the linalg operations of `block` into groups: softmax, norms and
/// other chains of reductions and element-wise operations come together.
/// A group's operations may be moved to where its last one stands.
llvm::SmallVector<RowGroup> findRowGroups(mlir::Block &block);

} // namespace attune

#endif // ATTUNE_PASSES_FUSE_ROWGROUPS_H
