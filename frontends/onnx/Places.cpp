// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Places.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/Convert.h"
#include "frontends/onnx/Failure.h"
#include "frontends/onnx/Subgraphs.h"
#include "frontends/onnx/Tensors.h"

#include "onnx/common/proto_util.h"

#include <unordered_map>
#include <unordered_set>

namespace attune::model {

static const std::string property = "attune.place";

int64_t placeOf(const onnx::NodeProto &node) {
  for (const onnx::StringStringEntryProto &entry : node.metadata_props())
    if (entry.key() == property)
      return std::stoll(entry.value());
  return -1;
}

static void setPlace(onnx::NodeProto &node, int64_t place) {
  // What the file says of its nodes is of no use here.
  node.clear_metadata_props();
  onnx::StringStringEntryProto &entry = *node.add_metadata_props();
  entry.set_key(property);
  entry.set_value(std::to_string(place));
}

namespace {

class Summarizer {
public:
  Summarizer(onnx::ModelProto &model, Summary &summary)
      : model(model), summary(summary) {
    for (onnx::FunctionProto &function : *model.mutable_functions())
      functions[onnx::GetFunctionImplId(function)] = &function;
  }

  void run() {
    summary.irVersion = model.ir_version();
    summary.producer = model.producer_name();
    summary.producerVersion = model.producer_version();
    summary.opsets = importedOpsets(model);
    addNodes(*model.mutable_graph()->mutable_node(), "", summary.opsets);
    // The list grows while it is read: functions call others.
    for (size_t i = 0; i < called.size(); ++i)
      addFunction(*called[i]);
  }

private:
  using Opsets = std::map<std::string, int64_t>;

  void addFunction(onnx::FunctionProto &function) {
    Opsets opsets = summary.opsets;
    for (const onnx::OperatorSetIdProto &import : function.opset_import())
      opsets[normalDomain(import.domain())] = import.version();
    std::string domain = function.domain().empty()
                             ? std::string("ai.onnx")
                             : normalDomain(function.domain());
    addNodes(*function.mutable_node(), domain + "." + function.name(), opsets);
  }

  template <typename Nodes>
  void addNodes(Nodes &nodes, const std::string &function,
                const Opsets &opsets) {
    for (onnx::NodeProto &node : nodes) {
      setPlace(node, static_cast<int64_t>(summary.nodes.size()));
      addNode(node, function, opsets);
      forSubgraphs(node, [&](onnx::GraphProto &graph) {
        addNodes(*graph.mutable_node(), function, opsets);
      });
    }
  }

  void addNode(const onnx::NodeProto &node, const std::string &function,
               const Opsets &opsets) {
    Problem about = problemAt(node, opsets, "");
    FileNode added;
    added.name = about.node;
    added.function = function;
    added.domain = about.domain;
    added.opType = about.opType;
    added.version = about.version;
    auto callee = functions.find(onnx::GetCalleeId(node));
    added.isCall = callee != functions.end();
    const onnx::OpSchema *schema = schemaOf(node, opsets);
    added.hasBody = schema && (schema->HasFunction() ||
                               schema->HasContextDependentFunction());
    summary.nodes.push_back(added);
    if (added.isCall && seen.insert(callee->second).second)
      called.push_back(callee->second);
  }

