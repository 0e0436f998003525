// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/RandomFeatures.h"
#include "dialects/attn/forms/Forms.h"
#include "dialects/attn/forms/fft_rpe/LagReader.h"
#include "dialects/attn/forms/fft_rpe/LagSums.h"
#include "dialects/attn/forms/fft_rpe/ScoreTerms.h"
#include "dialects/attn/forms/fft_rpe/TensorContents.h"

using namespace mlir;

namespace attune::attn {

/// More would cost more than dense attention at any usual length.
static constexpr int64_t mostFeatures = 8192;

namespace {
/// What the parameters and the model say.
struct Wanted {
  int64_t features = 0, seed = 0, width = 0, valueWidth = 0, heads = 0,
          length = 0;
  bool causal = false;
  ScoreTerms terms;
};
} // namespace

static InFlightDiagnostic fail(AttentionOp dense) {
  return dense.emitError("form 'fft_rpe' ");
}

static LogicalResult checkTypes(AttentionOp dense, const Wanted &wanted) {
  for (Value head : {dense.getQuery(), dense.getKey(), dense.getValue()})
    if (!cast<ShapedType>(head.getType()).getElementType().isF32())
      return fail(dense) << "requires tensors of f32, but got "
                         << head.getType() << "; leave this layer dense with "
                         << "'@layers='";
  if (ShapedType::isDynamic(wanted.width) ||
      ShapedType::isDynamic(wanted.valueWidth))
    return fail(dense) << "requires a known width of the heads, but got "
                       << dense.getQuery().getType() << " and "
                       << dense.getValue().getType();
  double scale = dense.getScale().convertToDouble();
  if (!std::isfinite(scale) || scale <= 0)
    return fail(dense) << "requires a positive scale of the scores, but got "
                       << scale;
  return success();
}

static FailureOr<Wanted> readWanted(AttentionOp dense,
                                    const FormParameters &parameters) {
  Heads query{dense.getQuery(), dense.getQueryLayout()};
  Heads value{dense.getValue(), dense.getValueLayout()};
  Wanted wanted;
  wanted.width = query.size(3);
  wanted.valueWidth = value.size(3);
  wanted.heads = query.size(1);
  wanted.length = query.size(2);
  std::optional<int64_t> features = parameters.integerFrom(dense, "m", 1);
  std::optional<int64_t> seed = parameters.integerFrom(dense, "seed", 0);
  if (!features || !seed)
    return failure();
  if (*features > mostFeatures)
    return fail(dense) << "requires at most " << mostFeatures
                       << " for 'm', but got " << *features;
  wanted.features = *features;
  wanted.seed = *seed;
  if (failed(checkTypes(dense, wanted)))
    return failure();
  FailureOr<ScoreTerms> terms = ScoreTerms::read(dense);
  if (failed(terms))
    return failure();
  wanted.terms = std::move(*terms);
  wanted.causal = dense.getCausal();
  // Beside its own key, nothing that is hidden from a query has weight.
  std::optional<ToeplitzBias> &lags = wanted.terms.lags;
  wanted.causal |= lags && lags->hidesLater(hiddenBias);
  return wanted;
}

static Value constant(RewriterBase &rewriter, Location loc, int64_t rows,
                      ArrayRef<float> values) {
  auto type =
      RankedTensorType::get({rows, static_cast<int64_t>(values.size()) / rows},
                            rewriter.getF32Type());
  return arith::ConstantOp::create(rewriter, loc,
                                   DenseElementsAttr::get(type, values));
}

static FailureOr<Value> projectionOf(RewriterBase &rewriter, AttentionOp dense,
                                     const FormParameters &parameters,
                                     const Wanted &wanted) {
  if (!parameters.file("projection").empty())
    return parameters.weight(rewriter, dense, "projection", "projection",
                             {wanted.features, wanted.width});
  return constant(rewriter, dense.getLoc(), wanted.features,
                  orthogonalProjection(wanted.features, wanted.width,
                                       static_cast<uint64_t>(wanted.seed)));
}

/// The learned bias of a file, and its values.
static FailureOr<Value> learnedBias(RewriterBase &rewriter, AttentionOp dense,
                                    const FormParameters &parameters,
                                    Wanted &wanted) {
  if (wanted.terms.lags)
    return fail(dense) << "takes no 'bias' beside that of the model, which "
                          "depends on positions already";
  Heads key{dense.getKey(), dense.getKeyLayout()};
  if (ShapedType::isDynamic(wanted.length) || key.size(2) != wanted.length ||
      ShapedType::isDynamic(wanted.heads) || wanted.length < 1)
    return fail(dense) << "requires known numbers of heads and positions, as "
                          "many queries as keys, for 'bias' (fix them with "
                          "'--dim'), but got "
                       << dense.getQuery().getType() << " and "
                       << dense.getKey().getType();
  FailureOr<Value> bias = parameters.weight(
      rewriter, dense, "bias", "bias", {wanted.heads, 2 * wanted.length - 1});
  if (failed(bias))
    return failure();
  std::shared_ptr<TensorContents> contents = TensorContents::of(*bias);
  if (!contents)
    return fail(dense) << "cannot read the file of 'bias'";
  wanted.terms.lags.emplace(wanted.heads, wanted.length);
  for (auto [k, value] : llvm::enumerate(wanted.terms.lags->values)) {
    value = static_cast<float>(contents->number(k));
    if (std::isnan(value) || value == std::numeric_limits<float>::infinity())
      return fail(dense) << "requires a bias without NaN and below infinity, "
                            "but got "
                         << value << " in 'bias'";
  }
  return bias;
}

/// How sums over lags are taken, which a remark says.
static FailureOr<ProductMethod> chooseMethod(AttentionOp dense, StringRef word,
                                             const Wanted &wanted) {
  if (word == "blocks")
    return ProductMethod::direct;
  int64_t crossover =
      FftRpeOp::crossover(wanted.features, wanted.valueWidth, wanted.causal);
  bool isForced = word == "fft";
  bool isCheaper = crossover > 0 && wanted.length >= crossover;
  int64_t shortest = isForced ? 1 : std::max<int64_t>(crossover, 1);
  double share =
      wanted.terms.lags->leastShare(wanted.causal, headShare, shortest);
  bool hidesFirst = wanted.causal && wanted.terms.hasKeyBias();
  if (isForced && hidesFirst)
    return fail(dense)
           << "takes no sums by transforms where keys are hidden as the model "
              "runs and queries see earlier keys only: the rounding of rows "
              "that see many keys would drown rows that see few; use 'by=auto'";
  InFlightDiagnostic remark = emitRemark(dense.getLoc());
  remark
      << "form 'fft_rpe': with " << wanted.features << " features, "
      << "transforms cost less than blocks of queries from a length of about "
      << crossover << " on; ";
  if (isForced && share < leastExactShare)
    remark << "some queries see a share of " << share << " of e^bias only, "
           << "for which their rounding is large";
  else if (isForced || (isCheaper && share >= leastExactShare && !hidesFirst))
    remark << "sums over " << wanted.length << " keys are taken by transforms";
  else
    remark << "sums over " << wanted.length << " keys are taken by blocks";
  if (!isForced && isCheaper && (share < leastExactShare || hidesFirst))
    remark << ", as some queries may see a share of "
           << (hidesFirst ? 0 : share) << " of e^bias only";
  if (isForced)
    return ProductMethod::fourier;
  return isCheaper && share >= leastExactShare && !hidesFirst
             ? ProductMethod::automatic
             : ProductMethod::direct;
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  FailureOr<Wanted> wanted = readWanted(dense, parameters);
  if (failed(wanted))
    return failure();
  Value bias;
  if (!parameters.file("bias").empty()) {
    FailureOr<Value> learned =
        learnedBias(rewriter, dense, parameters, *wanted);
    if (failed(learned))
      return failure();
    bias = *learned;
  }
  FailureOr<ProductMethod> method = ProductMethod::automatic;
  if (wanted->terms.lags)
    method = chooseMethod(dense, parameters.choice("by"), *wanted);
  FailureOr<Value> projection = failure();
  if (succeeded(method))
    projection = projectionOf(rewriter, dense, parameters, *wanted);
  if (failed(projection))
    return failure();
  const ScoreTerms &terms = wanted->terms;
  if (terms.lags && !bias)
    bias = constant(rewriter, dense.getLoc(), terms.lags->heads,
                    terms.lags->values);
  Value keyBias =
      terms.hasKeyBias() ? terms.writeKeyBias(rewriter, dense) : Value();
  auto flag = [&](bool set) {
    return set ? rewriter.getUnitAttr() : UnitAttr();
  };
  rewriter.replaceOpWithNewOp<FftRpeOp>(
      dense, dense.getType(), dense.getQuery(), dense.getKey(),
      dense.getValue(), *projection, bias, keyBias, dense.getScaleAttr(),
      flag(parameters.flag("normalize")), flag(wanted->causal),
      flag(dense.getCausal() && dense.getTopLeft()),
      dense.getNanEmptyRowsAttr(),
      ProductMethodAttr::get(rewriter.getContext(), *method),
      dense.getQueryLayoutAttr(), dense.getKeyLayoutAttr(),
      dense.getValueLayoutAttr(), dense.getOutputLayoutAttr());
  return success();
}

Form fft_rpe_form() {
  using Kind = FormParameter::Kind;
  static constexpr llvm::StringLiteral ways[] = {"auto", "fft", "blocks"};
  static constexpr FormParameter parameters[] = {
      {"m", Kind::integer, 256,
       "random features of a head; the error falls with its square root"},
      {"seed", Kind::integer, 0,
       "of the random projection, which all heads share"},
      {"normalize", Kind::flag, 0,
       "divide queries and keys by their lengths, which a model must have been "
       "trained for"},
      {"by", Kind::choice, 0,
       "how sums with a bias are taken: fft, by transforms; blocks, a block of "
       "queries after the other; auto, as is cheaper and exact in f32",
       ways},
      {"bias", Kind::file, 0,
       "learned biases 'bias' of H x (2 L - 1), by head and j - i + L - 1, for "
       "a model without one"},
      {"projection", Kind::file, 0,
       "the projection 'projection' of m x D, instead of a random one"}};
  return {"fft_rpe",
          "attention with positive random features and a bias of relative "
          "positions, by Fourier transforms; a row without keys gives 0, or "
          "NaN where the model's softmax does",
          "Luo et al. (2021), Stable, Fast and Accurate: Kernelized Attention "
          "with Relative Positional Encoding",
          parameters, rewrite};
}

} // namespace attune::attn
