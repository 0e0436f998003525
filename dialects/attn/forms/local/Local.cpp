// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Mask.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> block = parameters.integerFrom(dense, "block", 1),
                         back = parameters.integerFrom(dense, "back", 0),
                         forward = parameters.integerFrom(dense, "forward", 0);
  if (!block || !back || !forward)
    return failure();
  MLIRContext *context = rewriter.getContext();
  AffineExpr own = getAffineDimExpr(0, context).floorDiv(*block);
  AffineExpr other = getAffineDimExpr(1, context).floorDiv(*block);
  SmallVector<AffineExpr> constraints = {own - other + *forward,
                                         other - own + *back};
  restrictTo(rewriter, dense,
             IntegerSet::get(2, 0, constraints, {false, false}));
  return success();
}

/// One block of all positions hides nothing, unless the first queries stand
/// before the first key.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  std::optional<int64_t> longest = longestOf(dense);
  int64_t keys =
      AttentionOp::logicalSize(dense.getKey(), dense.getKeyLayout(), 2);
  return longest && parameters.integer("block") >= *longest &&
         (keys == *longest || dense.getTopLeft());
}

Form local_form() {
  static constexpr FormParameter parameters[] = {
      {"block", FormParameter::Kind::integer, 64,
       "positions of a block; the last one may be shorter"},
      {"back", FormParameter::Kind::integer, 0,
       "blocks before its own that a query sees"},
      {"forward", FormParameter::Kind::integer, 0,
       "blocks behind its own that a query sees"}};
  return {"local",
          "softmax over the keys of the query's block and its neighbours",
          "Tay et al. (2020), Long Range Arena: A Benchmark for Efficient "
          "Transformers",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
