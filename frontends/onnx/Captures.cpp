// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Captures.h"
#include "llvm/ADT/StringSet.h"

namespace attune {

void forUsedNames(const model::Node &node,
                  llvm::function_ref<void(llvm::StringRef)> use) {
  for (const std::string &input : node.inputs)
    if (!input.empty())
      use(input);
  for (const model::Attribute &attribute : node.attributes)
    for (const std::shared_ptr<model::Graph> &graph : attribute.graphs)
      for (llvm::StringRef name : capturesOf(*graph))
        use(name);
}

llvm::SetVector<llvm::StringRef> capturesOf(const model::Graph &graph) {
  llvm::StringSet<> own;
  llvm::SetVector<llvm::StringRef> captures;
  auto use = [&](llvm::StringRef name) {
    if (!own.contains(name))
      captures.insert(name);
  };
  for (const std::string &input : graph.inputs)
    own.insert(input);
  for (const model::Tensor &constant : graph.constants)
    own.insert(constant.name);
  for (const model::Node &node : graph.nodes) {
    forUsedNames(node, use);
    for (const std::string &output : node.outputs)
      own.insert(output);
  }
  for (const std::string &output : graph.outputs)
    use(output);
  return captures;
}

} // namespace attune
