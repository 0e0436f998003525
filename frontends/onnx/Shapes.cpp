// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Shapes.h"
#include "frontends/onnx/Branches.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/Failure.h"
#include "frontends/onnx/LoopTypes.h"
#include "frontends/onnx/Nearest.h"
#include "frontends/onnx/Ranks.h"
#include "frontends/onnx/Subgraphs.h"

#include "onnx/shape_inference/implementation.h"

#include <algorithm>
#include <set>
#include <unordered_set>

namespace attune::model {

using Infos = google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>;

static onnx::TensorShapeProto *shapeOf(onnx::ValueInfoProto &info) {
  if (!info.type().has_tensor_type() || !info.type().tensor_type().has_shape())
    return nullptr;
  return info.mutable_type()->mutable_tensor_type()->mutable_shape();
}

void fixDims(onnx::ModelProto &model,
             const std::map<std::string, int64_t> &fixedDims) {
  std::set<std::string> names;
  Infos &inputs = *model.mutable_graph()->mutable_input();
  for (onnx::ValueInfoProto &input : inputs)
    if (onnx::TensorShapeProto *shape = shapeOf(input))
      for (auto &dim : *shape->mutable_dim()) {
        // As exporters use it, this is no symbol: sizes may differ.
        if (dim.dim_param() == "?")
          dim.clear_dim_param();
        if (!dim.dim_param().empty())
          names.insert(dim.dim_param());
      }
  for (const auto &[name, size] : fixedDims) {
    if (names.count(name))
      continue;
    std::string known;
    for (const std::string &other : names)
      known += (known.empty() ? "" : ", ") + other;
    throw OptionFailure("no input has a dimension '" + name +
                        "'; there are: " + (known.empty() ? "none" : known) +
                        didYouMean(name, {names.begin(), names.end()}));
  }
  for (onnx::ValueInfoProto &input : inputs) {
    onnx::TensorShapeProto *shape = shapeOf(input);
    for (int i = 0; shape && i < shape->dim_size(); ++i) {
      auto &dim = *shape->mutable_dim(i);
      if (dim.has_dim_value())
        continue;
      std::string name = dim.dim_param();
      if (name.empty())
        name = input.name() + "." + std::to_string(i);
      while (dim.dim_param().empty() && !names.insert(name).second)
        name += "_";
      dim.set_dim_param(name);
      auto fixed = fixedDims.find(name);
      if (fixed != fixedDims.end())
        dim.set_dim_value(fixed->second);
    }
  }
}

namespace {

/// The library's schemas, bounded: it tracks the values of tensors that may be
/// shapes, an object for each element, and lists of that many sizes are not.
class BoundedSchemas : public onnx::ISchemaRegistry {
public:
  const onnx::OpSchema *GetSchema(const std::string &key, int maxVersion,
                                  const std::string &domain) const override {
    const onnx::OpSchema *schema =
        onnx::OpSchemaRegistry::Instance()->GetSchema(key, maxVersion, domain);
    if (!schema || !schema->has_data_propagation_function())
      return schema;
    std::unique_ptr<onnx::OpSchema> &bounded = copies[schema];
    if (bounded)
      return bounded.get();
    bounded = std::make_unique<onnx::OpSchema>(*schema);
    bounded->PartialDataPropagationFunction(
        [schema](onnx::DataPropagationContext &context) {
          if (hasFewElements(context))
            schema->GetDataPropagationFunction()(context);
        });
    return bounded.get();
  }

private:
  static bool hasFewElements(onnx::DataPropagationContext &context) {
    constexpr int64_t limit = 1024;
    for (size_t i = 0; i < context.getNumInputs(); ++i) {
      const onnx::TypeProto *type = context.getInputType(i);
      if (!type || !type->has_tensor_type())
        continue;
      for (const auto &dim : type->tensor_type().shape().dim())
        if (dim.dim_value() > limit)
          return false;
    }
    return true;
  }

  mutable std::map<const onnx::OpSchema *, std::unique_ptr<onnx::OpSchema>>
      copies;
};

class Inference {
public:
  Inference(onnx::ModelProto &model, Problems &problems)
      : model(model), graph(*model.mutable_graph()),
        opsets(importedOpsets(model)), problems(problems),
        declared(graph.output()) {}

