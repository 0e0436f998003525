// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Keeps a bug from ending the tool without a word.

#ifndef ATTUNE_COMPILER_TOOLS_GUARD_H
#define ATTUNE_COMPILER_TOOLS_GUARD_H

#include "compiler/Compiler.h"

#include <functional>

namespace attune {

/// Compiles in a process of its own. If that breaks down, says that attune has
/// a bug, writes the IR before the stage that broke down to a file, and removes
/// what was left unfinished.
CompileStatus compileGuarded(CompileOptions options);

/// Does `work`, which gives an exit code, in the same way.
CompileStatus workGuarded(const std::function<int()> &work);

} // namespace attune

#endif // ATTUNE_COMPILER_TOOLS_GUARD_H
