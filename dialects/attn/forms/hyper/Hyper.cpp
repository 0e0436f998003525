// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "dialects/attn/forms/hyper/Parts.h"

using namespace mlir;

namespace attune::attn {

/// Constants of more samples would be larger than most weights.
static constexpr int64_t mostSamples = 65536;

static std::optional<HyperRules> readRules(AttentionOp dense,
                                           const FormParameters &parameters) {
  std::optional<int64_t> block = parameters.integerFrom(dense, "block", 1),
                         samples = parameters.integerFrom(dense, "samples", 0),
                         planes = parameters.integerFrom(dense, "planes", 1),
                         least = parameters.integerFrom(dense, "least", 1),
                         seed = parameters.integerFrom(dense, "seed", 0);
  if (!block || !samples || !planes || !least || !seed)
    return std::nullopt;
  // One code more than the planes give is that of queries that are not there.
  if (*planes > 30 || *samples > mostSamples) {
    dense.emitError("form 'hyper' requires at most 30 planes and ")
        << mostSamples << " samples, but got " << *planes << " and "
        << *samples;
    return std::nullopt;
  }
  return HyperRules{*block, *samples, *planes, *least, *seed};
}

/// Keys are looked up by what they hash to and not by where they stand.
static LogicalResult checkScores(AttentionOp dense) {
  if (dense.isScoreIdentity() && !dense.getMask())
    return success();
  return dense.emitError(
      "form 'hyper' chooses keys by their products with queries alone, so it "
      "cannot take the place of an attention with a mask or bias on its "
      "scores; export the model without its attention mask, or leave this "
      "layer dense with '@layers='");
}

/// What parts need to know when they are written.
static LogicalResult checkSizes(AttentionOp dense) {
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  Heads k{dense.getKey(), dense.getKeyLayout()};
  Heads v{dense.getValue(), dense.getValueLayout()};
  int64_t known[] = {q.size(1), q.size(2), q.size(3), k.size(1),
                     k.size(2), v.size(1), v.size(3)};
  bool isKnown = llvm::none_of(known, ShapedType::isDynamic);
  for (Value operand : {q.tensor, k.tensor, v.tensor})
    isKnown &= getElementTypeOrSelf(operand).isF32();
  if (!isKnown || k.size(1) != v.size(1))
    return dense.emitError("form 'hyper' requires f32 of known heads, lengths "
                           "and widths, as many heads of values as of keys, "
                           "but got ")
           << q.tensor.getType() << ", " << k.tensor.getType() << " and "
           << v.tensor.getType()
           << "; export the model for one length, or leave this layer dense "
              "with '@layers='";
  if (dense.getCausal() && q.size(2) != k.size(2))
    return dense.emitError("form 'hyper' requires as many queries as keys "
                           "where attention is causal, but got ")
           << q.size(2) << " and " << k.size(2);
  return success();
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<HyperRules> rules = readRules(dense, parameters);
  if (!rules || failed(checkScores(dense)) || failed(checkSizes(dense)))
    return failure();
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  int64_t length = q.size(2);
  int64_t keys = Heads{dense.getKey(), dense.getKeyLayout()}.size(2);
  bool isShort =
      dense.getCausal() ? length <= rules->least : length < rules->least;
  if (isShort || keys == 0)
    return success();
  HyperParts parts(rewriter, dense, *rules);
  SmallVector<HyperResult> results;
  if (dense.getCausal()) {
    int64_t levels = hyperLevels(length, rules->least);
    results.push_back(parts.leaves(llvm::divideCeil(length, 1LL << levels)));
    for (const HyperPart &part : hyperParts(length, levels))
      results.push_back(parts.meet(part));
  } else {
    results.push_back(parts.meet({1, length, keys, 0, 0}));
  }
  parts.finish(rewriter, results);
  return success();
}

/// Short sequences stay dense, and one block is all of them.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  std::optional<int64_t> longest = longestOf(dense);
  if (!longest)
    return false;
  int64_t least = parameters.integer("least");
  int64_t queries =
      AttentionOp::logicalSize(dense.getQuery(), dense.getQueryLayout(), 2);
  if (dense.getCausal() ? queries <= least : queries < least)
    return true;
  int64_t keys =
      AttentionOp::logicalSize(dense.getKey(), dense.getKeyLayout(), 2);
  if (dense.getCausal())
    keys =
        hyperParts(queries, hyperLevels(queries, std::max<int64_t>(least, 1)))
            .front()
            .keys;
  return parameters.integer("block") >= keys;
}

Form hyper_form() {
  using Kind = FormParameter::Kind;
  static constexpr FormParameter parameters[] = {
      {"block", Kind::integer, 256,
       "keys that a block of queries sees, in the order of their codes"},
      {"samples", Kind::integer, 256,
       "keys that stand for those of the other blocks, for each head"},
      {"planes", Kind::integer, 7, "random planes of a code"},
      {"least", Kind::integer, 4096,
       "shorter sequences, and halves of causal ones, are dense"},
      {"seed", Kind::integer, 0, "of planes and samples"}};
  return {"hyper",
          "softmax over keys that hash as the query does, and a sample of the "
          "others, in near linear time",
          "Han, Jayaram, Karbasi, Mirrokni, Woodruff, Zandieh (2023), "
          "HyperAttention: Long-context Attention in Near-Linear Time",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
