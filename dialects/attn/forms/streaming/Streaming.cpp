// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Mask.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> sink = parameters.integerFrom(dense, "sink", 0),
                         recent = parameters.integerFrom(dense, "recent", 1);
  if (!sink || !recent)
    return failure();
  // Without it a query would see keys to come, which no stream has.
  if (!dense.getCausal())
    return dense.emitError("form 'streaming' requires causal attention; use "
                           "'sliding_window' for a window on both sides");
  MLIRContext *context = rewriter.getContext();
  SmallVector<IntegerSet> sets = {windowSet(context, *recent - 1, 1)};
  if (*sink > 0)
    sets.push_back(firstKeys(context, *sink));
  restrictTo(rewriter, dense, sets);
  return success();
}

/// Nothing is hidden if the last position still sees the first.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  std::optional<int64_t> longest = longestOf(dense);
  return longest &&
         parameters.integer("recent") >= *longest - parameters.integer("sink");
}

Form streaming_form() {
  static constexpr FormParameter parameters[] = {
      {"sink", FormParameter::Kind::integer, 64,
       "first keys of the sequence, which stay visible"},
      {"recent", FormParameter::Kind::integer, 256,
       "last keys that a query sees, its own included"}};
  return {"streaming",
          "softmax over the first and the last keys, for the heads that need "
          "no others; choose them by '@heads='",
          "Xiao et al. (2024), DuoAttention: Efficient Long-Context LLM "
          "Inference with Retrieval and Streaming Heads",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
