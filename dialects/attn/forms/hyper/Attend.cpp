// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/RandomFeatures.h"
#include "dialects/attn/forms/hyper/Parts.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace attune::attn {

/// What an attention has besides queries, keys and values.
struct HyperCall {
  bool isWhole = false; ///< of `dense` as it lies, with its causal mask
  ArrayAttr mask;
  Value counts, blocks;
  int64_t queryBlock = 0, keyBlock = 0;
  /// Added to scores, and numbers of blocks of queries and of keys: where they
  /// are equal, a key is hidden.
  double added = 0;
  Value blockOfQuery, blockOfKey;
};

/// Maps from (b, h, i, j) to the numbers of blocks.
static ArrayAttr mapsOf(OpBuilder &builder, const HyperCall &call) {
  if (!call.blockOfQuery)
    return builder.getAffineMapArrayAttr({});
  AffineExpr b, h, i, j;
  bindDims(builder.getContext(), b, h, i, j);
  return builder.getAffineMapArrayAttr(
      {AffineMap::get(4, 0, {i}, builder.getContext()),
       AffineMap::get(4, 0, {h, j}, builder.getContext())});
}

static void writeScore(ImplicitLocOpBuilder &b, Region &region,
                       const HyperCall &call) {
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&region);
  Value score = body->addArgument(b.getF32Type(), b.getLoc());
  if (call.blockOfQuery) {
    Value own = body->addArgument(b.getI32Type(), b.getLoc());
    Value other = body->addArgument(b.getI32Type(), b.getLoc());
    auto constant = [&](double value) -> Value {
      return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
    };
    Value isOwn =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, own, other);
    Value sum = arith::AddFOp::create(b, score, constant(call.added));
    score = arith::SelectOp::create(
        b, isOwn, constant(-std::numeric_limits<double>::infinity()), sum);
  }
  YieldOp::create(b, score);
}

HyperResult HyperParts::attend(ValueRange heads, const HyperCall &call) {
  int64_t rank[] = {0, 1, 2, 3};
  auto layout = [&](ArrayRef<int64_t> ofDense) {
    return getDenseI64ArrayAttr(call.isWhole ? ofDense : ArrayRef(rank));
  };
  DenseI64ArrayAttr layouts[] = {
      layout(dense.getQueryLayout()), layout(dense.getKeyLayout()),
      layout(dense.getValueLayout()), layout(dense.getOutputLayout())};
  Heads q{heads[0], layouts[0]}, v{heads[2], layouts[2]};
  int64_t rows[] = {q.size(0), q.size(1), q.size(2)};
  SmallVector<int64_t> shape;
  for (int64_t dim : layouts[3].asArrayRef())
    shape.push_back(dim == 3 ? v.size(3) : rows[dim]);
  SmallVector<Value> captures;
  if (call.blockOfQuery)
    captures = {call.blockOfQuery, call.blockOfKey};
  auto blockOf = [&](int64_t size) {
    return call.counts ? getI64IntegerAttr(size) : IntegerAttr();
  };
  auto op = AttentionOp::create(
      *this, RankedTensorType::get(shape, getF32Type()),
      RankedTensorType::get(rows, getF32Type()), heads[0], heads[1], heads[2],
      captures, call.counts, call.blocks, dense.getScaleAttr(),
      mapsOf(*this, call), call.isWhole ? dense.getCausalAttr() : UnitAttr(),
      /*top_left=*/UnitAttr(), /*nan_empty_rows=*/UnitAttr(),
      /*mean_empty_rows=*/UnitAttr(), call.mask, blockOf(call.queryBlock),
      blockOf(call.keyBlock), /*normaliser=*/nullptr, layouts[0], layouts[1],
      layouts[2], layouts[3]);
  writeScore(*this, op.getScore(), call);
  return {op.getResult(), op.getLse()};
}

HyperResult HyperParts::leaves(int64_t leaf) {
  AffineExpr i = getAffineDimExpr(0), j = getAffineDimExpr(1);
  HyperCall call;
  call.isWhole = true;
  // Ends are those of the causal mask.
  call.mask = getArrayAttr({IntegerSetAttr::get(
      IntegerSet::get(2, 0, {j - i.floorDiv(leaf) * leaf}, {false}))});
  return attend({dense.getQuery(), dense.getKey(), dense.getValue()}, call);
}

/// How many queries a block has, so that there are as many blocks of them as
/// of keys, or fewer.
static int64_t queryBlockOf(const HyperPart &part, int64_t keyBlock) {
  return llvm::divideCeil(part.rows, llvm::divideCeil(part.keys, keyBlock));
}

HyperResult HyperParts::ownBlocks(ValueRange heads, const HyperPart &part) {
  HyperCall call;
  call.keyBlock = std::min(rules.block, part.keys);
  call.queryBlock = queryBlockOf(part, call.keyBlock);
  int64_t count = llvm::divideCeil(part.rows, call.queryBlock);
  auto blocks = llvm::to_vector(llvm::seq<int32_t>(0, count));
  call.counts = integers(SmallVector<int32_t>(count, 1), {1, 1, count});
  call.blocks = integers(blocks, {1, 1, count, 1});
  return attend(heads, call);
}

/// Each head of keys has samples of its own, which are those of its queries.
HyperResult HyperParts::sampled(ValueRange heads, const HyperPart &part) {
  int64_t keyHeads = typeOf(heads[1]).getDimSize(1);
  int64_t queryHeads = typeOf(heads[0]).getDimSize(1);
  int64_t queryBlock = queryBlockOf(part, rules.block);
  SmallVector<int32_t> drawn, ofKeys, ofQueries;
  for (int64_t head = 0; head < queryHeads; ++head) {
    int64_t keyHead = head / (queryHeads / keyHeads);
    uint64_t seed = rules.seed + 1000003 * part.keys + 7919 * (keyHead + 1);
    std::vector<int32_t> own = numbersBelow(part.keys, rules.samples, seed);
    if (head % (queryHeads / keyHeads) == 0)
      llvm::append_range(drawn, own);
    for (int32_t key : own)
      ofKeys.push_back(static_cast<int32_t>(key / rules.block));
  }
  for (int64_t row = 0; row < part.rows; ++row)
    ofQueries.push_back(static_cast<int32_t>(row / queryBlock));
  HyperCall call;
  // A sample stands for that many keys.
  call.added = std::log(static_cast<double>(part.keys) /
                        static_cast<double>(rules.samples));
  call.blockOfQuery = integers(ofQueries, {part.rows});
  call.blockOfKey = integers(ofKeys, {queryHeads, rules.samples});
  Value positions = integers(drawn, {keyHeads, rules.samples});
  return attend(
      {heads[0], pick(heads[1], positions), pick(heads[2], positions)}, call);
}

void HyperParts::finish(RewriterBase &rewriter, ArrayRef<HyperResult> parts) {
  SmallVector<Value> results, sums;
  for (const HyperResult &part : parts) {
    results.push_back(part.result);
    sums.push_back(part.sums);
  }
  Value whole = results.front();
  if (parts.size() > 1)
    whole = MergeOp::create(*this, whole.getType(), sums.front().getType(),
                            results, sums, dense.getOutputLayoutAttr())
                .getResult();
  rewriter.replaceOp(dense, castTo(whole, dense.getType()));
}

} // namespace attune::attn
