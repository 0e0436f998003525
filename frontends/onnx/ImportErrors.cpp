// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ImportErrors.h"
#include "dialects/onnx/Errors.h"

using namespace mlir;

namespace attune {

void ImportErrors::report(Location loc, const Twine &reason) {
  ++count;
  emitError(loc) << reason;
}

void ImportErrors::report(const model::Problem &problem) {
  if (problem.opType.empty())
    return report(file, problem.reason);
  ++count;
  onnx::emitNodeError(locOf(problem.node, problem.place), problem.node,
                      problem.domain, problem.opType, problem.version)
      << problem.reason;
}

void ImportErrors::report(const model::Node &node, const Twine &reason) {
  report({node.name, node.domain, node.opType, node.version, reason.str(),
          /*isOption=*/false, node.place});
}

Location ImportErrors::locOf(StringRef name, int64_t place) {
  return onnx::nodeLoc(file, name, place);
}

void ImportErrors::refuse(const model::Graph &graph,
                          const OnnxImportOptions &options) {
  if (!options.refusal)
    return;
  for (const model::Node &node : graph.nodes) {
    std::string reason = options.refusal(node.domain, node.opType);
    if (!reason.empty()) {
      report(node, reason);
      refused.insert(&node);
    }
    for (const model::Attribute &attribute : node.attributes)
      for (const std::shared_ptr<model::Graph> &inner : attribute.graphs)
        refuse(*inner, options);
  }
}

} // namespace attune
