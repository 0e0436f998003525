// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormRecord.h"
#include "passes/forms/Growth.h"
#include "passes/forms/Passes.h"
#include "passes/forms/Ranges.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_APPLYRANGESPASS
#include "passes/forms/Passes.h.inc"

using attn::PolyOp;

static std::string nameOf(PolyOp op) {
  return ("'" + attn::stringifyPolyFunction(op.getFunction()) + "' at node '" +
          op.getSite().value_or("") + "'")
      .str();
}

static void setRange(PolyOp op, const attn::Stand &stand) {
  Builder b(op.getContext());
  op.setRangeAttr(b.getDenseF64ArrayAttr({stand.low, stand.high}));
  if (stand.isIterated())
    op.setSteps(stand.effort);
  else
    op.setDegree(stand.effort);
}

/// 2^12.3, or the number itself where it is exact.
static std::string degreeText(const Growth &growth) {
  constexpr double exact = 9007199254740992.0; // 2^53
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (growth.degree < exact)
    stream << llvm::format("%.0f", growth.degree);
  else
    stream << llvm::format("2^%.1f", growth.logDegree);
  return text;
}

namespace {
struct ApplyRanges : impl::ApplyRangesPassBase<ApplyRanges> {
  using Base::Base;

  void runOnOperation() override {
    llvm::Expected<Ranges> read = Ranges::read(file);
    if (!read) {
      getOperation().emitError(llvm::toString(read.takeError()));
      return signalPassFailure();
    }
    bool fine = succeeded(applyAll(*read));
    for (auto graph : getOperation().getOps<func::FuncOp>())
      if (graph.isPublic())
        fine &= succeeded(measure(graph, fine));
    if (!fine)
      return signalPassFailure();
    getOperation()->setAttr(polynomialAttr,
                            DictionaryAttr::get(&getContext(), record));
  }

private:
  LogicalResult applyAll(const Ranges &ranges);
  LogicalResult apply(func::FuncOp graph, const Ranges &ranges);
  LogicalResult measure(func::FuncOp graph, bool hasRanges);
  void recordSite(PolyOp op, const attn::Stand &stand);
  void recordOutputs(func::FuncOp graph, const GrowthAnalysis &growths);

  llvm::DenseSet<const RangeEntry *> used;
  SmallVector<Attribute> sites;
  SmallVector<NamedAttribute> record;
};
} // namespace

LogicalResult ApplyRanges::applyAll(const Ranges &ranges) {
  bool fine = true;
  for (auto graph : getOperation().getOps<func::FuncOp>())
    if (graph.isPublic())
      fine &= succeeded(apply(graph, ranges));
  for (const auto &[key, entry] : ranges.all()) {
    if (used.contains(&entry) || entry.node.empty())
      continue;
    emitError(FileLineColLoc::get(&getContext(), entry.file, entry.line,
                                  entry.column))
        << "the model has no '" << attn::stringifyPolyFunction(key.second)
        << "' of data at a node '" << entry.node << "'";
    fine = false;
  }
  return success(fine);
}

LogicalResult ApplyRanges::apply(func::FuncOp graph, const Ranges &ranges) {
  // What is data does not depend on ranges.
  GrowthAnalysis growths(graph);
  bool fine = true;
  for (auto op : graph.getBody().front().getOps<PolyOp>()) {
    if (op.getRange() || !growths.of(op.getInput()).isData)
      continue;
    const RangeEntry *entry =
        ranges.find(op.getSite().value_or(""), op.getFunction());
    if (!entry) {
      emitError(op.getLoc())
          << nameOf(op) << " has no range in '" << file
          << "'; --calibrate finds ranges, or add one by hand";
      fine = false;
      continue;
    }
    used.insert(entry);
    setRange(op, entry->stand);
    recordSite(op, entry->stand);
  }
  return success(fine);
}

void ApplyRanges::recordSite(PolyOp op, const attn::Stand &stand) {
  Builder b(&getContext());
  sites.push_back(b.getDictionaryAttr(
      {b.getNamedAttr("node", b.getStringAttr(op.getSite().value_or(""))),
       b.getNamedAttr("function", b.getStringAttr(attn::stringifyPolyFunction(
                                      stand.function))),
       b.getNamedAttr("low", b.getF64FloatAttr(stand.low)),
       b.getNamedAttr("high", b.getF64FloatAttr(stand.high)),
       b.getNamedAttr(stand.isIterated() ? "steps" : "degree",
                      b.getI64IntegerAttr(stand.effort)),
       b.getNamedAttr("depth", b.getI64IntegerAttr(stand.depth())),
       b.getNamedAttr("error", b.getF64FloatAttr(stand.error()))}));
}

LogicalResult ApplyRanges::measure(func::FuncOp graph, bool hasRanges) {
  GrowthAnalysis growths(graph);
  for (const Hindrance &hindrance : growths.hindrances()) {
    // What is in the body of a named operation has no place of its own.
    Operation *named = hindrance.op;
    while (nodeNameOf(named->getLoc()).empty() && named != graph)
      named = named->getParentOp();
    emitError(named->getLoc())
        << "node '" << nodeNameOf(named->getLoc()) << "': " << hindrance.what
        << " of what inputs give is no polynomial";
  }
  if (!growths.hindrances().empty())
    return failure();
  if (hasRanges)
    recordOutputs(graph, growths);
  return success();
}

void ApplyRanges::recordOutputs(func::FuncOp graph,
                                const GrowthAnalysis &growths) {
  Growth whole;
  for (Value result : graph.getBody().front().getTerminator()->getOperands())
    whole = whole + growths.of(result);
  Builder b(&getContext());
  auto add = [&](StringRef name, Attribute value) {
    record.push_back(b.getNamedAttr(name, value));
  };
  add("depth", b.getI64IntegerAttr(whole.depth));
  add("data_depth", b.getI64IntegerAttr(whole.dataDepth));
  add("log2_degree", b.getF64FloatAttr(whole.logDegree));
  add("degree", b.getStringAttr(degreeText(whole)));
  add("functions", b.getArrayAttr(sites));
  emitRemark(graph.getLoc())
      << "polynomial of degree " << degreeText(whole) << " and depth "
      << whole.depth << " (" << whole.dataDepth << " of data with data), with "
      << sites.size() << " functions replaced";
}

} // namespace attune
