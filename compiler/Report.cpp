// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Report.h"
#include "compiler/Output.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/IntegerSet.h"
#include "mlir/IR/Matchers.h"
#include "passes/forms/FormRecord.h"
#include "passes/forms/Growth.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
namespace json = llvm::json;

namespace attune {

static std::string textOf(llvm::function_ref<void(llvm::raw_ostream &)> print) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  print(stream);
  return json::fixUTF8(text);
}

/// The name of a node, or its place in the file.
static std::string nodeOf(Location location) {
  return json::fixUTF8(nodeNameOf(location));
}

/// Logical sizes: batch, heads, length, width; null where not known.
static json::Array shapeOf(Value value, ArrayRef<int64_t> layout) {
  json::Array shape;
  for (int64_t dim = 0; dim < 4; ++dim) {
    int64_t size = attn::AttentionOp::logicalSize(value, layout, dim);
    shape.push_back(ShapedType::isDynamic(size) ? json::Value(nullptr)
                                                : json::Value(size));
  }
  return shape;
}

static json::Array setsOf(ArrayAttr mask) {
  json::Array sets;
  if (mask)
    for (IntegerSet set : mask.getAsValueRange<IntegerSetAttr>())
      sets.push_back(textOf([&](llvm::raw_ostream &out) { set.print(out); }));
  return sets;
}

static json::Object costOf(double flops, double bytes) {
  return json::Object{{"flops", flops}, {"bytes", bytes}};
}

/// Null without lists of blocks.
static json::Value blocksOf(DictionaryAttr blocks) {
  if (!blocks)
    return nullptr;
  return json::Object{
      {"queries", blocks.getAs<IntegerAttr>("query_block").getInt()},
      {"keys", blocks.getAs<IntegerAttr>("key_block").getInt()},
      {"constant", blocks.contains("shown")}};
}

static std::string normaliserOf(attn::AttentionOp op) {
  Attribute other = op.getNormaliserAttr();
  return other ? textOf([&](llvm::raw_ostream &out) { other.print(out); })
               : "softmax";
}

static json::Object describe(attn::AttentionOp op, int64_t costSize) {
  json::Array captures;
  for (Value capture : op.getCaptures())
    captures.push_back(
        textOf([&](llvm::raw_ostream &out) { capture.getType().print(out); }));
  attn::Cost cost = op.getCost(costSize);
  DictionaryAttr blocks = listedBlocks(op);
  return json::Object{
      {"node", nodeOf(op.getLoc())},
      {"query", shapeOf(op.getQuery(), op.getQueryLayout())},
      {"key", shapeOf(op.getKey(), op.getKeyLayout())},
      {"value", shapeOf(op.getValue(), op.getValueLayout())},
      {"scale", op.getScale().convertToDouble()},
      {"causal", op.getCausal()},
      {"mask", setsOf(op.getMaskAttr())},
      {"captures", std::move(captures)},
      {"scores", op.isScoreIdentity() ? "as they are" : "changed"},
      {"cost", costOf(cost.flops, cost.bytes)},
      {"cost_after", costOf(cost.flops, cost.bytes)},
      {"normaliser", normaliserOf(op)},
      {"blocks", blocksOf(blocks)},
      {"picture", MaskFrame(op, costSize).draw(op.getMaskAttr(), blocks)},
      {"became", json::Array()}};
}

void Report::readRaised(ModuleOp module) {
  std::map<StringRef, json::Array> nodes;
  module.walk([&](Operation *op) {
    if (isa<attn::AttnDialect>(op->getDialect()) && !isa<attn::YieldOp>(op))
      nodes[op->getName().getStringRef()].push_back(nodeOf(op->getLoc()));
  });
  for (auto &[name, places] : nodes)
    recognised.push_back(
        json::Object{{"operation", name}, {"nodes", std::move(places)}});
}

void Report::readDense(ModuleOp module) {
  module.walk([&](attn::AttentionOp op) {
    json::Object layer = describe(op, costSize);
    layer["layer"] = static_cast<int64_t>(layers.size());
    layers.push_back(std::move(layer));
    frames.push_back(MaskFrame(op, costSize));
  });
}

static json::Object partOf(DictionaryAttr record, const MaskFrame &frame) {
  auto integer = [&](StringRef name) {
    return record.getAs<IntegerAttr>(name).getInt();
  };
  json::Object parameters;
  for (NamedAttribute given : record.getAs<DictionaryAttr>("parameters"))
    parameters[json::fixUTF8(given.getName())] =
        json::fixUTF8(cast<StringAttr>(given.getValue()).getValue());
  json::Object part{
      {"heads", json::Array{integer("first_head"), integer("end_head") - 1}},
      {"form", record.getAs<StringAttr>("form").getValue()},
      {"parameters", std::move(parameters)}};
  if (auto reason = record.getAs<StringAttr>("why_not")) {
    part["why_not"] = json::fixUTF8(reason);
    return part;
  }
  part["exact"] = record.getAs<BoolAttr>("exact").getValue();
  part["cost"] = costOf(record.getAs<FloatAttr>("flops").getValueAsDouble(),
                        record.getAs<FloatAttr>("bytes").getValueAsDouble());
  auto mask = record.getAs<ArrayAttr>("mask");
  auto blocks = record.getAs<DictionaryAttr>("blocks");
  if (mask)
    part["mask"] = setsOf(mask);
  if (blocks)
    part["blocks"] = blocksOf(blocks);
  if (mask || blocks)
    part["picture"] = frame.draw(mask, blocks);
  return part;
}

