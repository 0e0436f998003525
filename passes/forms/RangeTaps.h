// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_RANGETAPS_H
#define ATTUNE_PASSES_FORMS_RANGETAPS_H

#include "llvm/ADT/StringRef.h"

namespace attune {

/// What the names of outputs begin with that hold the least and the largest
/// number that a function meets; its name and that of its node follow, with a
/// space between.
inline constexpr llvm::StringLiteral lowTap = "attune.low ";
inline constexpr llvm::StringLiteral highTap = "attune.high ";

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_RANGETAPS_H
