// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Importer.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Loops.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/Attributes.h"
#include "frontends/onnx/Captures.h"
#include "frontends/onnx/ImportErrors.h"
#include "frontends/onnx/Model.h"
#include "frontends/onnx/Scope.h"
#include "frontends/onnx/Types.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace attune {
namespace {

class Importer {
public:
  Importer(MLIRContext &context, StringRef path,
           const OnnxImportOptions &options)
      : context(context), builder(&context), path(path), options(options),
        fileLoc(FileLineColLoc::get(&context, path, 0, 0)), errors(fileLoc) {}

  OwningOpRef<ModuleOp> import() {
    model::LoadOptions load;
    load.summary = options.summary;
    for (const auto &[name, range] : options.dims)
      if (range.min == range.max)
        load.fixedDims[name] = range.min;
    if (options.refusal)
      load.hasLowering = [&](const std::string &domain, const std::string &op) {
        return options.refusal(domain, op).empty();
      };
    model::Problems problems;
    loaded = model::loadModel(path.str(), load, problems);
    for (const model::Problem &problem : problems) {
      errors.report(problem);
      optionsAtFault |= problem.isOption;
    }
    if (!loaded)
      return {};
    OwningOpRef<ModuleOp> module = ModuleOp::create(fileLoc);
    symbols.emplace(*module);
    builder.setInsertionPointToStart(module->getBody());
    errors.refuse(loaded->graph, options);
    addFunction();
    annotateModule(*module, path, *loaded, options.dims);
    return module;
  }

  bool isPartial() const { return errors.count; }

  /// Whether what was reported is wrong in the options, not in the file.
  bool optionsAtFault = false;

private:
  // The functions.

  void addFunction() {
    const model::Graph &graph = loaded->graph;
    Scope main(graph);
    SmallVector<mlir::Type> arguments;
    for (const std::string &name : graph.inputs)
      arguments.push_back(boundaryType(main, name, "input"));
    func::FuncOp function = fill(main, "main", arguments, {}, {});
    if (main.isWhole)
      nameBoundary(function);
  }

