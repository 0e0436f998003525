// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/FeatureForms.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

/// What linear attention takes, and what the form is meant for.
static constexpr int64_t widestHead = 128, usualHead = 32;

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &) {
  FailureOr<int64_t> width = widthForFeatures(dense, "based");
  if (failed(width))
    return failure();
  int64_t count = FeaturesOp::countTaylor(*width);
  if (*width > widestHead)
    return dense.emitError("form 'based' requires heads of a width of at most ")
           << widestHead << ", but got " << *width;
  FailureOr<VisibleKeys> visible = visibleKeys(rewriter, dense, "based");
  if (failed(visible))
    return failure();
  if (*width > usualHead)
    emitRemark(dense.getLoc())
        << "form 'based' makes " << count << " features of heads of width "
        << *width << ", and its error grows with the third power of the "
        << "scores: it is meant for widths of at most " << usualHead;
  replaceByFeatures(rewriter, dense,
                    {FeatureMap::taylor2, Value(), count, /*eps=*/0}, *visible);
  return success();
}

Form based_form() {
  return {"based",
          "attention with weights 1 + s + s^2 / 2 of scores s, in linear time",
          "Arora et al. (2024), Simple linear attention language models "
          "balance the recall-throughput tradeoff",
          {},
          rewrite};
}

} // namespace attune::attn
