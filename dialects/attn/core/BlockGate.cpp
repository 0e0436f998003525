// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune::attn {

using arith::CmpFPredicate, arith::CmpIPredicate;

double BlockGateOp::shareOf(double ratio, bool causal) {
  return causal ? 1 - std::sqrt(1 - ratio) : ratio;
}

int64_t BlockGateOp::countOf(double ratio, bool causal, int64_t blocks) {
  double part = shareOf(ratio, causal) * static_cast<double>(blocks);
  return std::max<int64_t>(1, static_cast<int64_t>(part));
}

LogicalResult BlockGateOp::verify() {
  // C1
  if (bool(getThreshold()) == bool(getRatio()))
    return emitOpError("requires one of 'threshold' and 'ratio'");
  if (getThreshold() && getThreshold()->isNaN())
    return emitOpError("requires a number for 'threshold', but got NaN");
  if (getRatio() && !(getRatio()->convertToDouble() > 0 &&
                      getRatio()->convertToDouble() <= 1))
    return emitOpError("requires a ratio above 0 and at most 1, but got ")
           << getRatio()->convertToDouble();
  // C2
  if (getBlock() < 1 || static_cast<int64_t>(getLastDense()) < 0)
    return emitOpError("requires a block of at least 1 and a 'last_dense' of "
                       "at least 0, but got ")
           << getBlock() << " and " << getLastDense();
  // C3
  ArrayRef<int64_t> q = getQuery().getType().getShape();
  ArrayRef<int64_t> k = getKey().getType().getShape();
  if (failed(verifyCompatibleShape({q[0], q[3]}, {k[0], k[3]})) ||
      ShapedType::isDynamic(q[1]) || ShapedType::isDynamic(k[1]) || k[1] < 1 ||
      q[1] % k[1] != 0)
    return emitOpError("requires queries and keys of one batch and width, and "
                       "heads that are known and divide the query's, but got ")
           << getQuery().getType() << " and " << getKey().getType();
  // C4
  if (failed(verifyCompatibleShape(getMask().getType().getShape(),
                                   {q[0], q[1], q[2], k[2]})))
    return emitOpError("requires a mask for each head, block of queries and "
                       "block of keys, but got ")
           << getMask().getType();
  // C5
  if (getOffset() && !getCausal() && !getOwnBlock())
    return emitOpError("requires 'causal' or 'own_block' beside an offset");
  return success();
}

static SmallVector<OpFoldResult> sizesOf(OpBuilder &builder, BlockGateOp op) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, op.getLoc(), op.getQuery());
  sizes.back() = tensor::getMixedSize(builder, op.getLoc(), op.getKey(), 2);
  return sizes;
}

LogicalResult
BlockGateOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(sizesOf(builder, *this));
  return success();
}

/// A product of queries and keys, and some 25 operations of the softmax for
/// each pair.
Cost BlockGateOp::getCost(int64_t size) {
  double pairs = 8 * bytesOf({getMask()}, size);
  int64_t width = getQuery().getType().getShape().back();
  double products = 2.0 * (ShapedType::isDynamic(width) ? size : width);
  return {pairs * (products + 25),
          bytesOf({getQuery(), getKey(), getMask()}, size)};
}

namespace {

/// Writes a gate step by step.
struct Gate : Tensors {
  Gate(Location loc, OpBuilder &builder, BlockGateOp op)
      : Tensors(loc, builder), op(op),
        offset(op.getOffset() ? op.getOffset() : index(0)),
        block(index(op.getBlock())) {}

  Value keysOfQueries();
  Value scores();
  Value probabilities(Value scores);
  Value chosen(Value probabilities);
  Value count();
  Value mask(Value chosen);
  Value shown(ImplicitLocOpBuilder &b, Value u, Value v);

  BlockGateOp op;
  Value offset, block;
};

} // namespace

/// Whether the first key of block `v` is not behind the last query of `u`.
Value Gate::shown(ImplicitLocOpBuilder &b, Value u, Value v) {
  Value next =
      arith::AddIOp::create(b, u, arith::ConstantIndexOp::create(b, 1));
  Value end =
      arith::AddIOp::create(b, arith::MulIOp::create(b, next, block), offset);
  return arith::CmpIOp::create(b, CmpIPredicate::slt,
                               arith::MulIOp::create(b, v, block), end);
}

/// The keys, one head for each of the queries.
Value Gate::keysOfQueries() {
  int64_t group =
      typeOf(op.getQuery()).getDimSize(1) / typeOf(op.getKey()).getDimSize(1);
  if (group == 1)
    return op.getKey();
  SmallVector<OpFoldResult> all = sizes(op.getKey());
  all[1] = size(op.getQuery(), 1);
  return compute(
      all, getF32Type(), [&](ImplicitLocOpBuilder &b, ArrayRef<Value> at) {
        Value by = arith::ConstantIndexOp::create(b, group);
        Value head = arith::DivUIOp::create(b, at[1], by);
        return elementAt(b, op.getKey(), {at[0], head, at[2], at[3]});
      });
}

