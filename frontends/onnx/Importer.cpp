// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Importer.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/Model.h"
#include "frontends/onnx/Types.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace attune {
namespace {

class Importer {
public:
  Importer(MLIRContext &context, StringRef path,
           const OnnxImportOptions &options)
      : context(context), builder(&context), path(path), options(options),
        fileLoc(FileLineColLoc::get(&context, path, 0, 0)) {}

  OwningOpRef<ModuleOp> import() {
    model::LoadOptions load;
    for (const auto &[name, range] : options.dims)
      if (range.min == range.max)
        load.fixedDims[name] = range.min;
    if (options.hasLowering)
      load.hasLowering = options.hasLowering;
    model::Problems problems;
    loaded = model::loadModel(path.str(), load, problems);
    for (const model::Problem &problem : problems) {
      report(problem);
      optionsAtFault |= problem.isOption;
    }
    if (!loaded)
      return {};
    OwningOpRef<ModuleOp> module = ModuleOp::create(fileLoc);
    symbols.emplace(*module);
    builder.setInsertionPointToStart(module->getBody());
    addFunction();
    annotate(*module);
    if (reported)
      return {};
    return module;
  }

  /// Whether what was reported is wrong in the options, not in the file.
  bool optionsAtFault = false;

private:
  // What is wrong.

  void report(Location loc, const Twine &reason) {
    ++reported;
    emitError(loc) << reason;
  }

  void report(const model::Problem &problem) {
    if (problem.opType.empty())
      return report(fileLoc, problem.reason);
    StringRef domain =
        problem.domain.empty() ? "ai.onnx" : StringRef(problem.domain);
    report(locOf(problem.node),
           "node '" + problem.node + "' (" + domain + "." + problem.opType +
               ", version " + Twine(problem.version) + "): " + problem.reason);
  }

  void report(const model::Node &node, const Twine &reason) {
    report({node.name, node.domain, node.opType, node.version, reason.str(),
            /*isOption=*/false});
  }

  Location locOf(StringRef name) {
    return NameLoc::get(builder.getStringAttr(name), fileLoc);
  }

  // The function.

  void addFunction() {
    const model::Graph &graph = loaded->graph;
    SmallVector<mlir::Type> arguments;
    for (const std::string &name : graph.inputs)
      arguments.push_back(boundaryType(name, "input"));
    if (reported)
      return;
    auto function = builder.create<func::FuncOp>(
        fileLoc, "main", builder.getFunctionType(arguments, {}));
    symbols->insert(function);
    Block *body = function.addEntryBlock();
    for (auto [argument, name] : llvm::zip(body->getArguments(), graph.inputs))
      define(name, argument);
    builder.setInsertionPointToStart(body);
    findUses();
    addConstants();
    for (const model::Node &node : graph.nodes)
      addNode(node);
    if (reported)
      return;
    SmallVector<Value> results;
    for (const std::string &name : graph.outputs)
      results.push_back(lookup(name));
    if (llvm::is_contained(results, Value()))
      return report(fileLoc, "an output is defined by no node");
    builder.create<func::ReturnOp>(fileLoc, results);
    function.setType(builder.getFunctionType(arguments, TypeRange(results)));
    nameBoundary(function);
  }

  mlir::Type boundaryType(const std::string &name, StringRef what) {
    std::string reason;
    RankedTensorType type =
        tensorType(&context, loaded->graph.types.at(name), reason);
    if (!type)
      report(locOf(name), what + " '" + name + "': " + reason);
    return type;
  }

  void nameBoundary(func::FuncOp function) {
    const model::Graph &graph = loaded->graph;
    auto find = [&](const std::string &name) {
      auto found = graph.types.find(name);
      return found == graph.types.end() ? model::Type() : found->second;
    };
    for (auto [i, name] : llvm::enumerate(graph.inputs)) {
      function.setArgAttr(i, onnx::nameAttr, builder.getStringAttr(name));
      function.setArgAttr(i, onnx::dimsAttr,
                          dimNamesAttr(&context, find(name)));
    }
    for (auto [i, name] : llvm::enumerate(graph.outputs)) {
      function.setResultAttr(i, onnx::nameAttr, builder.getStringAttr(name));
      function.setResultAttr(i, onnx::dimsAttr,
                             dimNamesAttr(&context, find(name)));
    }
  }

