// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_RUNTIME_TOOLS_SUMMARY_H
#define ATTUNE_RUNTIME_TOOLS_SUMMARY_H

#include <dlpack/dlpack.h>
#include <string>

namespace attune {

/// "y: f32 [2, 3]".
std::string describeTensor(const std::string &name, const DLTensor &tensor);
/// "min -1, mean 0.5, max 2", of the elements that are numbers; those that are
/// none are counted. "no elements" if there are none.
std::string describeElements(const DLTensor &tensor);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_SUMMARY_H
