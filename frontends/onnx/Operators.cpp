// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Operators.h"
#include "frontends/onnx/Check.h"
#include "frontends/onnx/contrib/Schemas.h"

#include <algorithm>

namespace attune::model {

using Schemas = std::map<int64_t, onnx::OpSchema>;

/// `tensor(float)` -> Float; Undefined for what is no tensor.
static ElementType elementOf(const std::string &type) {
  static const std::string before = "tensor(";
  if (type.compare(0, before.size(), before) != 0 || type.back() != ')')
    return ElementType::Undefined;
  std::string name =
      type.substr(before.size(), type.size() - before.size() - 1);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::toupper(c); });
  onnx::TensorProto::DataType element;
  if (!onnx::TensorProto::DataType_Parse(name, &element))
    return ElementType::Undefined;
  return static_cast<ElementType>(element);
}

static std::vector<ElementType> elementsOf(const onnx::OpSchema &schema) {
  const auto &values =
      schema.inputs().empty() ? schema.outputs() : schema.inputs();
  std::vector<ElementType> elements;
  if (values.empty())
    return elements;
  for (const auto &type : values.front().GetTypes())
    if (ElementType element = elementOf(*type);
        element != ElementType::Undefined)
      elements.push_back(element);
  std::sort(elements.begin(), elements.end());
  return elements;
}

static KnownOperator describe(const Schemas &schemas) {
  const onnx::OpSchema &last = schemas.rbegin()->second;
  KnownOperator known;
  known.domain = normalDomain(last.domain());
  known.opType = last.Name();
  for (auto it = schemas.begin(); it != schemas.end(); ++it) {
    auto next = std::next(it);
    bool isOver = known.domain.empty() && next != schemas.end() &&
                  next->first <= oldestOpset;
    if (it->second.Deprecated())
      known.deprecatedSince = it->first;
    else if (!isOver)
      known.versions.push_back(it->first);
    known.hasBody = known.hasBody || it->second.HasFunction() ||
                    it->second.HasContextDependentFunction();
  }
  const onnx::OpSchema &used =
      known.versions.empty() ? last : schemas.at(known.versions.back());
  known.elements = elementsOf(used);
  return known;
}

std::vector<KnownOperator> knownOperators() {
  registerContribSchemas();
  std::map<std::pair<std::string, std::string>, Schemas> all;
  for (const onnx::OpSchema &schema :
       onnx::OpSchemaRegistry::get_all_schemas_with_history())
    all[{normalDomain(schema.domain()), schema.Name()}].emplace(
        schema.SinceVersion(), schema);
  std::vector<KnownOperator> operators;
  for (const auto &entry : all) {
    operators.push_back(describe(entry.second));
    if (operators.back().versions.empty())
      operators.pop_back();
  }
  return operators;
}

} // namespace attune::model
