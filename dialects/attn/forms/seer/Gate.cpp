// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/seer/Gate.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"

using namespace mlir;

namespace attune::attn {

namespace {

/// Writes what stands before a gate.
struct Pooling : Tensors {
  Pooling(RewriterBase &rewriter, AttentionOp dense, const SeerRules &rules)
      : Tensors(dense.getLoc(), rewriter), dense(dense), rules(rules) {}

  Value pool(Heads x, ArrayRef<StringRef> kinds);
  Value repeat(Value pooled, int64_t heads);
  Value project(Value pooled, Value weight);
  Value everyBlock(Value angles, unsigned dim);
  Value turn(Value pooled, RotaryOp like, ArrayRef<int64_t> layout);
  Value offset();

  AttentionOp dense;
  const SeerRules &rules;
};

} // namespace

/// Blocks of positions, `batch x heads x blocks x width`.
Value Pooling::pool(Heads x, ArrayRef<StringRef> kinds) {
  int64_t blocks = x.size(2);
  if (!ShapedType::isDynamic(blocks))
    blocks = llvm::divideCeil(blocks, rules.block);
  int64_t shape[] = {x.size(0), x.size(1), blocks,
                     static_cast<int64_t>(kinds.size()) * x.size(3)};
  return PoolOp::create(*this, RankedTensorType::get(shape, getF32Type()),
                        getStrArrayAttr(kinds), x.tensor, rules.block,
                        x.layout);
}

/// As many heads as asked for, a multiple of those that there are.
Value Pooling::repeat(Value pooled, int64_t heads) {
  int64_t group = heads / typeOf(pooled).getDimSize(1);
  if (group == 1)
    return pooled;
  SmallVector<OpFoldResult> all = sizes(pooled);
  all[1] = getIndexAttr(heads);
  return compute(all, getF32Type(),
                 [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) {
                   Value by = arith::ConstantIndexOp::create(b, group);
                   Value head = arith::DivUIOp::create(b, at[1], by);
                   return elementAt(b, pooled, {at[0], head, at[2], at[3]});
                 });
}

/// The product of each head with its weights.
Value Pooling::project(Value pooled, Value weight) {
  ArrayRef<int64_t> shape = typeOf(weight).getShape();
  pooled = repeat(pooled, shape[0]);
  SmallVector<OpFoldResult> all = sizes(pooled);
  all[3] = getIndexAttr(shape[2]);
  AffineExpr b, h, u, g, c;
  bindDims(getContext(), b, h, u, g, c);
  AffineMap maps[] = {AffineMap::get(5, 0, {b, h, u, c}, getContext()),
                      AffineMap::get(5, 0, {h, c, g}, getContext()),
                      AffineMap::get(5, 0, {b, h, u, g}, getContext())};
  return generic({pooled, weight}, filled(all, getF32Type(), 0), maps, 4,
                 [](ImplicitLocOpBuilder &inner, ValueRange x) {
                   Value product = arith::MulFOp::create(inner, x[0], x[1]);
                   return SmallVector<Value>{
                       arith::AddFOp::create(inner, x[2], product)};
                 })
      .front();
}

/// The angles of the first position of each block along dimension `dim`.
Value Pooling::everyBlock(Value angles, unsigned dim) {
  SmallVector<OpFoldResult> taken = sizes(angles);
  SmallVector<OpFoldResult> starts(taken.size(), getIndexAttr(0));
  SmallVector<OpFoldResult> steps(taken.size(), getIndexAttr(1));
  taken[dim] = ceilDiv(taken[dim], rules.block);
  steps[dim] = getIndexAttr(rules.block);
  return tensor::ExtractSliceOp::create(*this, angles, starts, taken, steps);
}

/// Rotary positions of blocks, as `like` gives them to positions, which lie in
/// memory as `layout` says.
Value Pooling::turn(Value pooled, RotaryOp like, ArrayRef<int64_t> layout) {
  Value cos = like.getCos(), sin = like.getSin();
  SmallVector<AffineExpr> found(like.getAngleMap().getResults());
  for (auto [dim, expr] : llvm::enumerate(found)) {
    auto from = dyn_cast<AffineDimExpr>(expr);
    if (!from)
      continue;
    int64_t logical = layout[from.getPosition()];
    expr = getAffineDimExpr(logical);
    if (logical != 2)
      continue;
    cos = everyBlock(cos, dim);
    sin = everyBlock(sin, dim);
  }
  return RotaryOp::create(
      *this, pooled.getType(), pooled, cos, sin,
      AffineMapAttr::get(AffineMap::get(3, 0, found, getContext())),
      like.getInterleavedAttr());
}

/// How far queries are behind their rows; null if they are not.
Value Pooling::offset() {
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  Heads k{dense.getKey(), dense.getKeyLayout()};
  bool same = !ShapedType::isDynamic(q.size(2)) && q.size(2) == k.size(2);
  if (same || dense.getTopLeft() || (!dense.getCausal() && !rules.ownBlock))
    return {};
  Value keys = toIndex(size(k.tensor, k.position(2)));
  Value queries = toIndex(size(q.tensor, q.position(2)));
  return createOrFold<arith::SubIOp>(keys, queries);
}

Value seerMask(RewriterBase &rewriter, AttentionOp dense,
               const SeerRules &rules, const SeerWeights &weights) {
  Pooling b(rewriter, dense, rules);
  auto take = [&](Value x, ArrayRef<int64_t> layout, RotaryOp rotary,
                  ArrayRef<StringRef> pools, Value weight) {
    Value pooled = b.pool({rotary ? rotary.getInput() : x, layout}, pools);
    if (weight)
      pooled = b.project(pooled, weight);
    return rotary ? b.turn(pooled, rotary, layout) : pooled;
  };
  Value query = take(dense.getQuery(), dense.getQueryLayout(),
                     weights.queryRotary, rules.queryPools, weights.queries);
  Value key = take(dense.getKey(), dense.getKeyLayout(), weights.keyRotary,
                   rules.keyPools, weights.keys);
  double scale = weights.keys
                     ? 1 / std::sqrt(static_cast<double>(rules.gateWidth))
                     : dense.getScale().convertToDouble();
  auto type = cast<RankedTensorType>(query.getType());
  int64_t shape[] = {type.getDimSize(0), type.getDimSize(1), type.getDimSize(2),
                     cast<RankedTensorType>(key.getType()).getDimSize(2)};
  auto gate = BlockGateOp::create(
      b, RankedTensorType::get(shape, b.getI1Type()), query, key, b.offset(),
      b.getI64IntegerAttr(rules.block), b.getF64FloatAttr(scale),
      rules.ratio > 0 ? FloatAttr() : b.getF64FloatAttr(rules.threshold),
      rules.ratio > 0 ? b.getF64FloatAttr(rules.ratio) : FloatAttr(),
      b.getI64IntegerAttr(rules.lastDense),
      rules.ownBlock ? b.getUnitAttr() : UnitAttr(), dense.getCausalAttr());
  return gate.getMask();
}

} // namespace attune::attn
