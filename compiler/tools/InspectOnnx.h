// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_TOOLS_INSPECTONNX_H
#define ATTUNE_COMPILER_TOOLS_INSPECTONNX_H

#include <string>

namespace attune {

/// Prints what an ONNX file holds and how each operator of it is supported, as
/// text or as JSON (`docs/inspect.md` has the schema). The exit code: 0 if all
/// is supported, 1 if something is refused or the file is no valid model.
int inspectOnnx(const std::string &path, bool json);

} // namespace attune

#endif // ATTUNE_COMPILER_TOOLS_INSPECTONNX_H