/// Scaled products, -inf for what is not shown.
Value Gate::scores() {
  AffineExpr b, h, u, v, g;
  bindDims(op.getContext(), b, h, u, v, g);
  AffineMap maps[] = {AffineMap::get(5, 0, {b, h, u, g}, op.getContext()),
                      AffineMap::get(5, 0, {b, h, v, g}, op.getContext()),
                      AffineMap::get(5, 0, {b, h, u, v}, op.getContext())};
  Value products = generic({op.getQuery(), keysOfQueries()},
                           filled(sizesOf(*this, op), getF32Type(), 0), maps, 4,
                           [](ImplicitLocOpBuilder &inner, ValueRange x) {
                             Value product =
                                 arith::MulFOp::create(inner, x[0], x[1]);
                             return SmallVector<Value>{
                                 arith::AddFOp::create(inner, x[2], product)};
                           })
                       .front();
  return convert(
      products, getF32Type(),
      [&](ImplicitLocOpBuilder &inner, Value product) -> Value {
        auto constant = [&](double value) -> Value {
          return arith::ConstantOp::create(inner, inner.getF32FloatAttr(value));
        };
        Value score = arith::MulFOp::create(
            inner, product, constant(op.getScale().convertToDouble()));
        if (!op.getCausal())
          return score;
        Value isShown = shown(inner, linalg::IndexOp::create(inner, 2),
                              linalg::IndexOp::create(inner, 3));
        return arith::SelectOp::create(
            inner, isShown, score,
            constant(-std::numeric_limits<double>::infinity()));
      });
}

/// The softmax of rows; one that shows nothing is 0 throughout.
Value Gate::probabilities(Value scores) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  SmallVector<OpFoldResult> rows = sizes(scores);
  rows.pop_back();
  AffineMap all = getMultiDimIdentityMap(4), row = all.dropResult(3);
  Value most =
      generic(scores, filled(rows, getF32Type(), -infinity), {all, row}, 3,
              [](ImplicitLocOpBuilder &b, ValueRange x) {
                return SmallVector<Value>{
                    arith::MaximumFOp::create(b, x[1], x[0])};
              })
          .front();
  Value weights =
      generic({scores, most}, empty(sizes(scores), getF32Type()),
              {all, row, all}, {},
              [](ImplicitLocOpBuilder &b, ValueRange x) {
                Value none =
                    arith::ConstantOp::create(b, b.getF32FloatAttr(-infinity));
                Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
                // -inf minus -inf would be NaN.
                Value isNone =
                    arith::CmpFOp::create(b, CmpFPredicate::OEQ, x[0], none);
                Value weight = math::ExpOp::create(
                    b, arith::SubFOp::create(b, x[0], x[1]));
                return SmallVector<Value>{
                    arith::SelectOp::create(b, isNone, zero, weight)};
              })
          .front();
  Value totals =
      generic(weights, filled(rows, getF32Type(), 0), {all, row}, 3,
              [](ImplicitLocOpBuilder &b, ValueRange x) {
                return SmallVector<Value>{arith::AddFOp::create(b, x[1], x[0])};
              })
          .front();
  return generic({weights, totals}, empty(sizes(scores), getF32Type()),
                 {all, row, all}, {},
                 [](ImplicitLocOpBuilder &b, ValueRange x) {
                   Value zero =
                       arith::ConstantOp::create(b, b.getF32FloatAttr(0));
                   Value isNone =
                       arith::CmpFOp::create(b, CmpFPredicate::OEQ, x[1], zero);
                   Value share = arith::DivFOp::create(b, x[0], x[1]);
                   return SmallVector<Value>{
                       arith::SelectOp::create(b, isNone, zero, share)};
                 })
      .front();
}

/// t
Value Gate::count() {
  double ratio = op.getRatio()->convertToDouble();
  OpFoldResult blocks = size(op.getKey(), 2);
  if (std::optional<int64_t> known = getConstantIntValue(blocks))
    return index(BlockGateOp::countOf(ratio, op.getCausal(), *known));
  double factor = BlockGateOp::shareOf(ratio, op.getCausal());
  Value real = arith::SIToFPOp::create(
      *this, getF64Type(), indexCast(*this, toIndex(blocks), getI64Type()));
  Value part = arith::MulFOp::create(*this, real, number(getF64Type(), factor));
  Value whole = arith::FPToSIOp::create(*this, getI64Type(), part);
  return arith::MaxSIOp::create(*this, indexCast(*this, whole, getIndexType()),
                                index(1));
}

Value Gate::chosen(Value probabilities) {
  Type type = typeOf(probabilities).clone(getI1Type());
  Value wanted = op.getRatio() ? count() : Value();
  return SelectOp::create(*this, type, probabilities, wanted, IntegerAttr(),
                          op.getThresholdAttr());
}

/// What was chosen, what is always shown, and nothing that must not be.
Value Gate::mask(Value chosen) {
  Value rows = toIndex(size(op.getQuery(), 2));
  Value first = createOrFold<arith::SubIOp>(rows, index(op.getLastDense()));
  return convert(
      chosen, getI1Type(), [&](ImplicitLocOpBuilder &b, Value kept) -> Value {
        Value u = linalg::IndexOp::create(b, 2);
        Value v = linalg::IndexOp::create(b, 3);
        if (op.getLastDense() > 0)
          kept = arith::OrIOp::create(
              b, kept, arith::CmpIOp::create(b, CmpIPredicate::sge, u, first));
        Value isShown = shown(b, u, v);
        if (op.getOwnBlock()) {
          Value next =
              arith::AddIOp::create(b, v, arith::ConstantIndexOp::create(b, 1));
          Value begin = arith::AddIOp::create(
              b, arith::MulIOp::create(b, u, block), offset);
          Value reaches = arith::CmpIOp::create(
              b, CmpIPredicate::sgt, arith::MulIOp::create(b, next, block),
              begin);
          kept = arith::OrIOp::create(
              b, kept, arith::AndIOp::create(b, isShown, reaches));
        }
        return op.getCausal() ? arith::AndIOp::create(b, kept, isShown) : kept;
      });
}

LogicalResult BlockGateOp::decompose(RewriterBase &rewriter) {
  Gate gate(getLoc(), rewriter, *this);
  Value result = gate.mask(gate.chosen(gate.probabilities(gate.scores())));
  rewriter.replaceOp(*this, gate.castTo(result, getMask().getType()));
  return success();
}

} // namespace attune::attn
