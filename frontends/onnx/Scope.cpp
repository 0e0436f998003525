// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Scope.h"
#include "frontends/onnx/Captures.h"
#include "mlir/IR/BuiltinTypes.h"

using namespace mlir;

namespace attune {

void Scope::findUses() {
  for (const model::Node &node : graph.nodes)
    forUsedNames(node, [&](StringRef name) { used.insert(name); });
  for (const std::string &output : graph.outputs)
    used.insert(output);
}

SmallVector<Value> Scope::outputs() const {
  SmallVector<Value> found;
  for (const std::string &output : graph.outputs)
    found.push_back(values.lookup(output));
  return found;
}

SmallVector<Value> Scope::results() const {
  SmallVector<Value> found;
  for (const model::Node &node : graph.nodes)
    for (const std::string &output : node.outputs)
      if (Value value = output.empty() ? Value() : values.lookup(output);
          value && isa<RankedTensorType>(value.getType()))
        found.push_back(value);
  return found;
}

} // namespace attune
