// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_EMITSUPPRESS_H
#define ATTUNE_PASSES_CODEGEN_EMITSUPPRESS_H

#include "dialects/kernel/Kernel.h"

namespace attune {

/// Turns a choice of boxes into loops, in parallel over batch and class.
void emitSuppress(kernel::SuppressOp op);

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_EMITSUPPRESS_H
