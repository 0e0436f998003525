// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_TOOLS_OPERATORSPAGE_H
#define ATTUNE_COMPILER_TOOLS_OPERATORSPAGE_H

namespace attune {

/// Prints every operator that ONNX or attune knows, with its versions and how
/// it is supported: as the page `docs/operators.md`, or as JSON.
void printOperatorsPage(bool json);

} // namespace attune

#endif // ATTUNE_COMPILER_TOOLS_OPERATORSPAGE_H
