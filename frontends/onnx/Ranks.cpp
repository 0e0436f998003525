// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Ranks.h"
#include "frontends/onnx/Subgraphs.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace attune::model {

using Ranks = std::unordered_map<std::string, int64_t>;

namespace {

/// Ranks of the values that a graph sees, and lengths of those of rank 1.
class Known {
public:
  Known(const onnx::GraphProto &graph, const Known *outer) : outer(outer) {
    for (const onnx::ValueInfoProto &info : graph.input())
      add(info);
    for (const onnx::ValueInfoProto &info : graph.value_info())
      add(info);
    for (const onnx::ValueInfoProto &info : graph.output())
      add(info);
    for (const onnx::TensorProto &tensor : graph.initializer()) {
      ranks[tensor.name()] = tensor.dims_size();
      if (tensor.dims_size() == 1)
        lengths[tensor.name()] = tensor.dims(0);
    }
  }

  std::optional<int64_t> rank(const onnx::NodeProto &node, int input) const {
    return find(&Known::ranks, node, input);
  }
  std::optional<int64_t> length(const onnx::NodeProto &node, int input) const {
    return find(&Known::lengths, node, input);
  }

private:
  void add(const onnx::ValueInfoProto &info) {
    const onnx::TypeProto_Tensor &type = info.type().tensor_type();
    if (!info.type().has_tensor_type() || !type.has_shape())
      return;
    ranks[info.name()] = type.shape().dim_size();
    if (type.shape().dim_size() == 1 && type.shape().dim(0).has_dim_value())
      lengths[info.name()] = type.shape().dim(0).dim_value();
  }

  std::optional<int64_t> find(Ranks Known::*known, const onnx::NodeProto &node,
                              int input) const {
    if (input >= node.input_size())
      return std::nullopt;
    for (const Known *scope = this; scope; scope = scope->outer)
      if (auto found = (scope->*known).find(node.input(input));
          found != (scope->*known).end())
        return found->second;
    return std::nullopt;
  }

  const Known *outer;
  Ranks ranks, lengths;
};

} // namespace

static bool keepsDims(const onnx::NodeProto &node) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == "keepdims")
      return attribute.i() != 0;
  return true;
}

/// The rank of a node's result as far as lists tell it.
static std::optional<int64_t> rankOf(const onnx::NodeProto &node,
                                     const Known &known) {
  const std::string &op = node.op_type();
  std::optional<int64_t> own = known.rank(node, 0);
  std::optional<int64_t> count = known.length(node, 1);
  if (op == "Reshape")
    return count;
  if (op == "ConstantOfShape")
    return known.length(node, 0);
  if (op == "Slice" || op == "Split" || op == "Pad" || op == "Tile")
    return own;
  bool reduces = op.rfind("Reduce", 0) == 0;
  if (reduces && keepsDims(node))
    return own;
  if (!own || !count)
    return std::nullopt;
  if (op == "Expand")
    return std::max(*own, *count);
  if (op == "Unsqueeze")
    return *own + *count;
  if (op == "Squeeze")
    return *own - *count;
  if (reduces)
    return *own - *count;
  return std::nullopt;
}

/// Shapes that are missing of values whose element type is known.
static std::unordered_map<std::string, onnx::TypeProto_Tensor *>
openTypes(onnx::GraphProto &graph) {
  std::unordered_map<std::string, onnx::TypeProto_Tensor *> open;
  for (auto *infos : {graph.mutable_value_info(), graph.mutable_output()})
    for (onnx::ValueInfoProto &info : *infos) {
      if (!info.type().has_tensor_type())
        continue;
      onnx::TypeProto_Tensor *type = info.mutable_type()->mutable_tensor_type();
      if (!type->has_shape())
        open[info.name()] = type;
    }
  return open;
}

/// Says the same of a value of a graph that was not inferred yet.
static void copyType(onnx::GraphProto &graph, const std::string &name,
                     const onnx::TypeProto_Tensor &type) {
  onnx::ValueInfoProto *info = nullptr;
  for (auto *infos : {graph.mutable_value_info(), graph.mutable_output()})
    for (onnx::ValueInfoProto &other : *infos)
      if (other.name() == name)
        info = &other;
  if (!info) {
    info = graph.add_value_info();
    info->set_name(name);
  }
  *info->mutable_type()->mutable_tensor_type() = type;
}

static bool addRanks(onnx::GraphProto &graph, onnx::GraphProto *original,
                     const Known *outer) {
  auto open = openTypes(graph);
  Known known(graph, outer);
  bool found = false;
  // A hostile list may be long; no tensor has that many dimensions.
  constexpr int64_t most = 64;
  for (const onnx::NodeProto &node : graph.node()) {
    if (open.empty() || !node.domain().empty())
      continue;
    std::optional<int64_t> rank = rankOf(node, known);
    if (!rank || *rank < 0 || *rank > most)
      continue;
    for (const std::string &output : node.output()) {
      auto type = open.find(output);
      if (type == open.end())
        continue;
      onnx::TensorShapeProto *shape = type->second->mutable_shape();
      for (int64_t dim = 0; dim < *rank; ++dim)
        shape->add_dim();
      if (original)
        copyType(*original, output, *type->second);
      open.erase(type);
      found = true;
    }
  }
  for (int i = 0; i < graph.node_size(); ++i) {
    std::vector<onnx::GraphProto *> originals;
    if (original)
      forSubgraphs(*original->mutable_node(i),
                   [&](onnx::GraphProto &body) { originals.push_back(&body); });
    size_t next = 0;
    forSubgraphs(*graph.mutable_node(i), [&](onnx::GraphProto &body) {
      onnx::GraphProto *twin = original ? originals[next++] : nullptr;
      found |= addRanks(body, twin, &known);
    });
  }
  return found;
}

bool addRanks(onnx::GraphProto &graph, onnx::GraphProto *original) {
  return addRanks(graph, original, nullptr);
}

} // namespace attune::model
