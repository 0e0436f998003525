// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_SUBGRAPHS_H
#define ATTUNE_FRONTENDS_ONNX_SUBGRAPHS_H

#include "onnx/onnx_pb.h"

#include <string>
#include <vector>

namespace attune::model {

/// Makes a name mean one value wherever a subgraph can see it: initializers of
/// subgraphs become the main graph's last ones, inputs of subgraphs that hide
/// an outer value get names of their own. Returns how many initializers moved.
/// Throws `Failure` for what no subgraph may hold.
int liftSubgraphs(onnx::GraphProto &graph);

/// Calls `visit` with every graph among the attributes of `node`.
template <typename Node, typename Visit>
void forSubgraphs(Node &node, Visit visit) {
  if constexpr (std::is_const_v<Node>) {
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      if (attribute.has_g())
        visit(attribute.g());
      for (const onnx::GraphProto &graph : attribute.graphs())
        visit(graph);
    }
  } else {
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        visit(*attribute.mutable_g());
      for (onnx::GraphProto &graph : *attribute.mutable_graphs())
        visit(graph);
    }
  }
}

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_SUBGRAPHS_H
