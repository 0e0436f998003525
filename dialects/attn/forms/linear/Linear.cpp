// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/FeatureForms.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static bool isEps(double eps) { return std::isfinite(eps) && eps >= 0; }

LogicalResult LinearTransformerOp::verify() {
  Heads q{getQuery(), getQueryLayout()}, k{getKey(), getKeyLayout()};
  Heads v{getValue(), getValueLayout()}, o{getResult(), getOutputLayout()};
  // C1, C2, C3
  if (failed(verifyAttentionHeads(*this, {q, k, v, o})))
    return failure();
  // C4
  double eps = getEps().convertToDouble();
  if (!isEps(eps))
    return emitOpError("requires a finite eps of at least 0, but got ") << eps;
  // C5
  if (getTopLeft() && !getCausal())
    return emitOpError("requires 'causal' beside 'top_left'");
  // C6
  if (failed(verifyVisible(*this, getVisible(), getVisibleMapAttr(), q, k)))
    return failure();
  // C7
  if (getNanEmptyRows() && getMeanEmptyRows())
    return emitOpError("requires one of 'nan_empty_rows' and "
                       "'mean_empty_rows', but got both");
  return success();
}

LogicalResult
LinearTransformerOp::reifyResultShapes(OpBuilder &builder,
                                       ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reifyHeads(builder, getLoc(), {getQuery(), getQueryLayout()},
                              {getValue(), getValueLayout()},
                              getOutputLayout()));
  return success();
}

/// Each head's two products with its state, and an exponential of some 20
/// operations for each element of queries and keys.
Cost LinearTransformerOp::getCost(int64_t size) {
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  Heads q{getQuery(), getQueryLayout()}, v{getValue(), getValueLayout()};
  double heads = known(q.size(0)) * known(q.size(1));
  double positions = known(q.size(2)) + known(v.size(2));
  double width = known(q.size(3)), valueWidth = known(v.size(3));
  Cost cost;
  cost.flops = heads * positions * width * (2 * valueWidth + 2 + 20);
  cost.bytes = bytesOf({getQuery(), getKey(), getValue(), getResult()}, size) +
               4 * heads * width * (valueWidth + 1);
  return cost;
}

LogicalResult LinearTransformerOp::decompose(RewriterBase &rewriter) {
  auto features = [&](Value x) -> Value {
    return FeaturesOp::create(rewriter, getLoc(), FeatureMap::elu1, x);
  };
  Value query = features(getQuery()), key = features(getKey());
  rewriter.replaceOpWithNewOp<LinearOp>(
      *this, getType(), /*state=*/Type(), /*sum=*/Type(),
      NormaliserAttr::get(getContext(), Normaliser::sum), query, key,
      getValue(), getVisible(), /*past_state=*/Value(), /*past_sum=*/Value(),
      getEpsAttr(), getCausalAttr(), getTopLeftAttr(), getNanEmptyRowsAttr(),
      getMeanEmptyRowsAttr(), getVisibleMapAttr(), /*schedule=*/ScheduleAttr(),
      getQueryLayoutAttr(), getKeyLayoutAttr(), getValueLayoutAttr(),
      getOutputLayoutAttr());
  return success();
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  double eps = parameters.number("eps");
  if (!isEps(eps))
    return dense.emitError("form 'linear' requires a finite eps of at least 0, "
                           "but got ")
           << eps;
  if (failed(checkUnmasked(dense, "linear")))
    return failure();
  FailureOr<VisibleKeys> visible = visibleKeys(rewriter, dense, "linear");
  if (failed(visible))
    return failure();
  auto flag = [&](bool set) {
    return set ? rewriter.getUnitAttr() : UnitAttr();
  };
  rewriter.replaceOpWithNewOp<LinearTransformerOp>(
      dense, dense.getType(), dense.getQuery(), dense.getKey(),
      dense.getValue(), visible->bytes, rewriter.getF64FloatAttr(eps),
      dense.getCausalAttr(),
      dense.getCausal() ? dense.getTopLeftAttr() : UnitAttr(),
      flag(visible->nanEmptyRows), flag(visible->meanEmptyRows), visible->map,
      dense.getQueryLayoutAttr(), dense.getKeyLayoutAttr(),
      dense.getValueLayoutAttr(), dense.getOutputLayoutAttr());
  return success();
}

Form linear_form() {
  static constexpr FormParameter parameters[] = {
      {"eps", FormParameter::Kind::number, 1e-6,
       "added to the sum of a row's weights"}};
  return {"linear", "attention with the features elu(x) + 1, in linear time",
          "Katharopoulos, Vyas, Pappas, Fleuret (2020), Transformers are RNNs: "
          "Fast Autoregressive Transformers with Linear Attention",
          parameters, rewrite};
}

} // namespace attune::attn
