// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Mask.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> window = parameters.integerFrom(dense, "window", 0),
                         globals = parameters.integerFrom(dense, "global", 0),
                         dilation =
                             parameters.integerFrom(dense, "dilation", 1);
  if (!window || !globals || !dilation)
    return failure();
  MLIRContext *context = rewriter.getContext();
  SmallVector<IntegerSet> sets = {windowSet(context, *window, *dilation)};
  if (*globals > 0)
    sets.append(
        {firstKeys(context, *globals), firstQueries(context, *globals)});
  restrictTo(rewriter, dense, sets);
  return success();
}

/// A window that reaches from the last position to the first hides nothing.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  std::optional<int64_t> longest = longestOf(dense);
  return longest && parameters.integer("window") >= *longest - 1 &&
         parameters.integer("dilation") == 1;
}

Form longformer_form() {
  static constexpr FormParameter parameters[] = {
      {"window", FormParameter::Kind::integer, 256,
       "keys that a query sees on either side of its own"},
      {"global", FormParameter::Kind::integer, 1,
       "first positions, which see all keys and which all queries see; with "
       "the ordinary projections"},
      {"dilation", FormParameter::Kind::integer, 1,
       "distance of the keys in the window from each other"}};
  return {"longformer",
          "softmax over a window of keys and a few global positions",
          "Beltagy, Peters, Cohan (2020), Longformer: The Long-Document "
          "Transformer",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
