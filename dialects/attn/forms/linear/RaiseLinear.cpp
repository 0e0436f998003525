// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/raise/FeatureNodes.h"
#include "dialects/attn/raise/Products.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune::attn {

static bool isFeature(Value value) { return featureOf(value).has_value(); }

/// f(x)[labels] as x in memory.
static Factor inMemory(const Factor &feature) {
  return throughTransposes({featureOf(feature.value)->input, feature.labels});
}

namespace {

/// A formula that is linear attention: the factors, of queries and keys before
/// their map, and the names of their indices.
struct Match {
  Factor query, key, value;
  Label batch = unit, head = unit, row = unit, keys = unit;
  Label width = unit, valueWidth = unit;
  double eps = 0;
  Feature queryFeature, keyFeature;
  bool causal = false; // keys up to the row's own number
};

} // namespace

/// The only label of `factor` that `other` has, or has not; or `unit`.
static Label single(const Factor &factor,
                    llvm::function_ref<bool(Label)> test) {
  Label found = unit;
  for (Label label : factor.labels) {
    if (!test(label))
      continue;
    if (found != unit)
      return unit;
    found = label;
  }
  return found;
}

/// Finds which index is which: `query` and `key` share the width, `key` and
/// `value` the keys, all three the batch and the heads. Result labels are 0..3.
static bool nameIndices(Match &match) {
  Factor &query = match.query, &key = match.key, &value = match.value;
  Label &batch = match.batch, &head = match.head, &row = match.row,
        &keys = match.keys, &width = match.width,
        &valueWidth = match.valueWidth;
  for (const Factor *factor : {&query, &key, &value})
    if (!isF32(factor->value, 4))
      return false;
  width = single(query, [](Label label) { return label > 3; });
  keys = single(value, [](Label label) { return label > 3; });
  row = single(query, [&](Label l) { return l <= 3 && !match.key.has(l); });
  valueWidth =
      single(value, [&](Label l) { return l <= 3 && !match.key.has(l); });
  if (width == unit || keys == unit || row == unit || valueWidth == unit ||
      row == valueWidth || width == keys || !key.has(width) || !key.has(keys))
    return false;
  for (Label label = 0; label <= 3; ++label)
    if (label != row && label != valueWidth) {
      if (!query.has(label) || !key.has(label) || !value.has(label))
        return false;
      (batch == unit ? batch : head) = label;
    }
  return true;
}

/// Divides by the sum of the weights plus eps, which is taken off.
static bool matchDivisor(Match &match, Factor divisor, Label &next) {
  divisor = throughTransposes(divisor);
  if (auto add = nodeOf(divisor.value, "Add"))
    for (unsigned side : {0u, 1u})
      if (std::optional<double> eps = scalarOf(add.getInputs()[1 - side]))
        if (typeOf(add.getInputs()[side]) == typeOf(divisor.value)) {
          match.eps = *eps;
          divisor.value = add.getInputs()[side];
          break;
        }
  Product sum = readProduct(divisor.value, divisor.labels, next, isFeature,
                            /*mayOrder=*/true);
  if (sum.factors.size() != 2 || !sum.divisors.empty() ||
      !isFeature(sum.factors[0].value) || !isFeature(sum.factors[1].value))
    return false;
  // The weights' own indices have new names here; give them the numerator's.
  for (bool swapped : {false, true}) {
    Factor query = inMemory(sum.factors[swapped]);
    Factor key = inMemory(sum.factors[!swapped]);
    if (query.value != match.query.value || key.value != match.key.value)
      continue;
    llvm::SmallDenseMap<Label, Label> renamed;
    bool same = query.labels.size() == 4 && key.labels.size() == 4;
    auto agree = [&](ArrayRef<Label> found, ArrayRef<Label> wanted) {
      for (auto [from, to] : llvm::zip(found, wanted)) {
        bool summed = from > 3 && to > 3;
        same &= summed ? renamed.try_emplace(from, to).first->second == to
                       : from == to;
      }
    };
    agree(query.labels, match.query.labels);
    agree(key.labels, match.key.labels);
    // Terms that the numerator lacks are no part of the sum.
    for (auto [least, most] : sum.ordered)
      same &= least == match.row && renamed.lookup(most) == match.keys;
    if (same && renamed.size() == 2 && match.causal == !sum.ordered.empty())
      return true;
  }
  return false;
}