  void run() {
    prepare(graph);
    forgetOutputs();
    takeKnownBranches(graph);
    try {
      infer();
    } catch (const std::exception &failure) {
      report(graph, failure.what());
      return;
    }
    forgetWrongSizes(graph);
    compareOutputs();
    restoreRanks();
  }

private:
  /// Again and again until the types of loops, ranks that lists tell, and
  /// branches that sizes choose are found.
  void infer() {
    // The checks compare with types that are declared; strict: errors of nodes
    // count; values of shape computations are propagated.
    onnx::ShapeInferenceOptions options(true, 1, true);
    BoundedSchemas schemas;
    LoopTypes loops(model);
    onnx::ModelProto before;
    if (loops.hasLoops())
      before = model;
    for (unsigned round = 0;; ++round) {
      loops.apply(model);
      onnx::shape_inference::InferShapes(model, &schemas, options);
      if (!loops.hasLoops() && round < roundLimit && takeKnownBranches(graph))
        continue;
      bool learned = loops.learn(model);
      // What lists tell stays true whatever loops turn out to carry.
      bool ranked =
          !learned && round < roundLimit &&
          addRanks(graph, loops.hasLoops() ? before.mutable_graph() : nullptr);
      if (!learned && !ranked)
        return;
      if (learned && round == roundLimit)
        throw Failure("requires loops whose types are found in " +
                      std::to_string(roundLimit) + " rounds of inference");
      if (loops.hasLoops())
        model = before;
    }
  }

  void prepare(onnx::GraphProto &inner) {
    nameNodes(inner);
    forgetInferable(inner);
    for (onnx::NodeProto &node : *inner.mutable_node()) {
      sayOnesided(node);
      forSubgraphs(node, [&](onnx::GraphProto &body) {
        forgetBoundary(node, body);
        prepare(body);
      });
    }
  }

  /// An STFT that says nothing is one-sided by its schema, but the library
  /// infers the sizes of a two-sided one.
  static void sayOnesided(onnx::NodeProto &node) {
    auto isOnesided = [](const onnx::AttributeProto &attribute) {
      return attribute.name() == "onesided";
    };
    if (node.op_type() != "STFT" || !node.domain().empty() ||
        std::any_of(node.attribute().begin(), node.attribute().end(),
                    isOnesided))
      return;
    onnx::AttributeProto &attribute = *node.add_attribute();
    attribute.set_name("onesided");
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(1);
  }

  /// The library's messages tell nodes by name.
  static void nameNodes(onnx::GraphProto &graph) {
    for (onnx::NodeProto &node : *graph.mutable_node())
      if (node.name().empty())
        for (const std::string &output : node.output())
          if (node.name().empty())
            node.set_name(output);
  }

  /// Forgets what a body says of its inputs and outputs. Numbers of trips and
  /// conditions, whose shape the library leaves open, keep their one element.
  static void forgetBoundary(const onnx::NodeProto &node,
                             onnx::GraphProto &body) {
    for (Infos *infos : {body.mutable_input(), body.mutable_output()})
      for (onnx::ValueInfoProto &info : *infos)
        if (shapeOf(info))
          info.mutable_type()->mutable_tensor_type()->clear_shape();
    if (node.op_type() != "Loop" || !node.domain().empty())
      return;
    for (int i = 0; i < std::min(body.input_size(), 2); ++i)
      body.mutable_input(i)
          ->mutable_type()
          ->mutable_tensor_type()
          ->mutable_shape();
  }

  void forgetInferable(onnx::GraphProto &graph) {
    std::unordered_set<std::string> needed;
    for (const onnx::NodeProto &node : graph.node()) {
      const onnx::OpSchema *schema = schemaOf(node, opsets);
      if (!schema || (!schema->has_type_and_shape_inference_function() &&
                      !schema->HasFunction()))
        needed.insert(node.output().begin(), node.output().end());
    }
    Infos kept;
    for (onnx::ValueInfoProto &info : *graph.mutable_value_info()) {
      if (!needed.count(info.name()))
        continue;
      if (onnx::TensorShapeProto *shape = shapeOf(info))
        for (auto &dim : *shape->mutable_dim())
          dim.clear_dim_param();
      *kept.Add() = info;
    }
    opaque.insert(needed.begin(), needed.end());
    graph.mutable_value_info()->Swap(&kept);
  }