  // Constants.

  void findUses() {
    for (const model::Node &node : loaded->graph.nodes)
      for (const std::string &input : node.inputs)
        used.insert(input);
    for (const std::string &output : loaded->graph.outputs)
      used.insert(output);
  }

  void addConstants() {
    for (const model::Tensor &tensor : loaded->graph.constants)
      if (used.contains(tensor.name))
        addConstant(tensor);
  }

  void addConstant(const model::Tensor &tensor) {
    Location loc = locOf(tensor.name);
    std::string reason;
    RankedTensorType type = tensorType(&context, tensor, reason);
    if (!type) {
      report(loc, "constant '" + tensor.name + "': " + reason);
      return;
    }
    if (tensor.file.empty()) {
      define(tensor.name,
             builder.create<arith::ConstantOp>(loc, elements(type, tensor)));
      return;
    }
    OpBuilder detached(&context);
    auto weight = detached.create<kernel::WeightOp>(
        loc, tensor.name, tensor.file, static_cast<int64_t>(tensor.offset),
        static_cast<int64_t>(tensor.size), type, type,
        /*permutation=*/nullptr, /*panel=*/nullptr);
    StringAttr symbol =
        symbols->insert(weight, symbols->getOp()->getRegion(0).front().begin());
    define(tensor.name, builder.create<kernel::LoadWeightOp>(
                            loc, type, FlatSymbolRefAttr::get(symbol)));
  }

  // Nodes.

  void define(StringRef name, Value value) { values[name] = value; }
  Value lookup(StringRef name) { return values.lookup(name); }

  Value none() {
    if (!noneValue) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(builder.getInsertionBlock());
      noneValue = builder.create<onnx::NoneOp>(fileLoc, builder.getNoneType());
    }
    return noneValue;
  }

  void addNode(const model::Node &node) {
    SmallVector<Value> inputs;
    bool isValid = true;
    for (const std::string &input : node.inputs) {
      inputs.push_back(input.empty() ? none() : lookup(input));
      // The cause was reported: a constant or another node.
      isValid = isValid && inputs.back();
    }
    if (isValid && node.opType == "Identity" && node.domain.empty())
      return define(node.outputs.front(), inputs.front());
    SmallVector<mlir::Type> types;
    SmallVector<Attribute> dims;
    for (const std::string &output : node.outputs)
      isValid &= addOutput(node, output, types, dims);
    SmallVector<NamedAttribute> attributes;
    for (const model::Attribute &attribute : node.attributes)
      if (Attribute converted = convert(node, attribute))
        attributes.push_back(builder.getNamedAttr(attribute.name, converted));
    if (!isValid)
      return;
    auto op = builder.create<onnx::NodeOp>(
        locOf(node.name), types, builder.getStringAttr(node.opType),
        builder.getI64IntegerAttr(node.version), inputs,
        builder.getStringAttr(node.domain), builder.getStringAttr(node.name),
        builder.getDictionaryAttr(attributes), builder.getArrayAttr(dims));
    for (auto [output, value] : llvm::zip(node.outputs, op.getOutputs()))
      define(output, value);
  }

  bool addOutput(const model::Node &node, const std::string &output,
                 SmallVectorImpl<mlir::Type> &types,
                 SmallVectorImpl<Attribute> &dims) {
    // The library cannot infer all outputs, but those without use do not
    // matter.
    if (!used.contains(output)) {
      types.push_back(builder.getNoneType());
      dims.push_back(builder.getArrayAttr({}));
      return true;
    }
    model::Type type;
    auto found = loaded->graph.types.find(output);
    if (found != loaded->graph.types.end())
      type = found->second;
    std::string reason;
    RankedTensorType tensor = tensorType(&context, type, reason);
    if (!tensor) {
      report(node, "output '" + output + "': " + reason);
      return false;
    }
    types.push_back(tensor);
    dims.push_back(dimNamesAttr(&context, type));
    return true;
  }