  onnx::ModelProto &model;
  Summary &summary;
  std::unordered_map<std::string, onnx::FunctionProto *> functions;
  std::unordered_set<const onnx::FunctionProto *> seen;
  std::vector<onnx::FunctionProto *> called;
};

} // namespace

template <typename Infos>
static std::vector<std::pair<std::string, Type>>
declared(const Infos &infos, const char *what,
         const std::unordered_set<std::string> &except) {
  std::vector<std::pair<std::string, Type>> values;
  for (const onnx::ValueInfoProto &info : infos) {
    if (except.count(info.name()))
      continue;
    try {
      values.emplace_back(info.name(), convertType(info.type()));
    } catch (const Failure &failure) {
      throw Failure(std::string(what) + " '" + info.name() + "' " +
                    failure.what());
    }
  }
  return values;
}

static Weights weigh(const std::vector<Tensor> &constants) {
  Weights weights;
  for (const Tensor &constant : constants) {
    auto elements =
        static_cast<int64_t>(countElements(constant.dims, constant.element));
    ++weights.tensors;
    weights.elements += elements;
    // Files hold two or four elements of few bits in a byte.
    weights.bytes += (elements * bitsOf(constant.element) + 7) / 8;
  }
  return weights;
}

Summary summarise(onnx::ModelProto &model, const std::vector<Tensor> &constants,
                  int64_t movedConstants) {
  Summary summary;
  Summarizer(model, summary).run();
  std::unordered_set<std::string> given;
  for (const Tensor &constant : constants)
    given.insert(constant.name);
  summary.inputs = declared(model.graph().input(), "input", given);
  summary.outputs = declared(model.graph().output(), "output", {});
  summary.weights = weigh(constants);
  summary.movedConstants = movedConstants;
  onnx::NodeProto constant;
  constant.set_op_type("Constant");
  summary.constantVersion = problemAt(constant, summary.opsets, "").version;
  return summary;
}

static bool isOne(const onnx::NodeProto &node, const std::string &domain,
                  const std::string &opType) {
  return normalDomain(node.domain()) == domain && node.op_type() == opType;
}

Calls::Calls(const onnx::GraphProto &graph, const std::string &domain,
             const std::string &opType)
    : domain(domain), opType(opType) {
  find(graph);
}

void Calls::find(const onnx::GraphProto &graph) {
  size_t number = graphs.size(), position = 0;
  graphs.emplace_back();
  for (const onnx::NodeProto &node : graph.node())
    if (isOne(node, domain, opType))
      graphs[number].push_back({position,
                                placeOf(node),
                                {node.output().begin(), node.output().end()}});
    else
      ++position;
  for (const onnx::NodeProto &node : graph.node())
    if (!isOne(node, domain, opType))
      forSubgraphs(node, [&](const onnx::GraphProto &inner) { find(inner); });
}

/// Gives `node`, and the nodes within it that have none, a number.
static void setPlaces(onnx::NodeProto &node, int64_t place) {
  if (placeOf(node) < 0)
    setPlace(node, place);
  forSubgraphs(node, [&](onnx::GraphProto &graph) {
    for (onnx::NodeProto &inner : *graph.mutable_node())
      setPlaces(inner, place);
  });
}

void Calls::mark(onnx::GraphProto &graph) const {
  size_t number = 0;
  mark(graph, number);
}

void Calls::mark(onnx::GraphProto &graph, size_t &number) const {
  if (number == graphs.size())
    return;
  const std::vector<Call> &calls = graphs[number++];
  std::vector<onnx::NodeProto *> others;
  std::unordered_set<std::string> defined;
  auto call = calls.begin();
  auto isOver = [&]() {
    for (const std::string &output : call->outputs)
      if (!output.empty() && !defined.count(output))
        return false;
    return true;
  };
  for (onnx::NodeProto &node : *graph.mutable_node()) {
    if (placeOf(node) >= 0) {
      // Calls may be left: some bodies depend on types.
      if (!isOne(node, domain, opType))
        others.push_back(&node);
      continue;
    }
    // A body is over when it has given all its outputs.
    while (call != calls.end() && std::next(call) != calls.end() &&
           (call->position < others.size() || isOver()) &&
           std::next(call)->position <= others.size())
      ++call;
    if (call == calls.end())
      continue;
    setPlaces(node, call->place);
    defined.insert(node.output().begin(), node.output().end());
  }
  for (onnx::NodeProto *node : others)
    forSubgraphs(*node, [&](onnx::GraphProto &inner) { mark(inner, number); });
}

} // namespace attune::model
