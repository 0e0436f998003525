// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Functions.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/Failure.h"

#include "onnx/common/proto_util.h"
#include "onnx/inliner/inliner.h"

namespace attune::model {

/// Nodes of a graph after inlining; calls within calls.
static constexpr uint64_t nodeLimit = 1000000;
static constexpr unsigned depthLimit = 100;

namespace {

/// Counts the nodes that inlining would give, before anything is copied: a
/// few functions that call each other twice can stand for any number.
class InlinedSize {
public:
  explicit InlinedSize(const onnx::ModelProto &model) {
    for (const onnx::FunctionProto &function : model.functions())
      if (!functions.emplace(onnx::GetFunctionImplId(function), &function)
               .second)
        throw Failure("function '" + function.name() + "' is defined twice");
  }

  template <typename Nodes> uint64_t count(const Nodes &nodes, unsigned depth) {
    uint64_t total = 0;
    for (const onnx::NodeProto &node : nodes) {
      total += 1 + countCallee(node, depth);
      for (const onnx::AttributeProto &attribute : node.attribute()) {
        total += count(attribute.g().node(), depth);
        for (const onnx::GraphProto &graph : attribute.graphs())
          total += count(graph.node(), depth);
      }
      if (total > nodeLimit)
        throw Failure("requires at most " + std::to_string(nodeLimit) +
                      " nodes after functions are inlined");
    }
    return total;
  }

private:
  uint64_t countCallee(const onnx::NodeProto &node, unsigned depth) {
    auto callee = functions.find(onnx::GetCalleeId(node));
    if (callee == functions.end())
      return 0;
    auto [known, isNew] = sizes.emplace(callee->second, 0);
    if (!isNew)
      return known->second;
    if (depth == depthLimit)
      throw Failure("requires functions nested at most " +
                    std::to_string(depthLimit) + " deep");
    uint64_t size = count(callee->second->node(), depth + 1);
    sizes[callee->second] = size;
    return size;
  }

  std::map<std::string, const onnx::FunctionProto *> functions;
  std::map<const onnx::FunctionProto *, uint64_t> sizes;
};

/// All nodes for which there is no lowering.
class Unlowered : public onnx::inliner::FunctionIdSet {
public:
  explicit Unlowered(const LoadOptions &options) : options(options) {}
  bool Contains(const std::string &domain,
                const std::string &name) const override {
    return !options.hasLowering(normalDomain(domain), name);
  }

private:
  const LoadOptions &options;
};

} // namespace

void inlineFunctions(onnx::ModelProto &model) {
  InlinedSize(model).count(model.graph().node(), 0);
  if (!model.functions_size())
    return;
  onnx::inliner::InlineLocalFunctions(model, /*convert_version=*/true);
  for (const onnx::FunctionProto &function : model.functions())
    throw Failure("function '" + function.name() + "' of '" +
                  function.domain() +
                  "' imports other opset versions than the model");
}

void expandUnlowered(onnx::ModelProto &model, const LoadOptions &options) {
  if (options.hasLowering)
    onnx::inliner::InlineSelectedFunctions(model, Unlowered(options), nullptr);
}

} // namespace attune::model
