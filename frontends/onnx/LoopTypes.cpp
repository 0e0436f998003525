// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/LoopTypes.h"
#include "frontends/onnx/Subgraphs.h"

#include <algorithm>
#include <deque>

namespace attune::model {

static bool isLoop(const onnx::NodeProto &node) {
  return node.op_type() == "Loop" && node.domain().empty();
}

template <typename Node> static auto *bodyOf(Node &node) {
  using Graph = std::conditional_t<std::is_const_v<Node>,
                                   const onnx::GraphProto, onnx::GraphProto>;
  Graph *body = nullptr;
  forSubgraphs(node, [&](Graph &graph) { body = &graph; });
  return body;
}

static size_t countCarried(const onnx::NodeProto &loop) {
  const onnx::GraphProto *body = bodyOf(loop);
  int count = std::min(loop.input_size() - 2, loop.output_size());
  if (body)
    count = std::min({count, body->input_size() - 2, body->output_size() - 1});
  return body && count > 0 ? static_cast<size_t>(count) : 0;
}

LoopTypes::LoopTypes(const onnx::ModelProto &model) {
  for (const onnx::ValueInfoProto &input : model.graph().input())
    for (const auto &dim : input.type().tensor_type().shape().dim())
      if (!dim.dim_param().empty())
        names.insert(dim.dim_param());
  find(model.graph());
}

void LoopTypes::find(const onnx::GraphProto &graph) {
  for (const onnx::NodeProto &node : graph.node()) {
    if (isLoop(node))
      loops.emplace_back(countCarried(node));
    forSubgraphs(node, [&](const onnx::GraphProto &inner) { find(inner); });
  }
}

void LoopTypes::apply(onnx::ModelProto &model) const {
  size_t next = 0;
  apply(*model.mutable_graph(), next);
}

void LoopTypes::apply(onnx::GraphProto &graph, size_t &next) const {
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    if (isLoop(node))
      applyTo(graph, node, loops[next++]);
    forSubgraphs(node, [&](onnx::GraphProto &inner) { apply(inner, next); });
  }
}

void LoopTypes::applyTo(onnx::GraphProto &graph, onnx::NodeProto &loop,
                        const std::vector<Carried> &carried) const {
  for (size_t i = 0; i < carried.size(); ++i) {
    const onnx::TypeProto &type = carried[i].type;
    int index = static_cast<int>(i);
    if (!type.tensor_type().has_shape())
      continue;
    *bodyOf(loop)->mutable_input(index + 2)->mutable_type() = type;
    const std::string &name = loop.output(index);
    if (name.empty())
      continue;
    auto &outputs = *graph.mutable_output();
    auto output = std::find_if(
        outputs.begin(), outputs.end(),
        [&](const onnx::ValueInfoProto &info) { return info.name() == name; });
    onnx::ValueInfoProto &info =
        output != outputs.end() ? *output : *graph.add_value_info();
    info.set_name(name);
    *info.mutable_type() = type;
  }
}

bool LoopTypes::learn(const onnx::ModelProto &model) {
  changed = false;
  size_t next = 0;
  scopes.clear();
  learn(model.graph(), next);
  return changed;
}

static onnx::TypeProto typeOfTensor(const onnx::TensorProto &tensor) {
  onnx::TypeProto type;
  type.mutable_tensor_type()->set_elem_type(tensor.data_type());
  type.mutable_tensor_type()->mutable_shape();
  for (int64_t size : tensor.dims())
    type.mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(size);
  return type;
}

void LoopTypes::learn(const onnx::GraphProto &graph, size_t &next) {
  std::deque<onnx::TypeProto> made;
  Scope &scope = scopes.emplace_back();
  for (const onnx::TensorProto &tensor : graph.initializer())
    scope[tensor.name()] = &made.emplace_back(typeOfTensor(tensor));
  for (const auto *infos :
       {&graph.value_info(), &graph.output(), &graph.input()})
    for (const onnx::ValueInfoProto &info : *infos)
      scope[info.name()] = &info.type();
  for (const onnx::NodeProto &node : graph.node()) {
    if (isLoop(node))
      learnFrom(node, loops[next++]);
    forSubgraphs(node,
                 [&](const onnx::GraphProto &inner) { learn(inner, next); });
  }
  scopes.pop_back();
}

const onnx::TypeProto *LoopTypes::typeOf(const std::string &name) const {
  for (auto scope = scopes.rbegin(); scope != scopes.rend(); ++scope)
    if (auto found = scope->find(name); found != scope->end())
      return found->second;
  return nullptr;
}

void LoopTypes::learnFrom(const onnx::NodeProto &loop,
                          std::vector<Carried> &carried) {
  for (size_t i = 0; i < carried.size(); ++i) {
    int index = static_cast<int>(i);
    join(carried[i], typeOf(loop.input(index + 2)));
    // Before it is known what goes in, what comes out is no news.
    if (carried[i].type.tensor_type().has_shape())
      join(carried[i], &bodyOf(loop)->output(index + 1).type());
  }
}

void LoopTypes::join(Carried &carried, const onnx::TypeProto *seen) {
  if (!seen || carried.isOpen || !seen->tensor_type().has_shape())
    return;
  onnx::TypeProto::Tensor &mine = *carried.type.mutable_tensor_type();
  const onnx::TensorShapeProto &theirs = seen->tensor_type().shape();
  bool isFirst = !mine.has_shape();
  if (isFirst) {
    carried.type = *seen;
    changed = true;
  } else if (mine.shape().dim_size() != theirs.dim_size()) {
    mine.clear_shape();
    carried.isOpen = changed = true;
    return;
  }
  for (int i = 0; i < theirs.dim_size(); ++i) {
    auto &dim =
        *carried.type.mutable_tensor_type()->mutable_shape()->mutable_dim(i);
    const auto &other = theirs.dim(i);
    bool isKnown = dim.has_dim_value() || names.count(dim.dim_param());
    bool isSame = dim.has_dim_value() ? other.has_dim_value() &&
                                            other.dim_value() == dim.dim_value()
                                      : other.dim_param() == dim.dim_param();
    if (isKnown && isSame)
      continue;
    changed |= isKnown;
    dim.Clear();
  }
}

} // namespace attune::model
