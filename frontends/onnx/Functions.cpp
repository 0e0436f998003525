// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Functions.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/Failure.h"
#include "frontends/onnx/Places.h"

#include "onnx/common/proto_util.h"
#include "onnx/inliner/inliner.h"

#include <set>

namespace attune::model {

/// Nodes and bytes of a graph after inlining; calls within calls.
static constexpr uint64_t nodeLimit = 1000000;
static constexpr uint64_t byteLimit = uint64_t(1) << 30;
static constexpr unsigned depthLimit = 100;

using Opsets = std::map<std::string, int64_t>;

namespace {

struct Size {
  uint64_t nodes = 0;
  uint64_t bytes = 0;
};

/// Counts what inlining would give, before anything is copied: a few functions
/// that call each other twice can stand for any number of nodes.
class InlinedSize {
public:
  explicit InlinedSize(const onnx::ModelProto &model) {
    for (const onnx::FunctionProto &function : model.functions())
      if (!functions.emplace(onnx::GetFunctionImplId(function), &function)
               .second)
        throw Failure("function '" + function.name() + "' is defined twice");
  }

  template <typename Nodes> Size count(const Nodes &nodes, unsigned depth) {
    Size total;
    for (const onnx::NodeProto &node : nodes) {
      total.nodes += 1;
      total.bytes += node.ByteSizeLong();
      add(total, countCallee(node, depth));
      for (const onnx::AttributeProto &attribute : node.attribute()) {
        add(total, count(attribute.g().node(), depth));
        for (const onnx::GraphProto &graph : attribute.graphs())
          add(total, count(graph.node(), depth));
      }
    }
    return total;
  }

private:
  /// Functions within functions make the numbers grow, and only they.
  void add(Size &total, const Size &more) {
    total.nodes += more.nodes;
    total.bytes += more.bytes;
    if (!functions.empty() && total.nodes > nodeLimit)
      throw Failure("requires at most " + std::to_string(nodeLimit) +
                    " nodes after functions are inlined");
    if (!functions.empty() && total.bytes > byteLimit)
      throw Failure("requires nodes of at most 1 GiB after functions are "
                    "inlined");
  }

  Size countCallee(const onnx::NodeProto &node, unsigned depth) {
    auto callee = functions.find(onnx::GetCalleeId(node));
    if (callee == functions.end())
      return {};
    const onnx::FunctionProto *function = callee->second;
    checkAttributes(node, *function);
    auto known = sizes.find(function);
    if (known != sizes.end())
      return known->second;
    if (depth == depthLimit)
      throw Failure("requires functions nested at most " +
                    std::to_string(depthLimit) + " deep");
    if (!running.insert(function).second)
      throw Failure("function '" + function->name() + "' calls itself");
    Size size = count(function->node(), depth + 1);
    running.erase(function);
    return sizes[function] = size;
  }

  static void checkAttributes(const onnx::NodeProto &call,
                              const onnx::FunctionProto &function) {
    std::set<std::string> known(function.attribute().begin(),
                                function.attribute().end());
    for (const onnx::AttributeProto &attribute : function.attribute_proto())
      known.insert(attribute.name());
    for (const onnx::AttributeProto &attribute : call.attribute())
      if (!known.count(attribute.name()))
        throw Failure("node '" + call.name() + "' calls function '" +
                      function.name() + "' with the attribute '" +
                      attribute.name() + "', which it does not have");
  }

  std::map<std::string, const onnx::FunctionProto *> functions;
  std::map<const onnx::FunctionProto *, Size> sizes;
  std::set<const onnx::FunctionProto *> running;
};

/// A domain and an operator of it.
using Name = std::pair<std::string, std::string>;

class OneOperator : public onnx::inliner::FunctionIdSet {
public:
  explicit OneOperator(const Name &name) : name(name) {}
  bool Contains(const std::string &domain,
                const std::string &type) const override {
    return normalDomain(domain) == name.first && type == name.second;
  }

private:
  const Name &name;
};

/// Calls `visit` for every node, those of nested graphs as well.
void forEachNode(onnx::GraphProto &graph,
                 const std::function<void(onnx::NodeProto &)> &visit) {
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    visit(node);
    for (onnx::AttributeProto &attribute : *node.mutable_attribute()) {
      if (attribute.has_g())
        forEachNode(*attribute.mutable_g(), visit);
      for (onnx::GraphProto &inner : *attribute.mutable_graphs())
        forEachNode(inner, visit);
    }
  }
}

/// Replaces nodes by the bodies that their schemas give, one operator after
/// the other: a body's nodes get their default attributes in their turn.
class Expansion {
public:
  Expansion(onnx::ModelProto &model, const LoadOptions &options)
      : model(model), options(options), opsets(importedOpsets(model)) {}

