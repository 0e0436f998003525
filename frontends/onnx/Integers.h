// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_INTEGERS_H
#define ATTUNE_FRONTENDS_ONNX_INTEGERS_H

#include "onnx/onnx_pb.h"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace attune::model {

/// What short lists of integers and booleans hold that follow from constants
/// and shapes of a graph. Ranks are not looked at: a scalar is a list of one.
class Integers {
public:
  /// Nothing for an element that is not known.
  using List = std::vector<std::optional<int64_t>>;

  /// Takes in the initializers of `graph`, and the shapes that are known.
  explicit Integers(const onnx::GraphProto &graph);

  /// Takes in what a node gives; nodes come in order.
  void visit(const onnx::NodeProto &node);
  std::optional<List> find(const std::string &value) const;

private:
  void addShape(const std::string &name, const onnx::TypeProto &type);
  std::optional<List> evaluate(const onnx::NodeProto &node) const;
  std::optional<List> shapeOf(const onnx::NodeProto &node) const;
  std::optional<List> picked(const onnx::NodeProto &node) const;

  std::unordered_map<std::string, List> lists;
  /// Sizes of values.
  std::unordered_map<std::string, List> shapes;
};

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_INTEGERS_H
