// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/AttentionLowering.h"
#include "frontends/onnx/ops/Reduce.h"

using namespace mlir;

namespace attune {

/// Products of queries and keys, with query heads in groups of a key head.
Value AttentionLowering::scores(Value &grouped) {
  SmallVector<OpFoldResult> q = b.sizes(query.ordered(b));
  SmallVector<OpFoldResult> k = b.sizes(key.ordered(b));
  int64_t group = *getConstantIntValue(q[1]) / *getConstantIntValue(k[1]);
  grouped = b.reshape(query.ordered(b),
                      {q[0], k[1], b.getIndexAttr(group), q[2], q[3]});
  AffineExpr d[6];
  bindDimsList(b.getContext(), MutableArrayRef<AffineExpr>(d));
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(6, 0, exprs, b.getContext());
  };
  Value product =
      contract(b, grouped, key.ordered(b), map({d[0], d[1], d[2], d[3], d[5]}),
               map({d[0], d[1], d[4], d[5]}),
               {q[0], k[1], b.getIndexAttr(group), q[2], k[2]});
  return b.reshape(product, {q[0], q[1], q[2], k[2]});
}

/// The frontier that a flag says elsewhere, as what is added to the scores.
Value AttentionLowering::causalBias() {
  Value shift = b.constant(b.getIndexType(), 0);
  if (!topLeft)
    shift = b.createOrFold<arith::SubIOp>(b.toIndex(key.size(b, 2)),
                                          b.toIndex(query.size(b, 2)));
  OpFoldResult one = b.getIndexAttr(1);
  Type element = elementOf(query.value);
  return b.compute(
      {one, one, query.size(b, 2), key.size(b, 2)}, element,
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
        Value visible =
            arith::CmpIOp::create(b, arith::CmpIPredicate::sle, ivs[3],
                                  arith::AddIOp::create(b, ivs[2], shift));
        auto number = [&](double value) -> Value {
          return arith::ConstantOp::create(b, b.getFloatAttr(element, value));
        };
        return arith::SelectOp::create(
            b, visible, number(0),
            number(-std::numeric_limits<double>::infinity()));
      });
}

/// Step by step, with all scores in memory: some results are the scores.
LogicalResult AttentionLowering::lowerWhole() {
  std::optional<int64_t> heads = getConstantIntValue(query.size(b, 1));
  std::optional<int64_t> keyHeads = getConstantIntValue(key.size(b, 1));
  if (!heads || !keyHeads || *heads % *keyHeads != 0)
    return node.emitNodeError("requires constant numbers of heads, the "
                              "query's a multiple of the key's");
  if (causal)
    bias = causalBias();
  Value grouped, stages[4];
  Value product = scores(grouped);
  double factor = scale(), cap = node.getFloat("softcap", 0);
  stages[0] = mapped(b, product, [&](OpBuilder &b, Location loc, ValueRange x) {
    Value by = arith::ConstantOp::create(
        b, loc, b.getFloatAttr(x[0].getType(), factor));
    return arith::MulFOp::create(b, loc, x[0], by).getResult();
  });
  stages[1] = cap == 0 ? stages[0]
                       : mapped(b, stages[0],
                                [&](OpBuilder &b, Location loc, ValueRange x) {
                                  return capped(b, loc, x[0], cap);
                                });
  stages[2] = stages[1];
  for (Value addend : {mask, bias}) {
    if (!addend)
      continue;
    stages[2] = b.elementwise(node, {stages[2], addend}, elementOf(stages[2]),
                              [](OpBuilder &b, Location loc, ValueRange x) {
                                return masked(b, loc, x[0], x[1]);
                              });
    if (!stages[2])
      return failure();
  }
  Type element = elementOf(stages[2]);
  stages[3] = softmax(b, b.convert(stages[2], softmaxType), {3},
                      /*zeroRows=*/true);
  stages[3] = b.convert(stages[3], element);
  SmallVector<OpFoldResult> g = b.sizes(grouped);
  OpFoldResult keys = key.size(b, 2), width = value.size(b, 3);
  Value weights = b.reshape(stages[3], {g[0], g[1], g[2], g[3], keys});
  AffineExpr d[6];
  bindDimsList(b.getContext(), MutableArrayRef<AffineExpr>(d));
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(6, 0, exprs, b.getContext());
  };
  Value output = contract(
      b, weights, value.ordered(b), map({d[0], d[1], d[2], d[3], d[5]}),
      map({d[0], d[1], d[5], d[4]}), {g[0], g[1], g[2], g[3], width});
  output = b.reshape(output, {g[0], query.size(b, 1), g[3], width});
  if (isRank3)
    output = b.transpose(output, {0, 2, 1, 3});
  replaceOutput(output, {});
  if (isUsed(3))
    b.replace(node, stages[node.getInt("qk_matmul_output_mode", 0)], 3);
  return success();
}

} // namespace attune