  Attribute convert(const model::Node &node,
                    const model::Attribute &attribute) {
    using Kind = model::Attribute::Kind;
    switch (attribute.kind) {
    case Kind::Float:
      return builder.getF32FloatAttr(attribute.floats.front());
    case Kind::Int:
      return builder.getI64IntegerAttr(attribute.ints.front());
    case Kind::String:
      return builder.getStringAttr(attribute.strings.front());
    case Kind::Floats:
      return builder.getDenseF32ArrayAttr(attribute.floats);
    case Kind::Ints:
      return builder.getDenseI64ArrayAttr(attribute.ints);
    case Kind::Strings: {
      SmallVector<StringRef> strings(attribute.strings.begin(),
                                     attribute.strings.end());
      return builder.getStrArrayAttr(strings);
    }
    case Kind::Tensor:
      return convert(node, attribute.name, attribute.tensors.front());
    case Kind::Tensors: {
      SmallVector<Attribute> tensors;
      for (const model::Tensor &tensor : attribute.tensors)
        tensors.push_back(convert(node, attribute.name, tensor));
      return llvm::is_contained(tensors, Attribute())
                 ? Attribute()
                 : builder.getArrayAttr(tensors);
    }
    case Kind::Type: {
      std::string reason;
      RankedTensorType type = tensorType(&context, attribute.type, reason);
      if (type)
        return TypeAttr::get(type);
      report(node, "attribute '" + attribute.name + "': " + reason);
      return {};
    }
    case Kind::Graph:
    case Kind::Graphs:
      report(node, "attribute '" + attribute.name +
                       "': operators with subgraphs are not supported");
      return {};
    case Kind::Other:
      break;
    }
    report(node, "attribute '" + attribute.name +
                     "': attributes of this kind are not supported");
    return {};
  }

  Attribute convert(const model::Node &node, StringRef name,
                    const model::Tensor &tensor) {
    std::string reason;
    if (RankedTensorType type = tensorType(&context, tensor, reason))
      return elements(type, tensor);
    report(node, "attribute '" + name + "': " + reason);
    return {};
  }

  // The module.

  void annotate(ModuleOp module) {
    module->setAttr(modelAttr,
                    builder.getStringAttr(llvm::sys::path::stem(path)));
    SmallVector<NamedAttribute> opsets, ranges;
    for (const auto &[domain, version] : loaded->opsets)
      opsets.push_back(
          builder.getNamedAttr(domain.empty() ? "ai.onnx" : StringRef(domain),
                               builder.getI64IntegerAttr(version)));
    module->setAttr(opsetAttr, builder.getDictionaryAttr(opsets));
    llvm::StringSet<> seen;
    for (const std::string &input : loaded->graph.inputs)
      for (const model::Dim &dim : loaded->graph.types.at(input).dims) {
        if (dim.name.empty() || !seen.insert(dim.name).second)
          continue;
        auto found = options.dims.find(dim.name);
        DimRange range =
            found == options.dims.end() ? DimRange() : found->second;
        ranges.push_back(builder.getNamedAttr(
            dim.name, builder.getDenseI64ArrayAttr({range.min, range.max})));
      }
    module->setAttr(dimRangesAttr, builder.getDictionaryAttr(ranges));
  }

  MLIRContext &context;
  OpBuilder builder;
  StringRef path;
  const OnnxImportOptions &options;
  Location fileLoc;
  std::unique_ptr<model::Model> loaded;
  std::optional<SymbolTable> symbols;
  llvm::StringMap<Value> values;
  /// Names that nodes or the model's outputs refer to.
  llvm::StringSet<> used;
  Value noneValue;
  unsigned reported = 0;
};

} // namespace

OwningOpRef<ModuleOp> importOnnx(MLIRContext &context, StringRef path,
                                 const OnnxImportOptions &options,
                                 bool &optionsAtFault) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect,
                      kernel::KernelDialect, onnx::OnnxDialect>();
  Importer importer(context, path, options);
  OwningOpRef<ModuleOp> module = importer.import();
  optionsAtFault = importer.optionsAtFault;
  return module;
}

} // namespace attune
