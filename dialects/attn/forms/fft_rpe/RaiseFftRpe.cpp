// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/forms/fft_rpe/LagReader.h"
#include "dialects/attn/forms/fft_rpe/LagSums.h"
#include "dialects/attn/raise/Products.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/StringSet.h"
#include <cmath>

using namespace mlir;

namespace attune::attn {

/// A positive map of something that is computed, maybe scaled or shifted.
static bool isFeature(Value value) {
  for (StringRef op : {"Mul", "Div", "Add"})
    if (auto node = nodeOf(value, op)) {
      bool isScaled = scalarOf(node.getInputs()[1]).has_value();
      return isScaled && isFeature(node.getInputs()[0]);
    }
  auto node = value.getDefiningOp<onnx::NodeOp>();
  return node && (operatorOf(value) == "Exp" || operatorOf(value) == "Relu") &&
         node.getInputs()[0].getDefiningOp<onnx::NodeOp>();
}

/// A square constant that meets scores, or the constant whose exponential does.
static Value squareConstant(Value value, bool &isExponent) {
  auto power = nodeOf(value, "Exp");
  isExponent = static_cast<bool>(power);
  if (power)
    value = power.getInputs()[0];
  RankedTensorType type = typeOf(value);
  if (!type || !type.hasStaticShape() || type.getRank() < 2 ||
      !type.getElementType().isF32() || value.getDefiningOp<onnx::NodeOp>() ||
      !value.getDefiningOp())
    return {};
  int64_t length = type.getShape().back();
  return length > 1 && type.getDimSize(type.getRank() - 2) == length ? value
                                                                     : Value();
}

static bool isTaps(Value value) {
  bool isExponent;
  return static_cast<bool>(squareConstant(value, isExponent));
}

static bool isSought(Value value) { return isFeature(value) || isTaps(value); }

namespace {

/// Weighted sums of values over the sum of their weights: the factors, and the
/// names of their indices.
struct Match {
  Factor query, key, value;
  SmallVector<Factor> taps;
  Label batch = unit, head = unit, row = unit, keys = unit, width = unit,
        valueWidth = unit;

