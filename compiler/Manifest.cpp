// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compiler.h"
#include "compiler/Target.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/forms/FormRecord.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
namespace json = llvm::json;

namespace attune {

static std::string dtypeName(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  if (StringRef(text).starts_with("ui"))
    text.erase(1, 1);
  // f8E4M3FN and the like.
  return StringRef(text).lower();
}

static json::Object describe(Type type, DictionaryAttr attributes,
                             std::string fallback) {
  auto tensor = cast<RankedTensorType>(type);
  StringAttr name;
  ArrayAttr dims;
  if (attributes) {
    name = attributes.getAs<StringAttr>(onnx::nameAttr);
    dims = attributes.getAs<ArrayAttr>(onnx::dimsAttr);
  }
  json::Array shape;
  for (auto [dim, size] : llvm::enumerate(tensor.getShape())) {
    if (!ShapedType::isDynamic(size)) {
      shape.push_back(size);
      continue;
    }
    StringRef symbol = dims ? cast<StringAttr>(dims[dim]).getValue() : "";
    shape.push_back(symbol.empty() ? "?" : symbol.str());
  }
  return json::Object{{"name", name ? name.getValue().str() : fallback},
                      {"dtype", dtypeName(tensor.getElementType())},
                      {"shape", std::move(shape)}};
}

static json::Object dimRanges(ModuleOp module, const json::Array &inputs) {
  auto given = module->getAttrOfType<DictionaryAttr>("attune.dim_ranges");
  json::Object ranges;
  for (const json::Value &input : inputs)
    for (const json::Value &size : *input.getAsObject()->getArray("shape")) {
      std::optional<StringRef> name = size.getAsString();
      if (!name || *name == "?")
        continue;
      int64_t low = 1, high = -1;
      if (auto range = given ? given.getAs<DenseI64ArrayAttr>(*name)
                             : DenseI64ArrayAttr()) {
        low = range[0];
        high = range[1];
      }
      ranges[*name] = json::Object{{"min", low}, {"max", high}};
    }
  return ranges;
}

std::string makeManifest(ModuleOp module, const Target &target) {
  json::Array inputs, outputs, states, features;
  for (auto graph : module.getOps<func::FuncOp>()) {
    if (!graph.isPublic())
      continue;
    for (unsigned i = 0; i < graph.getNumArguments(); ++i) {
      inputs.push_back(describe(graph.getArgumentTypes()[i],
                                graph.getArgAttrDict(i),
                                "input" + std::to_string(i)));
      if (auto output = graph.getArgAttrOfType<IntegerAttr>(i, onnx::stateAttr))
        states.push_back(json::Object{
            {"input", i}, {"output", output.getInt()}, {"axis", 0}});
    }
    for (unsigned i = 0; i < graph.getNumResults(); ++i)
      outputs.push_back(describe(graph.getResultTypes()[i],
                                 graph.getResultAttrDict(i),
                                 "output" + std::to_string(i)));
  }
  for (const std::string &feature : target.features)
    features.push_back(feature);
  auto name = module->getAttrOfType<StringAttr>("attune.model");
  json::Object dims = dimRanges(module, inputs);
  for (const json::Value &state : states) {
    // Before the first run nothing is there.
    int64_t input = *state.getAsObject()->getInteger("input");
    const json::Array &shape = *inputs[input].getAsObject()->getArray("shape");
    if (std::optional<StringRef> grows = shape.front().getAsString())
      if (json::Object *range = dims.getObject(*grows))
        (*range)["min"] = 0;
  }
  json::Object manifest{
      {"attune", 1},
      {"name", name ? name.getValue() : "model"},
      {"target", json::Object{{"triple", target.triple},
                              {"features", std::move(features)}}},
      {"inputs", std::move(inputs)},
      {"outputs", std::move(outputs)},
      {"dims", std::move(dims)}};
  if (!states.empty())
    manifest["state"] = std::move(states);
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(manifest));
  return text;
}

/// A name that no output has, which may be the file's own choice.
static std::string freeName(std::string name, const json::Array &outputs) {
  while (llvm::any_of(outputs, [&](const json::Value &output) {
    return output.getAsObject()->getString("name") == StringRef(name);
  }))
    name += "'";
  return name;
}

static json::Object describe(DictionaryAttr record) {
  json::Object object;
  for (NamedAttribute field : record) {
    StringRef name = field.getName();
    if (auto text = dyn_cast<StringAttr>(field.getValue()))
      object[name] = json::fixUTF8(text.getValue());
    else if (auto integer = dyn_cast<IntegerAttr>(field.getValue()))
      object[name] = integer.getInt();
    else if (auto number = dyn_cast<FloatAttr>(field.getValue()))
      object[name] = number.getValueAsDouble();
    else if (auto list = dyn_cast<ArrayAttr>(field.getValue()))
      object[name] = json::Array(llvm::map_range(
          list.getAsRange<DictionaryAttr>(),
          [](DictionaryAttr item) { return json::Value(describe(item)); }));
  }
  return object;
}

std::string extendManifest(ModuleOp module, const std::string &manifest) {
  json::Value value = llvm::cantFail(json::parse(manifest));
  json::Array &outputs = *value.getAsObject()->getArray("outputs");
  for (auto graph : module.getOps<func::FuncOp>()) {
    if (!graph.isPublic())
      continue;
    for (unsigned i = outputs.size(); i < graph.getNumResults(); ++i) {
      json::Object output =
          describe(graph.getResultTypes()[i], graph.getResultAttrDict(i),
                   "output" + std::to_string(i));
      auto layer = graph.getResultAttrOfType<IntegerAttr>(i, layerAttr);
      output["name"] = freeName(output.getString("name")->str(), outputs);
      if (layer)
        output["layer"] = layer.getInt();
      outputs.push_back(std::move(output));
    }
  }
  if (auto record = module->getAttrOfType<DictionaryAttr>(polynomialAttr))
    (*value.getAsObject())["polynomial"] = describe(record);
  std::string text;
  llvm::raw_string_ostream(text) << value;
  return text;
}

} // namespace attune