  /// Makes the function of a graph. Its arguments are the graph's inputs, then
  /// values of the graph around it. What could not be had is missing in it, a
  /// null type of an argument included.
  func::FuncOp fill(Scope &inner, StringRef name, TypeRange arguments,
                    ArrayRef<StringRef> captures,
                    ArrayRef<Attribute> dimsOfCaptures) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&symbols->getOp()->getRegion(0).front());
    SmallVector<StringRef> names(inner.graph.inputs.begin(),
                                 inner.graph.inputs.end());
    llvm::append_range(names, captures);
    SmallVector<Attribute> dims;
    for (const std::string &input : inner.graph.inputs)
      dims.push_back(dimNamesAttr(&context, inner.graph.types.at(input)));
    llvm::append_range(dims, dimsOfCaptures);
    SmallVector<mlir::Type> types(llvm::make_filter_range(
        arguments, [](mlir::Type type) { return static_cast<bool>(type); }));
    auto function = builder.create<func::FuncOp>(
        fileLoc, name, builder.getFunctionType(types, {}));
    symbols->insert(function);
    Scope *outer = std::exchange(scope, &inner);
    Block *body = function.addEntryBlock();
    unsigned next = 0;
    for (size_t i = 0; i < names.size(); ++i) {
      inner.isWhole &= bool(arguments[i]);
      if (!arguments[i])
        continue;
      define(names[i], body->getArgument(next));
      function.setArgAttr(next++, onnx::dimsAttr, dims[i]);
    }
    builder.setInsertionPointToStart(body);
    inner.findUses();
    addConstants();
    for (const model::Node &node : inner.graph.nodes)
      addNode(node);
    SmallVector<Value> results = resultsOf(inner);
    scope = outer;
    builder.create<func::ReturnOp>(fileLoc, results);
    function.setType(builder.getFunctionType(types, TypeRange(results)));
    return function;
  }

  SmallVector<Value> resultsOf(Scope &inner) {
    SmallVector<Value> outputs = inner.outputs();
    if (llvm::is_contained(outputs, Value()) && inner.isWhole) {
      errors.report("an output is defined by no node");
      inner.isWhole = false;
    }
    return inner.isWhole ? outputs : inner.results();
  }

  mlir::Type boundaryType(const Scope &inner, const std::string &name,
                          StringRef what) {
    std::string reason;
    RankedTensorType type =
        tensorType(&context, inner.graph.types.at(name), reason);
    if (!type)
      errors.report(errors.locOf(name), what + " '" + name + "': " + reason);
    return type;
  }

  void nameBoundary(func::FuncOp function) {
    const model::Graph &graph = loaded->graph;
    auto find = [&](const std::string &name) {
      auto found = graph.types.find(name);
      return found == graph.types.end() ? model::Type() : found->second;
    };
    for (auto [i, name] : llvm::enumerate(graph.inputs))
      function.setArgAttr(i, onnx::nameAttr, builder.getStringAttr(name));
    for (auto [i, name] : llvm::enumerate(graph.outputs)) {
      function.setResultAttr(i, onnx::nameAttr, builder.getStringAttr(name));
      function.setResultAttr(i, onnx::dimsAttr,
                             dimNamesAttr(&context, find(name)));
    }
  }

  /// Makes a body's function; `names` and `values` are what it captures. Null
  /// if it is not whole.
  Attribute addBody(const model::Node &node, const model::Attribute &attribute,
                    ArrayRef<StringRef> names, ValueRange values) {
    Scope body(*attribute.graphs.front());
    for (StringRef name : capturesOf(body.graph))
      if (const model::Tensor *constant = scope->constants.lookup(name))
        body.constants[name] = constant;
    SmallVector<mlir::Type> arguments;
    for (const std::string &name : body.graph.inputs) {
      std::string reason;
      arguments.push_back(
          tensorType(&context, body.graph.types.at(name), reason));
      if (!arguments.back())
        errors.report(node, "its body's input '" + name + "': " + reason);
    }
    llvm::append_range(arguments, values.getTypes());
    SmallVector<Attribute> dims;
    for (Value value : values)
      dims.push_back(builder.getStrArrayAttr(onnx::dimNames(value)));
    func::FuncOp function = fill(body, attribute.name, arguments, names, dims);
    // What nobody calls stays, if it is public.
    if (!body.isWhole)
      return {};
    function.setPrivate();
    return FlatSymbolRefAttr::get(function.getSymNameAttr());
  }

  // Constants.

  void addConstants() {
    for (const model::Tensor &tensor : scope->graph.constants)
      scope->constants[tensor.name] = &tensor;
    // In the file's order, those of enclosing graphs first: maps have none.
    for (StringRef name : capturesOf(scope->graph))
      if (const model::Tensor *tensor = scope->constants.lookup(name))
        addConstant(*tensor, name);
    for (const model::Tensor &tensor : scope->graph.constants)
      if (scope->used.contains(tensor.name))
        addConstant(tensor, tensor.name);
  }

  void addConstant(const model::Tensor &tensor, StringRef name) {
    Location loc = errors.locOf(tensor.name);
    std::string reason;
    RankedTensorType type = tensorType(&context, tensor, reason);
    if (!type) {
      scope->isWhole = false;
      errors.report(loc, "constant '" + tensor.name + "': " + reason);
      return;
    }
    if (tensor.file.empty()) {
      define(name,
             builder.create<arith::ConstantOp>(loc, elements(type, tensor)));
      return;
    }
    define(name,
           builder.create<kernel::LoadWeightOp>(
               loc, type, FlatSymbolRefAttr::get(weightOf(tensor, type, loc))));
  }

  /// The symbol of a weight, which all graphs share.
  StringAttr weightOf(const model::Tensor &tensor, RankedTensorType type,
                      Location loc) {
    StringAttr &symbol = weights[&tensor];
    if (symbol)
      return symbol;
    OpBuilder detached(&context);
    auto weight = detached.create<kernel::WeightOp>(
        loc, tensor.name, tensor.file, static_cast<int64_t>(tensor.offset),
        static_cast<int64_t>(tensor.size), type, type,
        /*permutation=*/nullptr, /*panel=*/nullptr);
    return symbol = symbols->insert(
               weight, symbols->getOp()->getRegion(0).front().begin());
  }

  // Nodes.

  void define(StringRef name, Value value) { scope->values[name] = value; }
  Value lookup(StringRef name) { return scope->values.lookup(name); }

  Value none() {
    if (!scope->none) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToStart(builder.getInsertionBlock());
      scope->none =
          builder.create<onnx::NoneOp>(fileLoc, builder.getNoneType());
    }
    return scope->none;
  }

  void addNode(const model::Node &node) {
    SmallVector<Value> inputs;
    scope->isWhole &= !errors.isRefused(node);
    if (errors.isRefused(node))
      return;
    bool isValid = true;
    for (const std::string &input : node.inputs) {
      inputs.push_back(input.empty() ? none() : lookup(input));
      // The cause was reported: a constant or another node.
      isValid = isValid && inputs.back();
    }
    if (isValid && node.opType == "Identity" && node.domain.empty()) {
      if (auto *constant = scope->constants.lookup(node.inputs.front()))
        scope->constants[node.outputs.front()] = constant;
      return define(node.outputs.front(), inputs.front());
    }
    SmallVector<mlir::Type> types;
    SmallVector<Attribute> dims;
    // What follows from something else is not told.
    if (isValid)
      for (const std::string &output : node.outputs)
        isValid &= addOutput(node, output, types, dims);
    SmallVector<StringRef> captures = addCaptures(node, inputs);
    SmallVector<NamedAttribute> attributes;
    for (const model::Attribute &attribute : node.attributes) {
      Attribute converted =
          convert(node, attribute, captures,
                  ValueRange(inputs).drop_front(node.inputs.size()));
      isValid = isValid && converted;
      if (converted)
        attributes.push_back(builder.getNamedAttr(attribute.name, converted));
    }
    scope->isWhole &= isValid;
    if (!isValid)
      return;
    auto op = builder.create<onnx::NodeOp>(
        errors.locOf(node.name, node.place), types,
        builder.getStringAttr(node.opType),
        builder.getI64IntegerAttr(node.version), inputs,
        builder.getStringAttr(node.domain), builder.getStringAttr(node.name),
        builder.getDictionaryAttr(attributes), builder.getArrayAttr(dims));
    if (!captures.empty())
      op->setAttr(onnx::capturesAttr,
                  builder.getI64IntegerAttr(captures.size()));
    for (auto [output, value] : llvm::zip(node.outputs, op.getOutputs()))
      define(output, value);
  }

  /// Adds to `inputs` what the node's bodies capture, and returns the names.
  SmallVector<StringRef> addCaptures(const model::Node &node,
                                     SmallVectorImpl<Value> &inputs) {
    llvm::SetVector<StringRef> names;
    for (const model::Attribute &attribute : node.attributes)
      for (const std::shared_ptr<model::Graph> &graph : attribute.graphs)
        for (StringRef name : capturesOf(*graph))
          if (!scope->constants.contains(name))
            names.insert(name);
    SmallVector<StringRef> captures;
    for (StringRef name : names) {
      Value value = lookup(name);
      scope->isWhole &= bool(value);
      if (!value && !isPartial())
        errors.report(node,
                      "its body uses '" + name + "', which is not defined");
      if (!value)
        continue;
      captures.push_back(name);
      inputs.push_back(value);
    }
    return captures;
  }

  bool addOutput(const model::Node &node, const std::string &output,
                 SmallVectorImpl<mlir::Type> &types,
                 SmallVectorImpl<Attribute> &dims) {
    // The library cannot infer all outputs, but those without use do not
    // matter.
    if (!scope->used.contains(output)) {
      types.push_back(builder.getNoneType());
      dims.push_back(builder.getArrayAttr({}));
      return true;
    }
    model::Type type;
    auto found = scope->graph.types.find(output);
    if (found != scope->graph.types.end())
      type = found->second;
    std::string reason;
    RankedTensorType tensor = tensorType(&context, type, reason);
    if (!tensor) {
      errors.report(node, "output '" + output + "': " + reason);
      return false;
    }
    types.push_back(tensor);
    dims.push_back(dimNamesAttr(&context, type));
    return true;
  }

  Attribute convert(const model::Node &node, const model::Attribute &attribute,
                    ArrayRef<StringRef> captures, ValueRange values) {
    if (attribute.kind == model::Attribute::Kind::Graph)
      return addBody(node, attribute, captures, values);
    std::string reason;
    Attribute converted = convertAttribute(builder, attribute, reason);
    if (!converted)
      errors.report(node, "attribute '" + attribute.name + "': " + reason);
    return converted;
  }

  MLIRContext &context;
  OpBuilder builder;
  StringRef path;
  const OnnxImportOptions &options;
  Location fileLoc;
  std::unique_ptr<model::Model> loaded;
  std::optional<SymbolTable> symbols;
  llvm::DenseMap<const model::Tensor *, StringAttr> weights;
  /// The graph whose nodes are being added.
  Scope *scope = nullptr;
  ImportErrors errors;
};

} // namespace

OnnxImport importOnnx(MLIRContext &context, StringRef path,
                      const OnnxImportOptions &options) {
  context.loadDialect<arith::ArithDialect, func::FuncDialect,
                      kernel::KernelDialect, onnx::OnnxDialect>();
  Importer importer(context, path, options);
  OnnxImport result;
  result.module = importer.import();
  result.isPartial = importer.isPartial();
  result.optionsAtFault = importer.optionsAtFault;
  return result;
}

} // namespace attune
