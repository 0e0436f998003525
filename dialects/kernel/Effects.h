// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What the sources of this dialect's operations share.

#ifndef ATTUNE_DIALECTS_KERNEL_EFFECTS_H
#define ATTUNE_DIALECTS_KERNEL_EFFECTS_H

#include "dialects/kernel/Kernel.h"

namespace attune::kernel {

/// Destination-style operations on memrefs read their inputs and write their
/// destinations; on tensors they have no effect.
template <typename Op>
void addEffects(Op op, llvm::SmallVectorImpl<mlir::SideEffects::EffectInstance<
                           mlir::MemoryEffects::Effect>> &effects) {
  for (mlir::OpOperand &operand : op->getOpOperands()) {
    if (!mlir::isa<mlir::MemRefType>(operand.get().getType()))
      continue;
    effects.emplace_back(mlir::MemoryEffects::Read::get(), &operand);
    if (op.isDpsInit(&operand))
      effects.emplace_back(mlir::MemoryEffects::Write::get(), &operand);
  }
}

} // namespace attune::kernel

#endif // ATTUNE_DIALECTS_KERNEL_EFFECTS_H
