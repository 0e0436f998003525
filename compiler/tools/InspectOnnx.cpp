// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/InspectOnnx.h"
#include "frontends/onnx/Model.h"
#include "frontends/onnx/Types.h"
#include "frontends/onnx/ops/Passes.h"

#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace attune {

using model::Graph;

namespace {

/// Domain and type, in the order of the table.
using Operator = std::pair<std::string, std::string>;
using Counts = std::map<Operator, int64_t>;

} // namespace

static std::string shown(const Operator &op) {
  return (op.first.empty() ? "ai.onnx" : op.first) + "." + op.second;
}

/// Nodes of the graph and of the graphs that they hold.
static void count(const Graph &graph, Counts &counts) {
  for (const model::Node &node : graph.nodes) {
    ++counts[{node.domain, node.opType}];
    for (const model::Attribute &attribute : node.attributes)
      for (const std::shared_ptr<Graph> &inner : attribute.graphs)
        count(*inner, counts);
  }
}

static std::string typeText(MLIRContext &context, const model::Type &type) {
  if (type.kind != model::Type::Kind::Tensor)
    return "no tensor";
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (Type element = elementType(&context, type.element))
    stream << element;
  else
    stream << "an unsupported type";
  if (!type.ranked)
    return text + " of unknown rank";
  stream << " [";
  llvm::interleaveComma(type.dims, stream, [&](const model::Dim &dim) {
    if (dim.size >= 0)
      stream << dim.size;
    else
      stream << (dim.name.empty() ? "?" : dim.name);
  });
  stream << "]";
  return StringRef(text).starts_with("ui") ? text.substr(1) : text;
}

static void printValues(const char *title, const Graph &graph,
                        ArrayRef<std::string> names) {
  MLIRContext context;
  llvm::outs() << title << "\n";
  for (const std::string &name : names) {
    auto found = graph.types.find(name);
    llvm::outs() << "  " << name << ": "
                 << typeText(context, found == graph.types.end()
                                          ? model::Type()
                                          : found->second)
                 << "\n";
  }
}

static void report(const std::string &path, const model::Problems &problems) {
  for (const model::Problem &problem : problems) {
    llvm::errs() << "attune: error: '" << path << "': ";
    if (!problem.opType.empty())
      llvm::errs() << "node '" << problem.node << "' ("
                   << shown({problem.domain, problem.opType}) << ", version "
                   << problem.version << "): ";
    llvm::errs() << problem.reason << "\n";
  }
}

/// `expanded` counts what is left once function bodies took the place of nodes
/// without a lowering.
static void printOperators(const Counts &counts, const Counts &expanded) {
  int64_t nodes = 0;
  for (const auto &entry : counts)
    nodes += entry.second;
  llvm::outs() << "operators, " << nodes << " nodes\n";
  for (const auto &[op, times] : counts) {
    const char *way = hasLowering(op.first, op.second) ? "lowered"
                      : expanded.count(op)             ? "MISSING"
                                                       : "by its function body";
    llvm::outs() << llvm::formatv("  {0,6}  {1,-40} {2}\n", times, shown(op),
                                  way);
  }
  std::vector<std::string> missing;
  for (const auto &entry : expanded)
    if (!hasLowering(entry.first.first, entry.first.second))
      missing.push_back(shown(entry.first));
  if (missing.empty())
    llvm::outs() << "every operator has a lowering\n";
  else
    llvm::outs() << "no lowering yet: " << llvm::join(missing, ", ") << "\n";
}

bool inspectOnnx(const std::string &path) {
  model::Problems problems;
  model::LoadOptions asItIs, expand;
  expand.hasLowering = hasLowering;
  std::unique_ptr<model::Model> whole =
      model::loadModel(path, asItIs, problems);
  if (!whole) {
    report(path, problems);
    return false;
  }
  llvm::outs() << "opsets\n";
  for (const auto &[domain, version] : whole->opsets)
    llvm::outs() << "  " << (domain.empty() ? "ai.onnx" : domain) << " "
                 << version << "\n";
  printValues("inputs", whole->graph, whole->graph.inputs);
  printValues("outputs", whole->graph, whole->graph.outputs);
  std::unique_ptr<model::Model> expanded =
      model::loadModel(path, expand, problems);
  Counts counts, remaining;
  count(whole->graph, counts);
  count(expanded ? expanded->graph : whole->graph, remaining);
  printOperators(counts, remaining);
  // Bodies that cannot be put in place leave their nodes missing.
  report(path, problems);
  return expanded != nullptr;
}

} // namespace attune