  void forgetOutputs() {
    for (onnx::ValueInfoProto &output : *graph.mutable_output()) {
      if (onnx::TensorShapeProto *shape = shapeOf(output)) {
        if (!opaque.count(output.name()))
          output.mutable_type()->mutable_tensor_type()->clear_shape();
        else
          for (auto &dim : *shape->mutable_dim())
            dim.clear_dim_param();
      }
      for (const onnx::ValueInfoProto &input : graph.input())
        if (input.name() == output.name())
          *output.mutable_type() = input.type();
    }
  }

  void compareOutputs() {
    for (int i = 0; i < declared.size(); ++i) {
      try {
        onnx::shape_inference::checkShapesAndTypes(graph.output(i).type(),
                                                   declared.Get(i).type());
      } catch (const std::exception &failure) {
        problems.push_back({"", "", "", 0,
                            "output '" + declared.Get(i).name() +
                                "' is declared otherwise: " + failure.what(),
                            false, -1});
      }
    }
  }

  /// The library takes 0 for a length that it does not know when it adds up
  /// the lengths of old and new keys.
  static void forgetWrongSizes(onnx::GraphProto &graph) {
    std::set<std::string> wrong;
    for (onnx::NodeProto &node : *graph.mutable_node()) {
      if (node.op_type() == "Attention" && node.output_size() > 3)
        wrong.insert(node.output(3));
      forSubgraphs(node,
                   [](onnx::GraphProto &body) { forgetWrongSizes(body); });
    }
    for (Infos *infos : {graph.mutable_output(), graph.mutable_value_info()})
      for (onnx::ValueInfoProto &info : *infos)
        if (onnx::TensorShapeProto *shape = shapeOf(info);
            shape && wrong.count(info.name()) && shape->dim_size() == 4 &&
            shape->dim(3).has_dim_value() && shape->dim(3).dim_value() == 0)
          shape->mutable_dim(3)->Clear();
  }

  /// Where the library finds no shape, the declared rank stands; sizes and
  /// their names are left to run time.
  void restoreRanks() {
    for (int i = 0; i < declared.size(); ++i) {
      onnx::ValueInfoProto &output = *graph.mutable_output(i);
      onnx::ValueInfoProto original = declared.Get(i);
      onnx::TensorShapeProto *rank = shapeOf(original);
      if (!rank || shapeOf(output))
        continue;
      for (auto &dim : *rank->mutable_dim())
        dim.Clear();
      *output.mutable_type()->mutable_tensor_type()->mutable_shape() = *rank;
    }
  }

  /// Splits the library's message, a line for each node.
  void report(const onnx::GraphProto &graph, const std::string &message) {
    size_t before = problems.size();
    for (size_t begin = 0; begin < message.size();) {
      size_t end = std::min(message.find('\n', begin), message.size());
      reportLine(graph, message.substr(begin, end - begin));
      begin = end + 1;
    }
    if (problems.size() == before)
      throw Failure(message);
  }

  void reportLine(const onnx::GraphProto &graph, const std::string &line) {
    static const std::string marker = ", node name: ";
    size_t name = line.find(marker);
    size_t reason = line.find("): ", name);
    if (name == std::string::npos || reason == std::string::npos)
      return;
    name += marker.size();
    for (const onnx::NodeProto &node : graph.node()) {
      if (line.compare(name, reason - name, node.name()) != 0)
        continue;
      problems.push_back(problemAt(node, opsets, line.substr(reason + 3)));
      return;
    }
  }

  static constexpr unsigned roundLimit = 64;

  onnx::ModelProto &model;
  onnx::GraphProto &graph;
  std::map<std::string, int64_t> opsets;
  Problems &problems;
  Infos declared;
  /// Values of operators whose types the library cannot infer.
  std::unordered_set<std::string> opaque;
};

} // namespace

void inferShapes(onnx::ModelProto &model, Problems &problems) {
  Inference(model, problems).run();
}

} // namespace attune::model
