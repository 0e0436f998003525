// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_ORDEREDEMITTERS_H
#define ATTUNE_PASSES_CODEGEN_ORDEREDEMITTERS_H

#include "dialects/kernel/Kernel.h"
#include "passes/codegen/VectorEmitter.h"

namespace attune {

/// What the region makes of `left` and `right`.
mlir::Value inlineOnPair(VectorEmitter &b, mlir::Block &body, mlir::Value left,
                         mlir::Value right);

// Each turns one operation into loops and erases it.

/// In parallel over matrices.
void emitDeterminant(kernel::DeterminantOp op);
/// In parallel over rows.
void emitSort(kernel::SortOp op);
/// In parallel over batch and class.
void emitSuppress(kernel::SuppressOp op);

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_ORDEREDEMITTERS_H