/// How much of the heads of a layer the range has.
static double shareOf(const json::Object &layer, const json::Array &range) {
  std::optional<int64_t> heads = (*layer.getArray("query"))[1].getAsInteger();
  if (!heads || *heads == 0)
    return 1;
  return (static_cast<double>(*range[1].getAsInteger()) + 1.0 -
          static_cast<double>(*range[0].getAsInteger())) /
         static_cast<double>(*heads);
}

/// `cost` takes the place of a share of what the dense layer costs.
static void exchange(json::Object &layer, const json::Object &cost,
                     double share) {
  for (StringRef name : {"flops", "bytes"}) {
    json::Value &after = (*layer.getObject("cost_after"))[name];
    after = *after.getAsNumber() + *cost.getNumber(name) -
            share * *layer.getObject("cost")->getNumber(name);
  }
}

static json::Object sumOf(const json::Array &layers, StringRef name) {
  double flops = 0, bytes = 0;
  for (const json::Value &layer : layers) {
    const json::Object &cost = *layer.getAsObject()->getObject(name);
    flops += *cost.getNumber("flops");
    bytes += *cost.getNumber("bytes");
  }
  return costOf(flops, bytes);
}

void Report::readForms(ModuleOp module) {
  auto records = module->getAttrOfType<ArrayAttr>(formsAttr);
  if (!records)
    return;
  for (auto record : records.getAsRange<DictionaryAttr>()) {
    auto number = record.getAs<IntegerAttr>("layer").getInt();
    if (number < 0 || static_cast<size_t>(number) >= layers.size())
      continue;
    json::Object &layer = *layers[number].getAsObject();
    json::Object part = partOf(record, frames[number]);
    if (const json::Object *cost = part.getObject("cost"))
      exchange(layer, *cost, shareOf(layer, *part.getArray("heads")));
    // A range of heads is one of known heads only.
    if ((*layer.getArray("query"))[1].getAsNull())
      part["heads"] = nullptr;
    layer.getArray("became")->push_back(std::move(part));
  }
}

void Report::readMemory(ModuleOp module) {
  uint64_t weights = 0;
  for (auto weight : module.getOps<kernel::WeightOp>()) {
    auto offset = weight->getAttrOfType<IntegerAttr>("artifact_offset");
    if (!offset)
      continue;
    auto type = cast<ShapedType>(weight.getType());
    uint64_t item = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
    weights = std::max(
        weights,
        llvm::alignTo(offset.getInt() + item * type.getNumElements(), 8));
  }
  memory["weights"] = weights;
  memory["workspace"] = nullptr;
  module.walk([&](kernel::WorkspaceOp op) {
    llvm::APInt size;
    if (matchPattern(op.getSize(), m_ConstantInt(&size)))
      memory["workspace"] = size.getSExtValue();
  });
}

void Report::afterStage(ModuleOp module, StringRef stage) {
  if (stage == "raise") {
    readRaised(module);
    readDense(module);
  } else if (stage == "forms") {
    readForms(module);
  } else if (stage == "schedule") {
    readMemory(module);
  }
}

bool Report::take(Diagnostic &diagnostic) {
  std::string text = diagnostic.str();
  StringRef reason = text;
  if (diagnostic.getSeverity() != DiagnosticSeverity::Remark ||
      !reason.consume_front("attention not raised: "))
    return false;
  notRaised.push_back(json::Object{{"node", nodeOf(diagnostic.getLocation())},
                                   {"reason", json::fixUTF8(reason)}});
  return true;
}

json::Object Report::finish(StringRef model, StringRef target) {
  json::Object cost{{"before", sumOf(layers, "cost")},
                    {"after", sumOf(layers, "cost_after")}};
  return json::Object{{"attune_report", reportVersion},
                      {"model", json::fixUTF8(model)},
                      {"target", target},
                      {"size_for_unknown", costSize},
                      {"layers", std::move(layers)},
                      {"recognised", std::move(recognised)},
                      {"not_raised", std::move(notRaised)},
                      {"cost", std::move(cost)},
                      {"memory", std::move(memory)}};
}

bool isReportName(StringRef path) {
  return path.ends_with(".json") || path.ends_with(".html");
}

llvm::Error writeReport(const json::Object &report, StringRef path,
                        llvm::function_ref<void(StringRef)> opened) {
  if (llvm::Error error = checkOutput(path, {}))
    return error;
  return writeWhole(path, opened, [&](StringRef temporary) -> llvm::Error {
    std::error_code code;
    llvm::raw_fd_ostream stream(temporary, code);
    if (code)
      return ioError(code, "cannot write '" + path + "'");
    if (path.ends_with(".html"))
      writePage(report, stream);
    else
      stream << llvm::formatv("{0:2}", json::Value(json::Object(report)))
             << "\n";
    return finishWriting(stream, path);
  });
}

} // namespace attune
