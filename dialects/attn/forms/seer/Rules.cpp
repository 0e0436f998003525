// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "dialects/attn/forms/seer/Gate.h"

using namespace mlir;

namespace attune::attn {

std::optional<SeerRules> readSeerRules(AttentionOp dense,
                                       const FormParameters &parameters) {
  std::optional<int64_t> block = parameters.integerFrom(dense, "block", 1),
                         last = parameters.integerFrom(dense, "last_dense", 0),
                         width = parameters.integerFrom(dense, "gate_width", 0);
  if (!block || !last || !width)
    return std::nullopt;
  double threshold = parameters.number("threshold");
  double ratio = parameters.number("ratio");
  if (!std::isfinite(threshold) || !(ratio >= 0 && ratio <= 1)) {
    dense.emitError("form 'seer' requires a finite threshold and a ratio of 0 "
                    "to 1, but got ")
        << threshold << " and " << ratio;
    return std::nullopt;
  }
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  Heads k{dense.getKey(), dense.getKeyLayout()};
  int64_t known[] = {q.size(1), k.size(1), q.size(3)};
  if (llvm::any_of(known, ShapedType::isDynamic) ||
      !getElementTypeOrSelf(q.tensor).isF32() ||
      !getElementTypeOrSelf(k.tensor).isF32()) {
    dense.emitError("form 'seer' requires queries and keys of f32 with known "
                    "heads and width, but got ")
        << q.tensor.getType() << " and " << k.tensor.getType();
    return std::nullopt;
  }
  SeerRules rules{*block,    *last, *width ? *width : q.size(3),
                  threshold, ratio, parameters.flag("own_block")};
  if (parameters.file("gate").empty())
    return rules;
  for (auto [name, pools] : {std::pair("query_pools", &rules.queryPools),
                             std::pair("key_pools", &rules.keyPools)}) {
    pools->clear();
    parameters.choice(name).split(*pools, '_');
  }
  return rules;
}

/// Finds the rotary positions of queries and keys.
static LogicalResult findRotary(AttentionOp dense, const SeerRules &rules,
                                SeerWeights &weights) {
  weights.queryRotary = dense.getQuery().getDefiningOp<RotaryOp>();
  weights.keyRotary = dense.getKey().getDefiningOp<RotaryOp>();
  if (!weights.queryRotary || !weights.keyRotary)
    return dense.emitError(
        "form 'seer' requires queries and keys from rotary positions, for a "
        "gate that pools before them, but none were recognised; with "
        "'rotary=false' it pools them as they are");
  int64_t width =
      AttentionOp::logicalSize(dense.getQuery(), dense.getQueryLayout(), 3);
  if (rules.gateWidth != width)
    return dense.emitError("form 'seer' requires a gate of the heads' width ")
           << width << " to turn by their rotary positions, but got "
           << rules.gateWidth;
  return success();
}

FailureOr<SeerWeights> readSeerWeights(RewriterBase &rewriter,
                                       AttentionOp dense,
                                       const FormParameters &parameters,
                                       const SeerRules &rules) {
  SeerWeights weights;
  if (parameters.file("gate").empty())
    return weights;
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  Heads k{dense.getKey(), dense.getKeyLayout()};
  bool ofQueries = parameters.flag("query_weights");
  auto pooled = [&](ArrayRef<StringRef> pools) {
    return static_cast<int64_t>(pools.size()) * q.size(3);
  };
  if (!ofQueries && pooled(rules.queryPools) != rules.gateWidth)
    return dense.emitError("form 'seer' requires query_weights=true, one pool "
                           "of queries and a gate of their width, but got ")
           << rules.queryPools.size() << " of width " << q.size(3)
           << " for a gate of width " << rules.gateWidth;
  if (parameters.flag("rotary") && failed(findRotary(dense, rules, weights)))
    return failure();
  auto load = [&](StringRef name, int64_t heads, int64_t rows) {
    return parameters.weight(rewriter, dense, "gate", name,
                             {heads, rows, rules.gateWidth});
  };
  FailureOr<Value> keys =
      load("attn_gate.mask_linear_k.weight", ofQueries ? k.size(1) : q.size(1),
           pooled(rules.keyPools));
  if (failed(keys))
    return failure();
  weights.keys = *keys;
  if (!ofQueries)
    return weights;
  FailureOr<Value> queries = load("attn_gate.mask_linear_q.weight", q.size(1),
                                  pooled(rules.queryPools));
  if (failed(queries)) {
    rewriter.eraseOp(keys->getDefiningOp());
    return failure();
  }
  weights.queries = *queries;
  return weights;
}

} // namespace attune::attn
