// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Branches.h"
#include "frontends/onnx/Integers.h"
#include "frontends/onnx/Subgraphs.h"

#include <algorithm>
#include <unordered_set>

namespace attune::model {
namespace {

using Renames = std::unordered_map<std::string, std::string>;

class Taker {
public:
  explicit Taker(onnx::GraphProto &graph) : graph(graph), integers(graph) {}

  bool run() {
    if (std::none_of(graph.node().begin(), graph.node().end(), isIf))
      return false;
    count(graph);
    google::protobuf::RepeatedPtrField<onnx::NodeProto> nodes;
    nodes.Swap(graph.mutable_node());
    for (onnx::NodeProto &node : nodes)
      add(std::move(node));
    return taken;
  }

private:
  static bool isIf(const onnx::NodeProto &node) {
    return node.op_type() == "If" && node.domain().empty() &&
           node.input_size() == 1;
  }

  void add(onnx::NodeProto node) {
    std::optional<Integers::List> condition;
    if (isIf(node))
      condition = integers.find(node.input(0));
    if (condition && condition->size() == 1 && condition->front()) {
      take(node, *condition->front() != 0);
      return;
    }
    integers.visit(node);
    *graph.add_node() = std::move(node);
  }

  void take(onnx::NodeProto &node, bool condition) {
    const char *name = condition ? "then_branch" : "else_branch";
    for (onnx::AttributeProto &attribute : *node.mutable_attribute())
      if (attribute.name() == name)
        put(node, *attribute.mutable_g());
    taken = true;
  }

  void put(const onnx::NodeProto &node, onnx::GraphProto &branch) {
    // The other branch may use the same names.
    Renames renames;
    for (const onnx::NodeProto &inner : branch.node())
      for (const std::string &output : inner.output())
        if (!output.empty())
          renames[output] = fresh(output);
    rename(branch, renames);
    for (onnx::NodeProto &inner : *branch.mutable_node())
      add(std::move(inner));
    for (int i = 0; i < std::min(node.output_size(), branch.output_size());
         ++i) {
      if (node.output(i).empty())
        continue;
      onnx::NodeProto identity;
      identity.set_op_type("Identity");
      identity.set_name(node.output(i));
      identity.add_input(branch.output(i).name());
      identity.add_output(node.output(i));
      add(std::move(identity));
    }
  }

  static void rename(std::string &name, const Renames &renames) {
    auto found = renames.find(name);
    if (found != renames.end())
      name = found->second;
  }

  static void rename(onnx::GraphProto &branch, const Renames &renames) {
    for (onnx::NodeProto &node : *branch.mutable_node()) {
      for (std::string &input : *node.mutable_input())
        rename(input, renames);
      for (std::string &output : *node.mutable_output())
        rename(output, renames);
      forSubgraphs(node,
                   [&](onnx::GraphProto &body) { rename(body, renames); });
    }
    for (onnx::ValueInfoProto &output : *branch.mutable_output())
      rename(*output.mutable_name(), renames);
  }

  void count(const onnx::GraphProto &inner) {
    for (const onnx::ValueInfoProto &input : inner.input())
      names.insert(input.name());
    for (const onnx::TensorProto &initializer : inner.initializer())
      names.insert(initializer.name());
    for (const onnx::ValueInfoProto &output : inner.output())
      names.insert(output.name());
    for (const onnx::NodeProto &node : inner.node()) {
      names.insert(node.input().begin(), node.input().end());
      names.insert(node.output().begin(), node.output().end());
      forSubgraphs(node, [&](const onnx::GraphProto &body) { count(body); });
    }
  }

  std::string fresh(const std::string &name) {
    for (unsigned number = 1;; ++number) {
      std::string other = name + ".taken" + std::to_string(number);
      if (names.insert(other).second)
        return other;
    }
  }

  onnx::GraphProto &graph;
  Integers integers;
  std::unordered_set<std::string> names;
  bool taken = false;
};

} // namespace

bool takeKnownBranches(onnx::GraphProto &graph) { return Taker(graph).run(); }

} // namespace attune::model
