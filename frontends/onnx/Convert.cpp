// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Convert.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/Failure.h"
#include "frontends/onnx/Tensors.h"

#include <unordered_set>

namespace attune::model {

Type convertType(const onnx::TypeProto &proto) {
  Type type;
  if (proto.value_case() == onnx::TypeProto::VALUE_NOT_SET)
    return type;
  type.kind = Type::Kind::Other;
  if (!proto.has_tensor_type())
    return type;
  type.kind = Type::Kind::Tensor;
  type.element = static_cast<ElementType>(proto.tensor_type().elem_type());
  type.ranked = proto.tensor_type().has_shape();
  std::vector<int64_t> sizes;
  for (const auto &dim : proto.tensor_type().shape().dim()) {
    Dim converted;
    if (dim.has_dim_value())
      converted.size = dim.dim_value();
    else
      converted.name = dim.dim_param();
    sizes.push_back(dim.has_dim_value() ? dim.dim_value() : 1);
    type.dims.push_back(converted);
  }
  countElements(sizes, type.element);
  return type;
}

static Tensor readOrExplain(const onnx::TensorProto &proto) {
  try {
    return readTensor(proto);
  } catch (const std::exception &failure) {
    Tensor tensor;
    tensor.problem = failure.what();
    return tensor;
  }
}

namespace {

class Converter {
public:
  Converter(const onnx::GraphProto &proto,
            const std::map<std::string, int64_t> &opsets)
      : proto(proto), opsets(opsets) {}

  Graph convert(std::vector<Tensor> constants) {
    graph.constants = std::move(constants);
    std::unordered_set<std::string> constant;
    for (const Tensor &tensor : graph.constants)
      constant.insert(tensor.name);
    for (const onnx::TensorProto &initializer : proto.initializer())
      if (constant.insert(initializer.name()).second) {
        graph.constants.push_back(readOrExplain(initializer));
        graph.constants.back().name = initializer.name();
      }
    for (const onnx::ValueInfoProto &input : proto.input())
      if (!constant.count(input.name()))
        graph.inputs.push_back(input.name());
    for (const onnx::ValueInfoProto &output : proto.output())
      graph.outputs.push_back(output.name());
    addTypes(proto.input(), "input");
    addTypes(proto.value_info(), "value");
    addTypes(proto.output(), "output");
    for (const onnx::NodeProto &node : proto.node())
      if (node.op_type() == "Constant" && normalDomain(node.domain()).empty())
        addConstant(node);
      else
        graph.nodes.push_back(convertNode(node));
    return std::move(graph);
  }

private:
  template <typename Infos>
  void addTypes(const Infos &infos, const char *what) {
    for (const onnx::ValueInfoProto &info : infos) {
      try {
        Type &type = graph.types[info.name()];
        if (!type.ranked)
          type = convertType(info.type());
      } catch (const Failure &failure) {
        throw Failure(std::string(what) + " '" + info.name() + "' " +
                      failure.what());
      }
    }
  }

  void addConstant(const onnx::NodeProto &node) {
    Tensor tensor;
    tensor.problem = "constants of this kind are not supported";
    for (const onnx::AttributeProto &attribute : node.attribute()) {
      onnx::TensorProto value;
      const std::string &name = attribute.name();
      if (name == "value") {
        tensor = readOrExplain(attribute.t());
        break;
      }
      bool isList = name == "value_ints" || name == "value_floats";
      if (name == "value_int" || name == "value_ints")
        value.set_data_type(onnx::TensorProto::INT64);
      else if (name == "value_float" || name == "value_floats")
        value.set_data_type(onnx::TensorProto::FLOAT);
      else
        break;
      *value.mutable_int64_data() = attribute.ints();
      *value.mutable_float_data() = attribute.floats();
      if (name == "value_int")
        value.add_int64_data(attribute.i());
      if (name == "value_float")
        value.add_float_data(attribute.f());
      if (isList)
        value.add_dims(attribute.ints_size() + attribute.floats_size());
      tensor = readOrExplain(value);
      break;
    }
    for (const std::string &output : node.output())
      tensor.name = output;
    graph.constants.push_back(std::move(tensor));
  }

  Node convertNode(const onnx::NodeProto &node) {
    Problem place = problemAt(node, opsets, "");
    Node converted;
    converted.name = place.node;
    converted.domain = place.domain;
    converted.opType = place.opType;
    converted.version = place.version;
    converted.place = place.place;
    converted.inputs.assign(node.input().begin(), node.input().end());
    converted.outputs.assign(node.output().begin(), node.output().end());
    for (const onnx::AttributeProto &attribute : node.attribute())
      converted.attributes.push_back(convertAttribute(attribute));
    return converted;
  }

  std::shared_ptr<Graph> subgraph(const onnx::GraphProto &graph) {
    return std::make_shared<Graph>(convertGraph(graph, opsets, {}));
  }

  Attribute convertAttribute(const onnx::AttributeProto &proto) {
    Attribute attribute;
    attribute.name = proto.name();
    convertValue(proto, attribute);
    return attribute;
  }

  void convertValue(const onnx::AttributeProto &proto, Attribute &attribute) {
    using Kind = Attribute::Kind;
    switch (proto.type()) {
    case onnx::AttributeProto::FLOAT:
      attribute.kind = Kind::Float;
      attribute.floats = {proto.f()};
      return;
    case onnx::AttributeProto::INT:
      attribute.kind = Kind::Int;
      attribute.ints = {proto.i()};
      return;
    case onnx::AttributeProto::STRING:
      attribute.kind = Kind::String;
      attribute.strings = {proto.s()};
      return;
    case onnx::AttributeProto::TENSOR:
      attribute.kind = Kind::Tensor;
      attribute.tensors = {readOrExplain(proto.t())};
      return;
    case onnx::AttributeProto::GRAPH:
      attribute.kind = Kind::Graph;
      attribute.graphs = {subgraph(proto.g())};
      return;
    case onnx::AttributeProto::TYPE_PROTO:
      attribute.kind = Kind::Type;
      attribute.type = convertType(proto.tp());
      return;
    case onnx::AttributeProto::FLOATS:
      attribute.kind = Kind::Floats;
      attribute.floats.assign(proto.floats().begin(), proto.floats().end());
      return;
    case onnx::AttributeProto::INTS:
      attribute.kind = Kind::Ints;
      attribute.ints.assign(proto.ints().begin(), proto.ints().end());
      return;
    case onnx::AttributeProto::STRINGS:
      attribute.kind = Kind::Strings;
      attribute.strings.assign(proto.strings().begin(), proto.strings().end());
      return;
    case onnx::AttributeProto::TENSORS:
      attribute.kind = Kind::Tensors;
      for (const onnx::TensorProto &tensor : proto.tensors())
        attribute.tensors.push_back(readOrExplain(tensor));
      return;
    case onnx::AttributeProto::GRAPHS:
      attribute.kind = Kind::Graphs;
      for (const onnx::GraphProto &graph : proto.graphs())
        attribute.graphs.push_back(subgraph(graph));
      return;
    default:
      attribute.kind = Kind::Other;
    }
  }

  const onnx::GraphProto &proto;
  const std::map<std::string, int64_t> &opsets;
  Graph graph;
};

} // namespace

Graph convertGraph(const onnx::GraphProto &proto,
                   const std::map<std::string, int64_t> &opsets,
                   std::vector<Tensor> constants) {
  return Converter(proto, opsets).convert(std::move(constants));
}

} // namespace attune::model
