// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which node of the file a node comes from. The number is a property of the
// node itself, so that copies of it, which inlining makes, have it too.

#ifndef ATTUNE_FRONTENDS_ONNX_PLACES_H
#define ATTUNE_FRONTENDS_ONNX_PLACES_H

#include "frontends/onnx/Summary.h"

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Numbers the nodes of a checked file, and tells what is in it. `constants`
/// are its initializers; `movedConstants` of them were nodes.
Summary summarise(onnx::ModelProto &model, const std::vector<Tensor> &constants,
                  int64_t movedConstants);

/// The number that `summarise` gave the node, or -1.
int64_t placeOf(const onnx::NodeProto &node);

/// Nodes that will be replaced by function bodies, and where they are.
class Calls {
public:
  /// Remembers the nodes of one operator.
  Calls(const onnx::GraphProto &graph, const std::string &domain,
        const std::string &opType);

  /// Gives the nodes that took a call's place its number.
  void mark(onnx::GraphProto &graph) const;

private:
  struct Call {
    /// How many other nodes with a number come before it.
    size_t position;
    int64_t place;
    std::vector<std::string> outputs;
  };
  void find(const onnx::GraphProto &graph);
  void mark(onnx::GraphProto &graph, size_t &number) const;

  std::string domain, opType;
  /// Of each graph, in the order in which they are visited.
  std::vector<std::vector<Call>> graphs;
};

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_PLACES_H
