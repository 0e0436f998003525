// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CAPTURES_H
#define ATTUNE_FRONTENDS_ONNX_CAPTURES_H

#include "frontends/onnx/Model.h"
#include "llvm/ADT/SetVector.h"

namespace attune {

/// Names of outer values that `graph` and the subgraphs in it use, in the order
/// of their first use.
llvm::SetVector<llvm::StringRef> capturesOf(const model::Graph &graph);

/// What one node uses: its inputs, and captures of its subgraphs.
void forUsedNames(const model::Node &node,
                  llvm::function_ref<void(llvm::StringRef)> use);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_CAPTURES_H