/// Sizes that the formula takes for equal are: what a node broadcasts is not.
static bool sizesAgree(const Match &match) {
  auto at = [](const Factor &factor, Label label) {
    return llvm::find(factor.labels, label) - factor.labels.begin();
  };
  for (Label label : {match.batch, match.head})
    for (const Factor *other : {&match.key, &match.value})
      if (!sameSize(match.query.value, at(match.query, label), other->value,
                    at(*other, label)))
        return false;
  auto size = [&](const Factor &factor, Label label) {
    return typeOf(factor.value).getDimSize(at(factor, label));
  };
  int64_t width = size(match.query, match.width);
  return width == size(match.key, match.width) &&
         size(match.key, match.keys) == size(match.value, match.keys) &&
         !ShapedType::isDynamic(width) &&
         !ShapedType::isDynamic(size(match.value, match.valueWidth));
}

static LogicalResult matchFormula(Match &match, const Product &product,
                                  Label &next, onnx::NodeOp root,
                                  PatternRewriter &rewriter) {
  if (product.factors.size() != 3 || product.divisors.size() != 1)
    return rewriter.notifyMatchFailure(root, "no three factors and a divisor");
  SmallVector<unsigned> order = {0, 1, 2};
  do {
    match = {};
    const Factor &query = product.factors[order[0]];
    const Factor &key = product.factors[order[1]];
    if (!isFeature(query.value) || !isFeature(key.value))
      continue;
    match.query = inMemory(query);
    match.key = inMemory(key);
    match.value = product.factors[order[2]];
    match.queryFeature = *featureOf(query.value);
    match.keyFeature = *featureOf(key.value);
    match.causal = !product.ordered.empty();
    auto isCausal = [&](std::pair<Label, Label> pair) {
      return pair == std::pair(match.row, match.keys);
    };
    if (match.queryFeature.map == match.keyFeature.map && nameIndices(match) &&
        llvm::all_of(product.ordered, isCausal) &&
        matchDivisor(match, product.divisors[0], next))
      break;
    match.query = {};
  } while (std::next_permutation(order.begin(), order.end()));
  if (!match.query.value)
    return rewriter.notifyMatchFailure(
        root, "no weights of features of q times features of k over their own "
              "sum");
  if (!std::isfinite(match.eps) || match.eps < 0)
    return rewriter.notifyMatchFailure(root, "eps is negative");
  if (!sizesAgree(match))
    return rewriter.notifyMatchFailure(
        root, "sizes of queries, keys and values are not known to agree");
  return success();
}

namespace {
struct Layouts {
  DenseI64ArrayAttr query, key, value, output;
};
} // namespace

static UnitAttr unitIf(Builder &builder, bool set) {
  return set ? builder.getUnitAttr() : UnitAttr();
}

/// Whether rows and keys are not known to be as many: j <= i, as it is written.
static bool isTopLeft(const Match &match) {
  auto at = [](const Factor &factor, Label label) {
    return llvm::find(factor.labels, label) - factor.labels.begin();
  };
  return match.causal &&
         !sameSize(match.query.value, at(match.query, match.row),
                   match.key.value, at(match.key, match.keys));
}

static void replaceByForm(PatternRewriter &rewriter, onnx::NodeOp root,
                          const Match &match, const Layouts &layouts) {
  auto op = LinearTransformerOp::create(
      rewriter, root.getLoc(), root.getOutputs()[0].getType(),
      match.query.value, match.key.value, match.value.value,
      /*visible=*/Value(), rewriter.getF64FloatAttr(match.eps),
      unitIf(rewriter, match.causal), unitIf(rewriter, isTopLeft(match)),
      /*nan_empty_rows=*/UnitAttr(), /*mean_empty_rows=*/UnitAttr(),
      /*visible_map=*/AffineMapAttr(), layouts.query, layouts.key,
      layouts.value, layouts.output);
  keepNames(root, op);
  rewriter.replaceOp(root, op);
}

