// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_ROUTINES_H
#define ATTUNE_COMPILER_ROUTINES_H

namespace llvm {
class Module;
}

namespace attune {

/// Adds what the code generator calls for some instructions and no library that
/// a binary needs has: `__truncsfbf2`, f32 to bf16, if there are such
/// values. Comes after all passes, which know nothing of the call.
void addRoutines(llvm::Module &module);

} // namespace attune

#endif // ATTUNE_COMPILER_ROUTINES_H