  bool takeFactors(ArrayRef<Factor> factors);
  bool nameIndices();
  bool isDivisor(Factor divisor, Label &next) const;
  bool sizesAgree() const;
  FailureOr<ToeplitzBias> readBias() const;
};

} // namespace

/// Taps with no index at dimensions of size 1.
static Factor withoutUnits(Factor taps) {
  for (auto [dim, label] : llvm::enumerate(taps.labels))
    if (typeOf(taps.value).getDimSize(dim) == 1)
      label = unit;
  return taps;
}

/// Sorts the factors: features of rows, features of keys, values, taps.
bool Match::takeFactors(ArrayRef<Factor> factors) {
  SmallVector<Factor> others;
  for (const Factor &factor : factors)
    if (isTaps(factor.value))
      taps.push_back(withoutUnits(factor));
    else
      others.push_back(factor);
  if (taps.empty() || others.size() != 3)
    return false;
  row = taps[0].labels[taps[0].labels.size() - 2];
  keys = taps[0].labels.back();
  if (row == unit || row > 3 || keys <= 3)
    return false;
  for (const Factor &factor : others) {
    if (!isF32(factor.value, 4) || llvm::is_contained(factor.labels, unit))
      return false;
    Factor *place = &value;
    if (factor.has(row))
      place = &query;
    else if (isFeature(factor.value))
      place = &key;
    if (place->value)
      return false;
    *place = factor;
  }
  return query.value && key.value && value.value;
}

/// Finds the other indices: all have batch and head, features share a width.
bool Match::nameIndices() {
  if (query.has(keys) || !key.has(keys) || !value.has(keys) || value.has(row))
    return false;
  for (Label label : query.labels)
    if (label > 3)
      width = label;
  for (Label label = 0; label <= 3; ++label)
    if (label == row)
      continue;
    else if (query.has(label) && key.has(label) && value.has(label))
      (batch == unit ? batch : head) = label;
    else if (value.has(label) && !query.has(label) && !key.has(label))
      valueWidth = label;
  if (width == unit || !key.has(width) || value.has(width) || batch == unit ||
      head == unit || valueWidth == unit)
    return false;
  return llvm::all_of(taps, [&](const Factor &factor) {
    ArrayRef<Label> labels = factor.labels;
    for (Label label : labels.drop_back(2))
      if (label != unit && label != head)
        return false;
    return labels.back() == keys && labels[labels.size() - 2] == row;
  });
}

/// Whether a divisor is the sum of the weights.
bool Match::isDivisor(Factor divisor, Label &next) const {
  divisor = throughTransposes(divisor);
  Product sum = readProduct(divisor.value, divisor.labels, next, isSought);
  if (!sum.divisors.empty() || sum.factors.size() != taps.size() + 2)
    return false;
  // Its own indices have new names; give them those of the numerator.
  llvm::SmallDenseMap<Label, Label> renamed;
  auto isSame = [&](const Factor &found, const Factor &wanted) {
    if (found.value != wanted.value ||
        found.labels.size() != wanted.labels.size())
      return false;
    for (auto [from, to] : llvm::zip(found.labels, wanted.labels)) {
      bool summed = from > 3 && to > 3;
      if (summed ? renamed.try_emplace(from, to).first->second != to
                 : from != to)
        return false;
    }
    return true;
  };
  SmallVector<Factor> wanted(taps);
  wanted.append({query, key});
  for (Factor found : sum.factors) {
    if (isTaps(found.value))
      found = withoutUnits(found);
    auto *same = llvm::find_if(
        wanted, [&](const Factor &one) { return one.value == found.value; });
    if (same == wanted.end() || !isSame(found, *same))
      return false;
    wanted.erase(same);
  }
  return wanted.empty();
}

/// Sizes that the formula takes for equal are: what a node broadcasts is not.
bool Match::sizesAgree() const {
  auto at = [](const Factor &factor, Label label) {
    return llvm::find(factor.labels, label) - factor.labels.begin();
  };
  auto size = [&](const Factor &factor, Label label) {
    return typeOf(factor.value).getDimSize(at(factor, label));
  };
  for (Label label : {batch, head})
    for (const Factor *other : {&key, &value})
      if (!sameSize(query.value, at(query, label), other->value,
                    at(*other, label)))
        return false;
  int64_t length = typeOf(taps[0].value).getShape().back();
  return size(query, row) == length && size(key, keys) == length &&
         size(value, keys) == length &&
         size(query, width) == size(key, width) &&
         !ShapedType::isDynamic(size(query, width)) &&
         !ShapedType::isDynamic(size(value, valueWidth)) &&
         !ShapedType::isDynamic(size(query, head));
}

/// The logarithm of the product of all taps.
FailureOr<ToeplitzBias> Match::readBias() const {
  int64_t length = typeOf(taps[0].value).getShape().back();
  ToeplitzBias bias(1, length);
  for (const Factor &factor : taps) {
    bool isExponent;
    Value constant = squareConstant(factor.value, isExponent);
    SmallVector<AffineExpr> exprs;
    for (Label label : factor.labels) {
      unsigned loop = label == head ? 1 : label == row ? 2 : 3;
      exprs.push_back(label == unit
                          ? getAffineConstantExpr(0, constant.getContext())
                          : getAffineDimExpr(loop, constant.getContext()));
    }
    int64_t heads =
        typeOf(query.value)
            .getDimSize(llvm::find(query.labels, head) - query.labels.begin());
    std::string reason;
    FailureOr<ToeplitzBias> read =
        readLags(constant, AffineMap::get(4, 0, exprs, constant.getContext()),
                 heads, length, reason);
    if (failed(read))
      return failure();
    for (float &tap : read->values) {
      // Infinite or negative ones have no logarithm.
      if (!isExponent)
        tap = std::log(tap);
      if (std::isnan(tap) || tap == std::numeric_limits<float>::infinity())
        return failure();
    }
    bias.add(*read);
  }
  return bias;
}

static void replace(onnx::NodeOp root, const Match &match,
                    const ToeplitzBias &bias, PatternRewriter &rewriter) {
  bool causal = bias.hidesLater(std::numeric_limits<float>::lowest());
  bool isExact =
      bias.leastShare(causal, headShare, headShare) >= leastExactShare;
  auto method = isExact ? ProductMethod::automatic : ProductMethod::direct;
  auto type = RankedTensorType::get({bias.heads, 2 * bias.length - 1},
                                    rewriter.getF32Type());
  Value taps = arith::ConstantOp::create(
      rewriter, root.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<float>(bias.values)));
  auto layout = [&](ArrayRef<Label> labels, Label length, Label width) {
    return layoutOf(rewriter, labels, {match.batch, match.head, length, width});
  };
  auto op = FftRpeOp::create(
      rewriter, root.getLoc(), root.getOutputs()[0].getType(),
      match.query.value, match.key.value, match.value.value,
      /*projection=*/Value(), taps, /*key_bias=*/Value(),
      rewriter.getF64FloatAttr(1), /*normalize=*/UnitAttr(),
      causal ? rewriter.getUnitAttr() : UnitAttr(), /*top_left=*/UnitAttr(),
      /*nan_empty_rows=*/rewriter.getUnitAttr(),
      ProductMethodAttr::get(rewriter.getContext(), method),
      layout(match.query.labels, match.row, match.width),
      layout(match.key.labels, match.keys, match.width),
      layout(match.value.labels, match.keys, match.valueWidth),
      layout({0, 1, 2, 3}, match.row, match.valueWidth));
  keepNames(root, op);
  rewriter.replaceOp(root, op);
}

namespace {

/// Any association of the products, the division before or after them.
struct RaiseFftRpe : OpRewritePattern<onnx::NodeOp> {
  RaiseFftRpe(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/1) {}

  LogicalResult matchAndRewrite(onnx::NodeOp root,
                                PatternRewriter &rewriter) const override {
    if (!isProductRoot(root))
      return failure();
    Label next = 4;
    Product product =
        readProduct(root.getOutputs()[0], {0, 1, 2, 3}, next, isSought);
    Match match;
    if (product.divisors.size() != 1 || !match.takeFactors(product.factors) ||
        !match.nameIndices())
      return rewriter.notifyMatchFailure(
          root, "no features, values and constant taps over a divisor");
    if (!match.isDivisor(product.divisors[0], next))
      return rewriter.notifyMatchFailure(
          root, "the divisor is not the sum of the weights");
    if (!match.sizesAgree())
      return rewriter.notifyMatchFailure(
          root, "sizes of queries, keys and values are not known to agree");
    FailureOr<ToeplitzBias> bias = match.readBias();
    if (failed(bias))
      return rewriter.notifyMatchFailure(
          root, "the taps are negative or depend on more than j - i");
    replace(root, match, *bias, rewriter);
    return success();
  }
};

} // namespace

void FftRpeOp::populateRaisePatterns(RewritePatternSet &patterns) {
  patterns.add<RaiseFftRpe>(patterns.getContext());
}

} // namespace attune::attn
