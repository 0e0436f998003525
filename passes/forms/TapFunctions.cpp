// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Elementwise.h"
#include "dialects/onnx/Onnx.h"
#include "passes/forms/Growth.h"
#include "passes/forms/Passes.h"
#include "passes/forms/RangeTaps.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_TAPFUNCTIONSPASS
#include "passes/forms/Passes.h.inc"

/// The smallest or the largest element; NaN if there is one.
static Value extreme(OpBuilder &b, Location loc, Value input, bool isLargest) {
  RankedTensorType type = attn::Elementwise::typeOf(input);
  // Halves are written as f32.
  Type element = attn::Elementwise(b, loc, type.getElementType()).real;
  auto infinity = APFloat::getInf(cast<FloatType>(element).getFloatSemantics(),
                                  /*Negative=*/isLargest);
  Value start =
      arith::ConstantOp::create(b, loc, b.getFloatAttr(element, infinity));
  Value empty = tensor::EmptyOp::create(b, loc, ArrayRef<int64_t>(), element);
  Value init = linalg::FillOp::create(b, loc, start, empty).getResult(0);
  AffineMap maps[] = {b.getMultiDimIdentityMap(type.getRank()),
                      AffineMap::get(type.getRank(), 0, b.getContext())};
  SmallVector<utils::IteratorType> loops(type.getRank(),
                                         utils::IteratorType::reduction);
  return linalg::GenericOp::create(
             b, loc, TypeRange(init.getType()), input, ValueRange(init), maps,
             loops,
             [&](OpBuilder &inner, Location where, ValueRange x) {
               Value seen = x[0];
               if (seen.getType() != element)
                 seen = arith::ExtFOp::create(inner, where, element, seen);
               Value next =
                   isLargest
                       ? arith::MaximumFOp::create(inner, where, seen, x[1])
                             .getResult()
                       : arith::MinimumFOp::create(inner, where, seen, x[1]);
               linalg::YieldOp::create(inner, where, next);
             })
      .getResult(0);
}

static void addResult(func::FuncOp graph, Value value, const Twine &name) {
  Builder b(graph.getContext());
  NamedAttribute attributes[] = {
      b.getNamedAttr(onnx::nameAttr, b.getStringAttr(name)),
      b.getNamedAttr(onnx::dimsAttr, b.getArrayAttr({}))};
  (void)graph.insertResult(graph.getNumResults(), value.getType(),
                           b.getDictionaryAttr(attributes));
  graph.getBody().front().getTerminator()->insertOperands(
      graph.getNumResults() - 1, value);
}

namespace {
struct TapFunctions : impl::TapFunctionsPassBase<TapFunctions> {
  void runOnOperation() override {
    for (auto graph : getOperation().getOps<func::FuncOp>()) {
      if (!graph.isPublic())
        continue;
      GrowthAnalysis growths(graph);
      SmallVector<attn::PolyOp> found;
      for (auto op : graph.getBody().front().getOps<attn::PolyOp>())
        if (!op.getRange() && growths.of(op.getInput()).isData)
          found.push_back(op);
      for (attn::PolyOp op : found) {
        OpBuilder b(op);
        std::string site = (attn::stringifyPolyFunction(op.getFunction()) +
                            " " + op.getSite().value_or(""))
                               .str();
        Location loc = op.getLoc();
        addResult(graph, extreme(b, loc, op.getInput(), false), lowTap + site);
        addResult(graph, extreme(b, loc, op.getInput(), true), highTap + site);
      }
    }
  }
};
} // namespace
} // namespace attune