  void run() {
    typeInitializers();
    typeAbsent();
    std::set<Name> stuck;
    for (std::set<Name> names = unlowered(stuck); !names.empty();
         names = unlowered(stuck)) {
      const Name &name = *names.begin();
      addDefaults(name);
      Calls calls(model.graph(), name.first, name.second);
      onnx::inliner::InlineSelectedFunctions(model, OneOperator(name), nullptr);
      calls.mark(*model.mutable_graph());
      // Some bodies exist for later opsets than the model's only.
      if (unlowered(stuck).count(name))
        stuck.insert(name);
    }
    forgetAbsent();
  }

private:
  /// Bodies that depend on types are asked for those of all inputs.
  void typeInitializers() {
    onnx::GraphProto &graph = *model.mutable_graph();
    std::set<std::string> typed;
    for (const onnx::ValueInfoProto &input : graph.input())
      typed.insert(input.name());
    for (const onnx::ValueInfoProto &value : graph.value_info())
      typed.insert(value.name());
    for (const onnx::TensorProto &initializer : graph.initializer()) {
      if (!typed.insert(initializer.name()).second)
        continue;
      onnx::ValueInfoProto &info = *graph.add_value_info();
      info.set_name(initializer.name());
      auto &type = *info.mutable_type()->mutable_tensor_type();
      type.set_elem_type(initializer.data_type());
      type.mutable_shape();
      for (int64_t size : initializer.dims())
        type.mutable_shape()->add_dim()->set_dim_value(size);
    }
  }

  /// Inputs that are left out are asked for, too.
  void typeAbsent() { model.mutable_graph()->add_value_info()->set_name(""); }

  void forgetAbsent() {
    auto &infos = *model.mutable_graph()->mutable_value_info();
    for (int i = infos.size(); i-- > 0;)
      if (infos.Get(i).name().empty())
        infos.DeleteSubrange(i, 1);
  }

  std::set<Name> unlowered(const std::set<Name> &except) {
    std::set<Name> names;
    forEachNode(*model.mutable_graph(), [&](onnx::NodeProto &node) {
      Name name(normalDomain(node.domain()), node.op_type());
      const onnx::OpSchema *schema = schemaOf(node, opsets);
      if (schema &&
          (schema->HasFunction() || schema->HasContextDependentFunction()) &&
          !except.count(name) && !options.hasLowering(name.first, name.second))
        names.insert(name);
    });
    return names;
  }

  /// The library leaves out of a body what refers to an attribute that the
  /// node does not set, whatever its default.
  void addDefaults(const Name &name) {
    forEachNode(*model.mutable_graph(), [&](onnx::NodeProto &node) {
      if (normalDomain(node.domain()) != name.first ||
          node.op_type() != name.second)
        return;
      std::set<std::string> given;
      for (const onnx::AttributeProto &attribute : node.attribute())
        given.insert(attribute.name());
      for (const auto &[attribute, about] :
           schemaOf(node, opsets)->attributes())
        if (about.default_value.has_type() && !given.count(attribute)) {
          onnx::AttributeProto &added = *node.add_attribute();
          added = about.default_value;
          added.set_name(attribute);
        }
    });
  }

  onnx::ModelProto &model;
  const LoadOptions &options;
  std::map<std::string, int64_t> opsets;
};

} // namespace

void checkFunctions(const onnx::ModelProto &model) {
  InlinedSize(model).count(model.graph().node(), 0);
}

/// Checks that a body means the same by the model's opsets as by its own.
template <typename Nodes>
static void checkVersions(const Nodes &nodes, const Opsets &own,
                          const Opsets &models) {
  for (const onnx::NodeProto &node : nodes) {
    if (schemaOf(node, own) != schemaOf(node, models))
      throw Failure("requires functions of the model's opset versions, but " +
                    node.op_type() + " is used in another version");
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      checkVersions(attribute.g().node(), own, models);
      for (const onnx::GraphProto &graph : attribute.graphs())
        checkVersions(graph.node(), own, models);
    }
  }
}

/// Gives functions the model's opset versions. The library could convert nodes
/// of others, but its converter is no code to trust with a foreign file.
static void alignVersions(onnx::ModelProto &model) {
  Opsets models = importedOpsets(model);
  for (onnx::FunctionProto &function : *model.mutable_functions()) {
    Opsets own;
    for (onnx::OperatorSetIdProto &import : *function.mutable_opset_import()) {
      own[import.domain()] = import.version();
      auto found = models.find(import.domain());
      if (found != models.end())
        import.set_version(found->second);
    }
    checkVersions(function.node(), own, models);
  }
}

bool inlineFunctions(onnx::ModelProto &model) {
  if (!model.functions_size())
    return false;
  alignVersions(model);
  onnx::inliner::InlineLocalFunctions(model, /*convert_version=*/false);
  for (const onnx::FunctionProto &function : model.functions())
    throw Failure("function '" + function.name() + "' of '" +
                  function.domain() +
                  "' imports other opset versions than the model");
  return true;
}

void expandUnlowered(onnx::ModelProto &model, const LoadOptions &options) {
  if (options.hasLowering)
    Expansion(model, options).run();
}

} // namespace attune::model
