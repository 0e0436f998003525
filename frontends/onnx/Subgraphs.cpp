// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Subgraphs.h"
#include "frontends/onnx/Failure.h"

#include <unordered_map>
#include <unordered_set>

namespace attune::model {
namespace {

using Names = std::unordered_set<std::string>;
/// Names of the file -> names that are used instead.
using Renames = std::unordered_map<std::string, std::string>;

class Lifter {
public:
  explicit Lifter(onnx::GraphProto &main) : main(main) { count(main); }

  int run() {
    int before = main.initializer_size();
    show(main);
    Renames none;
    for (onnx::NodeProto &node : *main.mutable_node())
      forSubgraphs(node, [&](onnx::GraphProto &graph) { visit(graph, none); });
    for (onnx::TensorProto &tensor : lifted)
      *main.add_initializer() = std::move(tensor);
    return main.initializer_size() - before;
  }

private:
  void count(const onnx::GraphProto &graph) {
    for (const onnx::ValueInfoProto &input : graph.input())
      ++definitions[input.name()];
    for (const onnx::TensorProto &initializer : graph.initializer())
      ++definitions[initializer.name()];
    for (const onnx::NodeProto &node : graph.node()) {
      for (const std::string &output : node.output())
        ++definitions[output];
      forSubgraphs(node, [&](const onnx::GraphProto &inner) { count(inner); });
    }
  }

  /// Makes what `graph` defines visible to subgraphs.
  void show(const onnx::GraphProto &graph) {
    for (const onnx::ValueInfoProto &input : graph.input())
      ++visible[input.name()];
    for (const onnx::TensorProto &initializer : graph.initializer())
      ++visible[initializer.name()];
    for (const onnx::NodeProto &node : graph.node())
      for (const std::string &output : node.output())
        ++visible[output];
  }

  void hide(const Names &names) {
    for (const std::string &name : names)
      --visible[name];
  }

  std::string fresh(const std::string &name) {
    for (unsigned number = 1;; ++number) {
      std::string other = name + "." + std::to_string(number);
      if (definitions.emplace(other, 1).second)
        return other;
    }
  }

  bool isVisible(const std::string &name) const {
    auto found = visible.find(name);
    return found != visible.end() && found->second > 0;
  }

  void visit(onnx::GraphProto &graph, Renames renames) {
    for (const auto &sparse : graph.sparse_initializer())
      throw Failure("initializer '" + sparse.values().name() +
                    "' is sparse, which is not supported");
    Names own;
    for (onnx::ValueInfoProto &input : *graph.mutable_input()) {
      std::string name = input.name();
      renames.erase(name);
      // A name that is given twice is the checker's business.
      if (isVisible(name) && !own.count(name))
        input.set_name(renames[name] = fresh(name));
      own.insert(input.name());
    }
    liftInitializers(graph, own, renames);
    for (const std::string &name : own)
      ++visible[name];
    for (onnx::NodeProto &node : *graph.mutable_node())
      visitNode(node, own, renames);
    for (onnx::ValueInfoProto &output : *graph.mutable_output())
      rename(*output.mutable_name(), renames);
    for (onnx::ValueInfoProto &info : *graph.mutable_value_info())
      rename(*info.mutable_name(), renames);
    hide(own);
  }

  void liftInitializers(onnx::GraphProto &graph, const Names &inputs,
                        Renames &renames) {
    Names own;
    for (onnx::TensorProto &tensor : *graph.mutable_initializer()) {
      std::string name = tensor.name();
      if (name.empty() || !own.insert(name).second)
        throw Failure(name.empty()
                          ? "an initializer has no name"
                          : "initializer '" + name + "' is defined twice");
      if (inputs.count(name))
        throw Failure("initializer '" + name +
                      "' has the name of an input of its subgraph");
      renames.erase(name);
      if (definitions[name] > 1)
        tensor.set_name(renames[name] = fresh(name));
      lifted.push_back(std::move(tensor));
    }
    graph.clear_initializer();
  }

  void visitNode(onnx::NodeProto &node, Names &own, Renames &renames) {
    for (std::string &input : *node.mutable_input())
      rename(input, renames);
    forSubgraphs(node, [&](onnx::GraphProto &graph) { visit(graph, renames); });
    for (const std::string &output : node.output()) {
      // Nodes may not hide outer values: the checker refuses them.
      renames.erase(output);
      if (own.insert(output).second)
        ++visible[output];
    }
  }

  static void rename(std::string &name, const Renames &renames) {
    auto found = renames.find(name);
    if (found != renames.end())
      name = found->second;
  }

  onnx::GraphProto &main;
  /// How often each name is defined, in whichever graph.
  std::unordered_map<std::string, int> definitions;
  std::unordered_map<std::string, int> visible;
  std::vector<onnx::TensorProto> lifted;
};

} // namespace

int liftSubgraphs(onnx::GraphProto &graph) { return Lifter(graph).run(); }

} // namespace attune::model
