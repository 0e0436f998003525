// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/FeatureForms.h"

using namespace mlir;

namespace attune::attn {

LogicalResult checkUnmasked(AttentionOp dense, StringRef form) {
  if (dense.getMask())
    return dense.emitError("form '")
           << form
           << "' sums over all keys or all earlier ones, so it cannot take the "
              "place of an attention with another mask; leave this layer dense "
              "with '@layers='";
  return success();
}

FailureOr<int64_t> widthForFeatures(AttentionOp dense, StringRef form) {
  if (failed(checkUnmasked(dense, form)))
    return failure();
  int64_t width =
      AttentionOp::logicalSize(dense.getQuery(), dense.getQueryLayout(), 3);
  if (ShapedType::isDynamic(width))
    return dense.emitError("form '")
           << form << "' requires a known width of the heads, but got "
           << dense.getQuery().getType();
  double scale = dense.getScale().convertToDouble();
  if (!std::isfinite(scale) || scale <= 0)
    return dense.emitError("form '")
           << form << "' requires a positive scale of the scores, but got "
           << scale;
  return width;
}

void replaceByFeatures(RewriterBase &rewriter, AttentionOp dense,
                       const ScoreFeatures &features,
                       const VisibleKeys &visible) {
  double scale = std::sqrt(dense.getScale().convertToDouble());
  auto made = [&](Value input, DenseI64ArrayAttr layout, bool isKey) -> Value {
    return FeaturesOp::create(
        rewriter, dense.getLoc(), features.map, input, features.projection,
        features.count, scale, features.eps,
        isKey && features.map == FeatureMap::positive, layout);
  };
  Value query = made(dense.getQuery(), dense.getQueryLayoutAttr(), false);
  Value key = made(dense.getKey(), dense.getKeyLayoutAttr(), true);
  auto flag = [&](bool set) {
    return set ? rewriter.getUnitAttr() : UnitAttr();
  };
  rewriter.replaceOpWithNewOp<LinearOp>(
      dense, dense.getType(), /*state=*/Type(), /*sum=*/Type(),
      NormaliserAttr::get(rewriter.getContext(), Normaliser::sum), query, key,
      dense.getValue(), visible.bytes, /*past_state=*/Value(),
      /*past_sum=*/Value(), rewriter.getF64FloatAttr(0), dense.getCausalAttr(),
      dense.getCausal() ? dense.getTopLeftAttr() : UnitAttr(),
      flag(visible.nanEmptyRows), flag(visible.meanEmptyRows), visible.map,
      /*schedule=*/ScheduleAttr(), dense.getQueryLayoutAttr(),
      dense.getKeyLayoutAttr(), dense.getValueLayoutAttr(),
      dense.getOutputLayoutAttr());
}

} // namespace attune::attn
