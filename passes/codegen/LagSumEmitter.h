// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_LAGSUMEMITTER_H
#define ATTUNE_PASSES_CODEGEN_LAGSUMEMITTER_H

#include "dialects/kernel/Kernel.h"

namespace attune {

/// Writes `op` as register tiles of `rows` rows and `vectors` vectors of
/// `lanes` columns, and erases it.
void emitLagSum(kernel::LagSumOp op, int64_t lanes, int64_t rows,
                int64_t vectors);

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_LAGSUMEMITTER_H
