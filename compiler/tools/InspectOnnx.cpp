// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/InspectOnnx.h"
#include "compiler/Diagnostics.h"
#include "compiler/Survey.h"
#include "frontends/onnx/Types.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace mlir;

namespace attune {

/// Of the schema; a new field does not change it.
static constexpr int64_t schemaVersion = 1;

static std::string shown(const std::string &domain) {
  return domain.empty() ? "ai.onnx" : domain;
}

/// The element type, or why there is none.
static std::string elementText(MLIRContext &context, const model::Type &type) {
  if (type.kind != model::Type::Kind::Tensor)
    return "no tensor";
  Type element = elementType(&context, type.element);
  if (!element)
    return "an unsupported type";
  std::string text;
  llvm::raw_string_ostream(text) << element;
  return StringRef(text).starts_with("ui") ? text.substr(1) : text;
}

static std::string sizeText(const model::Dim &dim) {
  if (dim.size >= 0)
    return std::to_string(dim.size);
  return dim.name.empty() ? "?" : dim.name;
}

using Values = std::vector<std::pair<std::string, model::Type>>;

static void printValues(const char *title, const Values &values) {
  MLIRContext context;
  llvm::outs() << title << "\n";
  for (const auto &[name, type] : values) {
    llvm::outs() << "  " << printable(name) << ": "
                 << elementText(context, type);
    if (type.kind == model::Type::Kind::Tensor && !type.ranked)
      llvm::outs() << " of unknown rank";
    else if (type.kind == model::Type::Kind::Tensor)
      llvm::outs() << " ["
                   << printable(llvm::join(llvm::map_range(type.dims, sizeText),
                                           ", "))
                   << "]";
    llvm::outs() << "\n";
  }
}

static void printOperators(const Survey &survey) {
  int64_t nodes = 0;
  for (const OperatorUse &row : survey.operators)
    nodes += row.count;
  llvm::outs() << "operators, " << nodes << " nodes\n";
  for (const OperatorUse &row : survey.operators) {
    std::string support = nameOf(row.support);
    auto refused = static_cast<int64_t>(row.refused.size());
    if (refused && refused < row.count)
      support += ", " + std::to_string(refused) + " of them";
    llvm::outs() << llvm::formatv(
        "  {0,6}  {1,-40} {2,4}  {3}\n", row.count,
        printable(shown(row.domain) + "." + row.opType), row.version, support);
  }
}

static void printRefused(const Survey &survey) {
  if (survey.isSupported) {
    llvm::outs() << "all of it is supported\n";
    return;
  }
  llvm::outs() << "refused\n";
  for (const std::string &problem : survey.problems)
    llvm::outs() << "  " << problem << "\n";
  for (const OperatorUse &row : survey.operators)
    for (const RefusedNode &node : row.refused) {
      std::string within =
          node.function.empty() ? "" : " in function " + node.function;
      llvm::outs() << "  "
                   << printable("node '" + node.name + "' (" +
                                shown(row.domain) + "." + row.opType + ")" +
                                within + ": " + node.reason)
                   << "\n";
    }
}

static void printText(const Survey &survey) {
  const model::Summary &file = survey.summary;
  llvm::outs() << "IR version " << file.irVersion << "\n";
  if (!file.producer.empty())
    llvm::outs() << "producer   "
                 << printable(file.producer + " " + file.producerVersion)
                 << "\n";
  llvm::outs() << "opsets\n";
  for (const auto &[domain, version] : file.opsets)
    llvm::outs() << "  " << printable(shown(domain)) << " " << version << "\n";
  printValues("inputs", file.inputs);
  printValues("outputs", file.outputs);
  llvm::outs() << "weights    " << file.weights.tensors << " tensors, "
               << file.weights.elements << " parameters, " << file.weights.bytes
               << " bytes\n";
  printOperators(survey);
  printRefused(survey);
}

static std::string utf8(const std::string &text) {
  return llvm::json::fixUTF8(text);
}

static llvm::json::Array valuesAsJson(const Values &values) {
  MLIRContext context;
  llvm::json::Array all;
  for (const auto &[name, type] : values) {
    llvm::json::Object value{{"name", utf8(name)},
                             {"dtype", elementText(context, type)},
                             {"shape", nullptr}};
    if (type.ranked) {
      llvm::json::Array shape;
      for (const model::Dim &dim : type.dims)
        if (dim.size >= 0)
          shape.push_back(dim.size);
        else
          shape.push_back(utf8(dim.name));
      value["shape"] = std::move(shape);
    }
    all.push_back(std::move(value));
  }
  return all;
}

static llvm::json::Array operatorsAsJson(const Survey &survey) {
  llvm::json::Array all;
  for (const OperatorUse &row : survey.operators) {
    llvm::json::Array refused;
    for (const RefusedNode &node : row.refused)
      refused.push_back(llvm::json::Object{{"node", utf8(node.name)},
                                           {"function", utf8(node.function)},
                                           {"reason", utf8(node.reason)}});
    all.push_back(llvm::json::Object{{"domain", utf8(shown(row.domain))},
                                     {"operator", utf8(row.opType)},
                                     {"version", row.version},
                                     {"count", row.count},
                                     {"support", nameOf(row.support)},
                                     {"refused", std::move(refused)}});
  }
  return all;
}

static void printJson(const Survey &survey) {
  const model::Summary &file = survey.summary;
  llvm::json::Object opsets;
  for (const auto &[domain, version] : file.opsets)
    opsets[utf8(shown(domain))] = version;
  llvm::json::Object report{
      {"inspect", schemaVersion},
      {"supported", survey.isSupported},
      {"ir_version", file.irVersion},
      {"producer", utf8(file.producer)},
      {"producer_version", utf8(file.producerVersion)},
      {"opsets", std::move(opsets)},
      {"inputs", valuesAsJson(file.inputs)},
      {"outputs", valuesAsJson(file.outputs)},
      {"weights", llvm::json::Object{{"tensors", file.weights.tensors},
                                     {"parameters", file.weights.elements},
                                     {"bytes", file.weights.bytes}}},
      {"operators", operatorsAsJson(survey)},
      {"problems", llvm::json::Array(survey.problems)}};
  llvm::outs() << llvm::formatv("{0:2}\n",
                                llvm::json::Value(std::move(report)));
}

int inspectOnnx(const std::string &path, bool json) {
  Survey survey;
  if (!surveyOnnx(path, survey)) {
    for (const std::string &message : survey.problems)
      llvm::errs() << message << "\n";
    return 1;
  }
  if (json)
    printJson(survey);
  else
    printText(survey);
  return survey.isSupported ? 0 : 1;
}

} // namespace attune
