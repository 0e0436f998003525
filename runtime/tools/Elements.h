// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_RUNTIME_TOOLS_ELEMENTS_H
#define ATTUNE_RUNTIME_TOOLS_ELEMENTS_H

#include <dlpack/dlpack.h>

namespace attune {

/// Reads one element, which need not be aligned.
using ElementLoader = double (*)(const char *at);

/// Null for types of eight bits and less that are no integers, which travel as
/// raw items.
ElementLoader elementLoader(DLDataType dtype);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_ELEMENTS_H
