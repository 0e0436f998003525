// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/hyper/Parts.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/RandomFeatures.h"

using namespace mlir;

namespace attune::attn {

using arith::CmpIPredicate;

int64_t hyperLevels(int64_t length, int64_t least) {
  int64_t levels = 0;
  // ceil(length / 2^levels) > least
  while (length > least << levels)
    ++levels;
  return levels;
}

SmallVector<HyperPart> hyperParts(int64_t length, int64_t levels) {
  int64_t leaf = llvm::divideCeil(length, 1LL << levels);
  SmallVector<HyperPart> parts;
  for (int64_t half = leaf << (levels - 1); half >= leaf; half /= 2) {
    // Cutting off may leave no queries in the last pairs.
    int64_t count = llvm::divideCeil(length - half, 2 * half);
    if (length > half)
      parts.push_back({count, half, half, half, 2 * half});
  }
  return parts;
}

static Heads queryOf(AttentionOp op) {
  return {op.getQuery(), op.getQueryLayout()};
}

static Heads keyOf(AttentionOp op) { return {op.getKey(), op.getKeyLayout()}; }

/// Codes of all positions, by planes that queries and keys share.
static Value codesOf(Tensors &b, Heads x, Value planes) {
  int64_t shape[] = {x.size(0), x.size(1), x.size(2)};
  return HashCodesOp::create(b, RankedTensorType::get(shape, b.getI32Type()),
                             x.tensor, planes, x.layout);
}

HyperParts::HyperParts(RewriterBase &rewriter, AttentionOp dense,
                       const HyperRules &rules)
    : Tensors(dense.getLoc(), rewriter), dense(dense), rules(rules),
      width(queryOf(dense).size(3)) {
  std::vector<float> normals = normalNumbers(width * rules.planes, rules.seed);
  auto type = RankedTensorType::get({width, rules.planes}, getF32Type());
  Value planes = arith::ConstantOp::create(
      *this, DenseElementsAttr::get(type, ArrayRef<float>(normals)));
  queryCodes = codesOf(*this, queryOf(dense), planes);
  keyCodes = codesOf(*this, keyOf(dense), planes);
}

Value HyperParts::integers(ArrayRef<int32_t> values, ArrayRef<int64_t> shape) {
  return arith::ConstantOp::create(
      *this, DenseElementsAttr::get(RankedTensorType::get(shape, getI32Type()),
                                    values));
}

namespace {

/// Arithmetic of places.
struct Places {
  ImplicitLocOpBuilder &b;

  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value div(Value x, int64_t by) {
    return b.createOrFold<arith::DivUIOp>(x, index(by));
  }
  Value rem(Value x, int64_t by) {
    return b.createOrFold<arith::RemUIOp>(x, index(by));
  }
  Value mul(Value x, int64_t by) {
    return b.createOrFold<arith::MulIOp>(x, index(by));
  }
  Value add(Value x, Value y) { return b.createOrFold<arith::AddIOp>(x, y); }
  Value atMost(Value x, int64_t limit) {
    return b.createOrFold<arith::MinUIOp>(x, index(limit));
  }
  Value isBelow(Value x, int64_t limit) {
    return arith::CmpIOp::create(b, CmpIPredicate::ult, x, index(limit));
  }
  /// Position `at` of pair number `pair`, counted over the batch.
  Value position(Value pair, Value at, const HyperPart &part, bool isKey) {
    Value start = mul(rem(pair, part.count), part.step);
    return add(add(start, index(isKey ? 0 : part.firstRow)), at);
  }
};

} // namespace

HyperOrder HyperParts::sort(Value codes, const HyperPart &part, bool isKey) {
  int64_t length = typeOf(codes).getDimSize(2);
  int64_t size = isKey ? part.keys : part.rows;
  OpFoldResult pairs =
      product({this->size(codes, 0), getIndexAttr(part.count)});
  Value own =
      compute({pairs, this->size(codes, 1), getIndexAttr(size)}, getI32Type(),
              [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) -> Value {
                Places places{b};
                Value position = places.position(at[0], at[2], part, isKey);
                Value code = elementAt(b, codes,
                                       {places.div(at[0], part.count), at[1],
                                        places.atMost(position, length - 1)});
                // Queries that are not there come behind all others.
                Value none = arith::ConstantOp::create(
                    b, b.getI32IntegerAttr(1 << rules.planes));
                return arith::SelectOp::create(
                    b, places.isBelow(position, length), code, none);
              });
  auto bucket = BucketOp::create(*this, own.getType(), own.getType(), own);
  return {bucket.getOrder(), bucket.getInverse()};
}

Value HyperParts::gather(Value from, ArrayRef<int64_t> layout, Value order,
                         const HyperPart &part, bool isKey) {
  Heads heads{from, layout};
  SmallVector<OpFoldResult> all = sizes(order);
  all.push_back(size(from, heads.position(3)));
  return compute(all, getF32Type(),
                 [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) -> Value {
                   Places places{b};
                   Value local =
                       indexCast(b, elementAt(b, order, at.take_front(3)),
                                 b.getIndexType());
                   Value logical[] = {
                       places.div(at[0], part.count), at[1],
                       places.atMost(places.position(at[0], local, part, isKey),
                                     heads.size(2) - 1),
                       at[3]};
                   SmallVector<Value> place;
                   for (int64_t dim : layout)
                     place.push_back(logical[dim]);
                   return elementAt(b, from, place);
                 });
}

/// The rows of sorted keys at the constant `positions`, `heads x count`.
Value HyperParts::pick(Value sorted, Value positions) {
  SmallVector<OpFoldResult> all = sizes(sorted);
  all[2] = size(positions, 1);
  return compute(all, getF32Type(),
                 [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) -> Value {
                   Value row =
                       indexCast(b, elementAt(b, positions, {at[1], at[2]}),
                                 b.getIndexType());
                   return elementAt(b, sorted, {at[0], at[1], row, at[3]});
                 });
}

HyperResult HyperParts::meet(const HyperPart &part) {
  HyperOrder queries = sort(queryCodes, part, /*isKey=*/false);
  HyperOrder keys = sort(keyCodes, part, /*isKey=*/true);
  Value sorted[] = {gather(dense.getQuery(), dense.getQueryLayout(),
                           queries.order, part, /*isKey=*/false),
                    gather(dense.getKey(), dense.getKeyLayout(), keys.order,
                           part, /*isKey=*/true),
                    gather(dense.getValue(), dense.getValueLayout(), keys.order,
                           part, /*isKey=*/true)};
  HyperResult own = ownBlocks(sorted, part);
  if (part.keys > rules.block && rules.samples > 0) {
    HyperResult others = sampled(sorted, part);
    auto both = MergeOp::create(*this, own.result.getType(), own.sums.getType(),
                                ValueRange{own.result, others.result},
                                ValueRange{own.sums, others.sums},
                                getDenseI64ArrayAttr({0, 1, 2, 3}));
    own = {both.getResult(), both.getSum()};
  }
  return place(own, queries.inverse, part);
}

SmallVector<Value> HyperParts::placeOf(ImplicitLocOpBuilder &b, ValueRange at,
                                       Value inverse, const HyperPart &part) {
  Places places{b};
  Value pair = places.index(0), row = at[2];
  if (part.step > 0) {
    // Queries of no pair look anywhere; their sums hide what they find.
    pair = places.atMost(places.div(row, part.step), part.count - 1);
    row = places.rem(row, part.rows);
  }
  Value batch = places.add(places.mul(at[0], part.count), pair);
  Value sorted = indexCast(b, elementAt(b, inverse, {batch, at[1], row}),
                           b.getIndexType());
  return {batch, at[1], sorted};
}

HyperResult HyperParts::place(HyperResult sorted, Value inverse,
                              const HyperPart &part) {
  Heads q = queryOf(dense);
  SmallVector<OpFoldResult> rows;
  for (int64_t dim = 0; dim < 3; ++dim)
    rows.push_back(size(q.tensor, q.position(dim)));
  Value sums = compute(
      rows, getF32Type(),
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) -> Value {
        Value sum = elementAt(b, sorted.sums, placeOf(b, at, inverse, part));
        if (part.step == 0)
          return sum;
        Places places{b};
        Value isFirst =
            places.isBelow(places.rem(at[2], part.step), part.firstRow);
        Value none = arith::ConstantOp::create(
            b, b.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
        return arith::SelectOp::create(b, isFirst, none, sum);
      });
  rows.push_back(size(sorted.result, 3));
  SmallVector<OpFoldResult> all;
  for (int64_t dim : dense.getOutputLayout())
    all.push_back(rows[dim]);
  Heads result{dense.getResult(), dense.getOutputLayout()};
  Value placed = compute(
      all, getF32Type(),
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) -> Value {
        Value logical[] = {at[result.position(0)], at[result.position(1)],
                           at[result.position(2)]};
        SmallVector<Value> found = placeOf(b, logical, inverse, part);
        found.push_back(at[result.position(3)]);
        return elementAt(b, sorted.result, found);
      });
  return {placed, sums};
}

} // namespace attune::attn