/// Features other than the form's.
static void replaceByCore(PatternRewriter &rewriter, onnx::NodeOp root,
                          const Match &match, const Layouts &layouts) {
  auto made = [&](const Factor &factor, const Feature &feature,
                  DenseI64ArrayAttr layout) -> Value {
    if (feature.map == FeatureMap::relu)
      return FeaturesOp::create(rewriter, root.getLoc(), feature.map,
                                factor.value);
    auto position =
        llvm::find(layout.asArrayRef(), 3) - layout.asArrayRef().begin();
    int64_t width = typeOf(factor.value).getDimSize(position);
    return FeaturesOp::create(rewriter, root.getLoc(), feature.map,
                              factor.value, /*projection=*/Value(),
                              FeaturesOp::countTaylor(width), feature.scale,
                              /*eps=*/0, /*keys=*/false, layout);
  };
  Value query = made(match.query, match.queryFeature, layouts.query);
  Value key = made(match.key, match.keyFeature, layouts.key);
  auto op = LinearOp::create(
      rewriter, root.getLoc(), root.getOutputs()[0].getType(),
      /*state=*/Type(), /*sum=*/Type(),
      NormaliserAttr::get(rewriter.getContext(), Normaliser::sum), query, key,
      match.value.value, /*visible=*/Value(), /*past_state=*/Value(),
      /*past_sum=*/Value(), rewriter.getF64FloatAttr(match.eps),
      unitIf(rewriter, match.causal), unitIf(rewriter, isTopLeft(match)),
      /*nan_empty_rows=*/UnitAttr(), /*mean_empty_rows=*/UnitAttr(),
      /*visible_map=*/AffineMapAttr(), /*schedule=*/ScheduleAttr(),
      layouts.query, layouts.key, layouts.value, layouts.output);
  keepNames(root, op);
  rewriter.replaceOp(root, op.getResult());
}

namespace {

/// Any association of the products, the division before or after them.
struct RaiseLinear : OpRewritePattern<onnx::NodeOp> {
  RaiseLinear(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/1) {}

  LogicalResult matchAndRewrite(onnx::NodeOp root,
                                PatternRewriter &rewriter) const override {
    if (!isProductRoot(root))
      return failure();
    Label next = 4;
    Product product = readProduct(root.getOutputs()[0], {0, 1, 2, 3}, next,
                                  isFeature, /*mayOrder=*/true);
    Match match;
    if (failed(matchFormula(match, product, next, root, rewriter)))
      return failure();
    if (match.valueWidth != 3)
      return rewriter.notifyMatchFailure(root, "the width is not last");
    Label queryOrder[] = {match.batch, match.head, match.row, match.width};
    Label keyOrder[] = {match.batch, match.head, match.keys, match.width};
    Label valueOrder[] = {match.batch, match.head, match.keys,
                          match.valueWidth};
    Label resultOrder[] = {match.batch, match.head, match.row,
                           match.valueWidth};
    Layouts layouts{layoutOf(rewriter, match.query.labels, queryOrder),
                    layoutOf(rewriter, match.key.labels, keyOrder),
                    layoutOf(rewriter, match.value.labels, valueOrder),
                    layoutOf(rewriter, {0, 1, 2, 3}, resultOrder)};
    if (match.keyFeature.map == FeatureMap::elu1)
      replaceByForm(rewriter, root, match, layouts);
    else
      replaceByCore(rewriter, root, match, layouts);
    return success();
  }
};

} // namespace

void LinearTransformerOp::populateRaisePatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseLinear>(patterns.getContext());
}

} // namespace attune::attn
