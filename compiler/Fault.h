// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Faults on purpose: tests of what happens when a pass has a bug.

#ifndef ATTUNE_COMPILER_FAULT_H
#define ATTUNE_COMPILER_FAULT_H

#include "mlir/Pass/Pass.h"

namespace attune {

/// A pass that breaks as `kind` says: "crash" (a signal), "abort", "overflow"
/// (the stack), "fatal" (LLVM's fatal error), "memory" (no more of it),
/// "silent" (a failure that nothing tells of), "invalid" (IR that does not
/// verify) or "error" (a failure with a message, as for a wrong model).
std::unique_ptr<mlir::Pass> createFaultPass(llvm::StringRef kind);

} // namespace attune

#endif // ATTUNE_COMPILER_FAULT_H
