// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/BlockLists.h"
#include "dialects/attn/forms/seer/Gate.h"

using namespace mlir;

namespace attune::attn {

/// Lists for every block of queries have room for all blocks of keys only
/// where they may need it.
static int64_t capacityOf(AttentionOp dense, const SeerRules &rules,
                          RankedTensorType mask) {
  int64_t keys = mask.getDimSize(3);
  if (ShapedType::isDynamic(keys) || rules.ratio == 0 || rules.lastDense > 0)
    return keys;
  int64_t chosen = BlockGateOp::countOf(rules.ratio, dense.getCausal(), keys);
  // Queries that begin inside of a block of keys reach into one more.
  int64_t own = rules.ownBlock ? 2 : 0;
  return std::min(keys, chosen + own);
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<SeerRules> rules = readSeerRules(dense, parameters);
  if (!rules)
    return failure();
  FailureOr<SeerWeights> weights =
      readSeerWeights(rewriter, dense, parameters, *rules);
  if (failed(weights))
    return failure();
  Value mask = seerMask(rewriter, dense, *rules, *weights);
  int64_t capacity =
      capacityOf(dense, *rules, cast<RankedTensorType>(mask.getType()));
  restrictToBlocks(rewriter, dense, mask, rules->block, capacity);
  return success();
}

/// Whether every block is listed, whatever the gate says.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  double ratio = parameters.number("ratio");
  double threshold = parameters.number("threshold");
  if (ratio > 0 ? ratio >= 1 : threshold < 0)
    return true;
  std::optional<int64_t> longest = longestOf(dense);
  int64_t block = parameters.integer("block");
  if (!longest || block < 1)
    return false;
  int64_t blocks = llvm::divideCeil(*longest, block);
  // All keys in one block, whose probability is 1, or all queries in the last.
  return (block >= *longest && (ratio > 0 || threshold < 1)) ||
         parameters.integer("last_dense") >= blocks;
}

Form seer_form() {
  using Kind = FormParameter::Kind;
  static constexpr FormParameter parameters[] = {
      {"block", Kind::integer, 64, "positions of a block"},
      {"threshold", Kind::number, 2e-3,
       "a block is seen if its probability is above"},
      {"ratio", Kind::number, 0,
       "share of the blocks that is seen, those of the largest probability, "
       "instead of a threshold"},
      {"last_dense", Kind::integer, 2, "last blocks of queries, which see all"},
      {"own_block", Kind::flag, 1, "every query sees the block it is in"},
      {"gate", Kind::file, 0,
       "weights of the gate, attn_gate.mask_linear_k.weight [heads, pools * "
       "width, gate_width] and, with query_weights, "
       "attn_gate.mask_linear_q.weight; without them, blocks are compared by "
       "the means of their queries and keys"},
      {"query_weights", Kind::flag, 0,
       "the gate has weights for queries, and those for keys have their heads; "
       "otherwise they have those of queries"},
      {"gate_width", Kind::integer, 0,
       "width of the gate's heads; 0: that of the model's"},
      {"query_pools", Kind::choice, 0,
       "what a learned gate takes of blocks of queries", seerPools},
      {"key_pools", Kind::choice, 3,
       "what a learned gate takes of blocks of keys", seerPools},
      {"rotary", Kind::flag, 1,
       "a learned gate pools before rotary positions, and turns blocks by the "
       "position of their first element"}};
  return {"seer",
          "softmax over blocks of keys that a gate of pooled queries and keys "
          "chooses",
          "Gao et al. (2024), SeerAttention: Learning Intrinsic Sparse "
          "Attention in Your LLMs",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
