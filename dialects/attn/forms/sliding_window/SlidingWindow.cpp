// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Mask.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> window = parameters.integerFrom(dense, "window", 1),
                         sinks = parameters.integerFrom(dense, "sinks", 0),
                         dilation =
                             parameters.integerFrom(dense, "dilation", 1);
  if (!window || !sinks || !dilation)
    return failure();
  // A causal query sees none of the keys on the right, whatever the set says.
  MLIRContext *context = rewriter.getContext();
  SmallVector<IntegerSet> sets = {windowSet(context, *window - 1, *dilation)};
  if (*sinks > 0)
    sets.push_back(firstKeys(context, *sinks));
  restrictTo(rewriter, dense, sets);
  return success();
}

/// A window that reaches from the last position to the first hides nothing.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  std::optional<int64_t> longest = longestOf(dense);
  return longest && parameters.integer("window") >= *longest &&
         parameters.integer("dilation") == 1;
}

Form sliding_window_form() {
  static constexpr FormParameter parameters[] = {
      {"window", FormParameter::Kind::integer, 256,
       "keys that a causal query sees, its own included; as many on either "
       "side without a causal mask"},
      {"sinks", FormParameter::Kind::integer, 0,
       "first keys of the sequence, which stay visible"},
      {"dilation", FormParameter::Kind::integer, 1,
       "distance of the keys in the window from each other"}};
  return {"sliding_window",
          "softmax over a window of keys around the query, and the first keys",
          "Beltagy, Peters, Cohan (2020), Longformer: The Long-Document "
          "Transformer; Xiao et al. (2023), Efficient Streaming Language "
          "Models with Attention Sinks",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
