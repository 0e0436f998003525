// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_TOOLS_INSPECTONNX_H
#define ATTUNE_COMPILER_TOOLS_INSPECTONNX_H

#include <string>

namespace attune {

/// Prints an ONNX model's inputs, outputs and opsets, and how often it has each
/// operator and whether attune lowers it. False, after a message, if the model
/// cannot be read.
bool inspectOnnx(const std::string &path);

} // namespace attune

#endif // ATTUNE_COMPILER_TOOLS_INSPECTONNX_H
