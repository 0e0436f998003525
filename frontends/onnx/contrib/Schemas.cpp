// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Schemas.h"

#include <mutex>
#include <sstream>

namespace attune::model {

using onnx::InferenceContext;
using onnx::OpSchema;
using onnx::TensorShapeProto;

/// Splits "a T, b M?" into pairs of a name and a type.
static std::vector<std::pair<std::string, std::string>>
parseList(const char *text) {
  std::vector<std::pair<std::string, std::string>> items;
  std::istringstream stream(text);
  std::string name, type;
  while (stream >> name >> type) {
    if (type.back() == ',')
      type.pop_back();
    items.emplace_back(name, type);
  }
  return items;
}

/// Takes `mark` off the end of `type`, if it is there.
static bool takeMark(std::string &type, char mark) {
  if (type.back() != mark)
    return false;
  type.pop_back();
  return true;
}

static void addAttributes(OpSchema &schema, const char *text) {
  using Proto = onnx::AttributeProto;
  for (auto [name, type] : parseList(text)) {
    bool required = takeMark(type, '!');
    Proto::AttributeType kind = type == "int"     ? Proto::INT
                                : type == "float" ? Proto::FLOAT
                                : type == "ints"  ? Proto::INTS
                                                  : Proto::STRING;
    schema.Attr(name, "", kind, required);
  }
}

void declare(const ContribSchema &declared) {
  OpSchema schema(declared.name, __FILE__, __LINE__);
  schema.SetDomain(declared.domain).SinceVersion(1);
  std::set<std::string> types;
  auto optionOf = [&](std::string &type) {
    bool isOptional = takeMark(type, '?');
    types.insert(type);
    return isOptional ? OpSchema::Optional : OpSchema::Single;
  };
  int index = 0;
  for (auto [name, type] : parseList(declared.inputs)) {
    auto option = optionOf(type);
    schema.Input(index++, name, "", type, option);
  }
  index = 0;
  for (auto [name, type] : parseList(declared.outputs)) {
    auto option = optionOf(type);
    schema.Output(index++, name, "", type, option);
  }
  addAttributes(schema, declared.attributes);
  static const std::map<std::string, std::vector<std::string>> allowed = {
      {"T",
       {"tensor(float)", "tensor(float16)", "tensor(double)",
        "tensor(bfloat16)"}},
      {"V",
       {"tensor(float)", "tensor(float16)", "tensor(double)",
        "tensor(bfloat16)"}},
      {"U", {"tensor(float)", "tensor(double)"}},
      {"M", {"tensor(int32)"}},
      {"L", {"tensor(int64)"}},
      {"B", {"tensor(uint8)"}},
      {"A",
       {"tensor(float)", "tensor(float16)", "tensor(bfloat16)", "tensor(uint8)",
        "tensor(int8)", "tensor(float8e4m3fn)"}}};
  for (const std::string &type : types)
    schema.TypeConstraint(type, allowed.at(type), "");
  schema.TypeAndShapeInferenceFunction(declared.infer);
  onnx::RegisterSchema(std::move(schema), 0, /*fail_duplicate_schema=*/true,
                       /*fail_with_exception=*/true);
}

void registerContribSchemas() {
  static std::once_flag once;
  std::call_once(once, [] {
    onnx::OpSchemaRegistry::DomainToVersionRange::Instance().AddDomainToVersion(
        "com.microsoft", 1, 1);
    declareAttention();
    declareElementwise();
    declareEmbedding();
    declareNormalization();
    declareProducts();
  });
}

const TensorShapeProto *shapeOf(InferenceContext &context, size_t index,
                                int rank, int otherRank) {
  if (!onnx::hasInputShape(context, index))
    return nullptr;
  const TensorShapeProto &shape = onnx::getInputShape(context, index);
  if (shape.dim_size() != rank && shape.dim_size() != otherRank)
    fail_shape_inference("requires rank ", rank, " of input ", index,
                         ", but got ", shape.dim_size());
  return &shape;
}

void setElement(InferenceContext &context, size_t index, size_t typeOf) {
  if (index < context.getNumOutputs())
    onnx::propagateElemTypeFromInputToOutput(context, typeOf, index);
}

void setOutput(InferenceContext &context, size_t index, size_t typeOf,
               const TensorShapeProto &shape) {
  if (index >= context.getNumOutputs())
    return;
  setElement(context, index, typeOf);
  onnx::updateOutputShape(context, index, shape);
}

TensorShapeProto shapeOf(std::initializer_list<Size> dims) {
  TensorShapeProto shape;
  for (const Size &dim : dims)
    *shape.add_dim() = dim;
  return shape;
}

Size dimOf(int64_t size) {
  Size dim;
  if (size >= 0)
    dim.set_dim_value(size);
  return dim;
}

} // namespace attune::model
