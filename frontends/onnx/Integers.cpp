// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Integers.h"

#include <algorithm>
#include <cstring>

namespace attune::model {

using List = Integers::List;

/// Longer lists are no conditions, nor sizes that conditions compare.
static constexpr int64_t longest = 64;

template <typename Element>
static std::optional<List> fromBytes(const std::string &bytes, int64_t count) {
  if (bytes.size() != sizeof(Element) * static_cast<size_t>(count))
    return std::nullopt;
  List list;
  for (int64_t i = 0; i < count; ++i) {
    Element element;
    std::memcpy(&element, bytes.data() + i * sizeof(Element), sizeof(Element));
    list.push_back(static_cast<int64_t>(element));
  }
  return list;
}

static std::optional<List> listOf(const onnx::TensorProto &tensor) {
  if (tensor.dims_size() > 1 ||
      tensor.data_location() == onnx::TensorProto::EXTERNAL)
    return std::nullopt;
  int64_t count = tensor.dims_size() == 0 ? 1 : tensor.dims(0);
  if (count < 0 || count > longest)
    return std::nullopt;
  auto type = tensor.data_type();
  if (tensor.has_raw_data()) {
    if (type == onnx::TensorProto::INT64)
      return fromBytes<int64_t>(tensor.raw_data(), count);
    if (type == onnx::TensorProto::INT32)
      return fromBytes<int32_t>(tensor.raw_data(), count);
    if (type == onnx::TensorProto::BOOL)
      return fromBytes<int8_t>(tensor.raw_data(), count);
    return std::nullopt;
  }
  List list;
  if (type == onnx::TensorProto::INT64)
    list.assign(tensor.int64_data().begin(), tensor.int64_data().end());
  else if (type == onnx::TensorProto::INT32 || type == onnx::TensorProto::BOOL)
    list.assign(tensor.int32_data().begin(), tensor.int32_data().end());
  if (static_cast<int64_t>(list.size()) != count)
    return std::nullopt;
  return list;
}

static const onnx::AttributeProto *attributeOf(const onnx::NodeProto &node,
                                               const char *name) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

Integers::Integers(const onnx::GraphProto &graph) {
  for (const auto *infos :
       {&graph.input(), &graph.value_info(), &graph.output()})
    for (const onnx::ValueInfoProto &info : *infos)
      addShape(info.name(), info.type());
  for (const onnx::TensorProto &tensor : graph.initializer()) {
    shapes[tensor.name()] = List(tensor.dims().begin(), tensor.dims().end());
    if (std::optional<List> list = listOf(tensor))
      lists[tensor.name()] = *list;
  }
}

void Integers::addShape(const std::string &name, const onnx::TypeProto &type) {
  if (!type.has_tensor_type() || !type.tensor_type().has_shape())
    return;
  List sizes;
  for (const auto &dim : type.tensor_type().shape().dim())
    sizes.push_back(dim.has_dim_value() ? std::optional(dim.dim_value())
                                        : std::nullopt);
  shapes[name] = sizes;
}

std::optional<List> Integers::find(const std::string &value) const {
  auto found = lists.find(value);
  return found == lists.end() ? std::nullopt : std::optional(found->second);
}

void Integers::visit(const onnx::NodeProto &node) {
  if (!node.domain().empty() || node.output_size() != 1)
    return;
  std::optional<List> list = evaluate(node);
  if (list && static_cast<int64_t>(list->size()) <= longest)
    lists[node.output(0)] = *list;
}

/// What Shape or Size gives.
std::optional<List> Integers::shapeOf(const onnx::NodeProto &node) const {
  auto found = shapes.find(node.input(0));
  if (found == shapes.end())
    return std::nullopt;
  List sizes = found->second;
  auto rank = static_cast<int64_t>(sizes.size());
  auto bound = [&](const char *name, int64_t otherwise) {
    const onnx::AttributeProto *given = attributeOf(node, name);
    int64_t at = given ? given->i() : otherwise;
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  int64_t begin = bound("start", 0), end = bound("end", rank);
  sizes =
      begin < end ? List(sizes.begin() + begin, sizes.begin() + end) : List();
  if (node.op_type() == "Shape")
    return sizes;
  std::optional<int64_t> count = 1;
  for (std::optional<int64_t> size : sizes)
    if (!count || !size || __builtin_mul_overflow(*count, *size, &*count))
      count = std::nullopt;
  return List{count};
}

std::optional<List> Integers::picked(const onnx::NodeProto &node) const {
  std::optional<List> data = find(node.input(0)), at = find(node.input(1));
  if (!data || !at)
    return std::nullopt;
  List result;
  auto count = static_cast<int64_t>(data->size());
  for (std::optional<int64_t> index : *at) {
    if (!index || *index < -count || *index >= count)
      return std::nullopt;
    result.push_back((*data)[*index < 0 ? *index + count : *index]);
  }
  return result;
}

using Binary = bool (*)(int64_t, int64_t);
static const std::unordered_map<std::string, Binary> &binaries() {
  static const std::unordered_map<std::string, Binary> table = {
      {"Equal", [](int64_t x, int64_t y) { return x == y; }},
      {"Less", [](int64_t x, int64_t y) { return x < y; }},
      {"LessOrEqual", [](int64_t x, int64_t y) { return x <= y; }},
      {"Greater", [](int64_t x, int64_t y) { return x > y; }},
      {"GreaterOrEqual", [](int64_t x, int64_t y) { return x >= y; }},
      {"And", [](int64_t x, int64_t y) { return x != 0 && y != 0; }},
      {"Or", [](int64_t x, int64_t y) { return x != 0 || y != 0; }},
  };
  return table;
}

std::optional<List> Integers::evaluate(const onnx::NodeProto &node) const {
  const std::string &op = node.op_type();
  if (op == "Constant") {
    if (const onnx::AttributeProto *value = attributeOf(node, "value"))
      return listOf(value->t());
    if (const onnx::AttributeProto *value = attributeOf(node, "value_int"))
      return List{value->i()};
    if (const onnx::AttributeProto *value = attributeOf(node, "value_ints"))
      return List(value->ints().begin(), value->ints().end());
    return std::nullopt;
  }
  if (node.input_size() == 0)
    return std::nullopt;
  if (op == "Shape" || op == "Size")
    return shapeOf(node);
  if (op == "Gather")
    return node.input_size() == 2 ? picked(node) : std::nullopt;
  std::optional<List> left = find(node.input(0));
  if (!left)
    return std::nullopt;
  // Of more elements than one it would be no list any more.
  if (op == "Unsqueeze" && left->size() != 1)
    return std::nullopt;
  if (op == "Identity" || op == "Squeeze" || op == "Unsqueeze")
    return left;
  if (op == "Not" || op == "Cast") {
    const onnx::AttributeProto *to = attributeOf(node, "to");
    if (op == "Cast" && (!to || to->i() != onnx::TensorProto::BOOL))
      return to && to->i() == onnx::TensorProto::INT64 ? left : std::nullopt;
    for (std::optional<int64_t> &element : *left)
      if (element)
        element = (*element != 0) == (op == "Cast");
    return left;
  }
  auto known = binaries().find(op);
  std::optional<List> right =
      node.input_size() == 2 ? find(node.input(1)) : std::nullopt;
  if (known == binaries().end() || !right || left->size() != right->size())
    return std::nullopt;
  for (size_t i = 0; i < left->size(); ++i) {
    std::optional<int64_t> &x = (*left)[i], y = (*right)[i];
    x = x && y ? std::optional<int64_t>(known->second(*x, *y)) : std::nullopt;
  }
  return left;
}

} // namespace attune::model
