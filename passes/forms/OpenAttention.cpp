// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/OpenAttention.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/IntegerSet.h"

using namespace mlir;

namespace attune {

namespace {

/// Writes the steps. Loops are batch, key head, query head of a key head,
/// query, key, width; scores in between have batch, head, query and key.
class Opener : attn::Tensors {
public:
  Opener(RewriterBase &rewriter, attn::AttentionOp op)
      : Tensors(op.getLoc(), rewriter), op(op),
        q{op.getQuery(), op.getQueryLayout()},
        k{op.getKey(), op.getKeyLayout()},
        v{op.getValue(), op.getValueLayout()},
        power(dyn_cast_or_null<kernel::PowerAttr>(op.getNormaliserAttr())),
        keyHeads(k.size(1)), group(q.size(1) / keyHeads) {}

  Value write();

private:
  OpFoldResult sizeOf(const attn::Heads &heads, int64_t dim) {
    return size(heads.tensor, heads.position(dim));
  }
  AffineMap mapOf(ArrayRef<int64_t> dims) {
    SmallVector<AffineExpr> exprs;
    for (int64_t dim : dims)
      exprs.push_back(getAffineDimExpr(dim));
    return AffineMap::get(6, 0, exprs, getContext());
  }
  Value widened(Value heads);
  Value grouped(Value heads, unsigned at);
  Value contract(Value left, AffineMap leftMap, Value right, AffineMap rightMap,
                 Sizes sizes, ArrayRef<int64_t> kept, unsigned summed);
  Value scores();
  Value visible(ImplicitLocOpBuilder &b, ValueRange captures);
  Value isIn(ImplicitLocOpBuilder &b, IntegerSet set, ValueRange place);
  Value region(ImplicitLocOpBuilder &b, Value score, ValueRange captures);
  /// `body` of each score and the captures' elements beside it.
  Value eachScore(Value of, Type element, Body body);
  Value function(attn::PolyFunction kind, Value x) {
    return attn::PolyOp::create(*this, x.getType(), kind, x, nullptr, nullptr,
                                nullptr, nullptr);
  }
  Value raised(ImplicitLocOpBuilder &b, Value score);
  Value rowSums(Value weights);
  Value scaled(Value sums, Value inverses);

  attn::AttentionOp op;
  attn::Heads q, k, v;
  kernel::PowerAttr power; ///< null: softmax
  int64_t keyHeads, group;
  Value keys, shift; ///< how many there are, and more than queries
};

} // namespace

/// The roles of the loops that the dimensions of keys or values have.
static SmallVector<int64_t> loopsOf(const attn::Heads &heads, int64_t last) {
  const int64_t loops[] = {0, 1, 4, last};
  return llvm::map_to_vector(heads.layout,
                             [&](int64_t role) { return loops[role]; });
}

Value Opener::widened(Value heads) {
  return convert(heads, getF32Type(), [](ImplicitLocOpBuilder &b, Value x) {
    return attn::widen(b, x);
  });
}

/// Dimension `at`, the heads, as key heads and query heads of each.
Value Opener::grouped(Value heads, unsigned at) {
  SmallVector<OpFoldResult> split = sizes(heads);
  split[at] = getIndexAttr(keyHeads);
  split.insert(split.begin() + at + 1, getIndexAttr(group));
  return reshape(heads, split);
}

Value Opener::contract(Value left, AffineMap leftMap, Value right,
                       AffineMap rightMap, Sizes sizes, ArrayRef<int64_t> kept,
                       unsigned summed) {
  return generic({left, right}, filled(sizes, getF32Type(), 0),
                 {leftMap, rightMap, mapOf(kept)}, summed,
                 [](ImplicitLocOpBuilder &b, ValueRange x) {
                   Value product = arith::MulFOp::create(b, x[0], x[1]);
                   return SmallVector<Value>{
                       arith::AddFOp::create(b, x[2], product)};
                 })
      .front();
}

Value Opener::scores() {
  SmallVector<int64_t> queryLoops;
  for (int64_t role : q.layout) {
    const int64_t loops[] = {0, 1, 3, 5};
    queryLoops.push_back(loops[role]);
    if (role == 1)
      queryLoops.push_back(2);
  }
  OpFoldResult sizes[] = {sizeOf(q, 0), getIndexAttr(keyHeads),
                          getIndexAttr(group), sizeOf(q, 2), sizeOf(k, 2)};
  Value products = contract(grouped(widened(q.tensor), q.position(1)),
                            mapOf(queryLoops), widened(k.tensor),
                            mapOf(loopsOf(k, 5)), sizes, {0, 1, 2, 3, 4}, 5);
  OpFoldResult joined[] = {sizes[0], sizeOf(q, 1), sizes[3], sizes[4]};
  return reshape(products, joined);
}

Value Opener::isIn(ImplicitLocOpBuilder &b, IntegerSet set, ValueRange place) {
  Value all = arith::ConstantIntOp::create(b, 1, 1);
  Value zero = arith::ConstantIndexOp::create(b, 0);
  for (unsigned i = 0; i < set.getNumConstraints(); ++i) {
    AffineMap map = AffineMap::get(set.getNumDims(), set.getNumSymbols(),
                                   set.getConstraint(i), b.getContext());
    Value term = affine::AffineApplyOp::create(b, map, place);
    Value holds = arith::CmpIOp::create(
        b, set.isEq(i) ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge,
        term, zero);
    all = arith::AndIOp::create(b, all, holds);
  }
  return all;
}

Value Opener::region(ImplicitLocOpBuilder &b, Value score,
                     ValueRange captures) {
  Block &body = op.getScore().front();
  IRMapping mapping;
  mapping.map(body.getArgument(0), score);
  mapping.map(body.getArguments().drop_front(), captures);
  for (Operation &inner : body.without_terminator())
    b.clone(inner, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

/// Whether the query sees the key, at the place of a score.
Value Opener::visible(ImplicitLocOpBuilder &b, ValueRange captures) {
  constexpr double hidden = -1e4;
  Value zero = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
  Value least = arith::ConstantOp::create(b, b.getF32FloatAttr(hidden));
  Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE,
                                     region(b, zero, captures), least);
  if (!op.getCausal() && !op.getMask())
    return seen;
  Value i = linalg::IndexOp::create(b, 2), j = linalg::IndexOp::create(b, 3);
  if (!op.getTopLeft())
    i = arith::AddIOp::create(b, i, shift);
  if (op.getCausal())
    seen = arith::AndIOp::create(
        b, seen, arith::CmpIOp::create(b, arith::CmpIPredicate::sle, j, i));
  Value inOne;
  if (op.getMask())
    for (IntegerSet set : op.getMask()->getAsValueRange<IntegerSetAttr>()) {
      Value in = isIn(b, set, {i, j, keys});
      inOne = inOne ? arith::OrIOp::create(b, inOne, in).getResult() : in;
    }
  return inOne ? arith::AndIOp::create(b, seen, inOne).getResult() : seen;
}

Value Opener::eachScore(Value of, Type element, Body body) {
  SmallVector<Value> inputs = {of};
  llvm::append_range(inputs, op.getCaptures());
  AffineMap identity = getMultiDimIdentityMap(4);
  SmallVector<AffineMap> maps = {identity};
  llvm::append_range(maps,
                     op.getCaptureMaps().getAsValueRange<AffineMapAttr>());
  maps.push_back(identity);
  return generic(inputs, empty(sizes(of), element), maps, {}, body).front();
}

/// The power of a score that takes the place of its exponential, if one does.
Value Opener::raised(ImplicitLocOpBuilder &b, Value score) {
  for (int64_t done = 1; power && done < power.getDegree(); done *= 2)
    score = arith::MulFOp::create(b, score, score);
  return score;
}

Value Opener::rowSums(Value weights) {
  SmallVector<OpFoldResult> rows = sizes(weights);
  rows.pop_back();
  double start = power ? power.getEps().getValueAsDouble() : 0;
  AffineMap identity = getMultiDimIdentityMap(4);
  return generic(weights, filled(rows, getF32Type(), start),
                 {identity, identity.getMajorSubMap(3)}, 3,
                 [](ImplicitLocOpBuilder &b, ValueRange x) {
                   return SmallVector<Value>{
                       arith::AddFOp::create(b, x[1], x[0])};
                 })
      .front();
}

/// Sums times the inverses of their rows, in the layout of the result.
Value Opener::scaled(Value sums, Value inverses) {
  SmallVector<unsigned> at(4);
  SmallVector<OpFoldResult> ordered;
  for (auto [place, role] : llvm::enumerate(op.getOutputLayout())) {
    at[role] = place;
    ordered.push_back(size(sums, role));
  }
  SmallVector<AffineExpr> exprs;
  for (unsigned place : at)
    exprs.push_back(getAffineDimExpr(place));
  AffineMap identity = getMultiDimIdentityMap(4);
  auto mapFor = [&](unsigned rank) {
    return AffineMap::get(4, 0, ArrayRef(exprs).take_front(rank), getContext());
  };
  Type element = op.getType().getElementType();
  Value result = generic({sums, inverses}, empty(ordered, element),
                         {mapFor(4), mapFor(3), identity}, {},
                         [&](ImplicitLocOpBuilder &b, ValueRange x) {
                           Value product = arith::MulFOp::create(b, x[0], x[1]);
                           return SmallVector<Value>{
                               attn::convertFloat(b, product, element)};
                         })
                     .front();
  return castTo(result, op.getType());
}

Value Opener::write() {
  keys = toIndex(sizeOf(k, 2));
  shift = createOrFold<arith::SubIOp>(keys, toIndex(sizeOf(q, 2)));
  Value products = scores();
  double scale = op.getScale().convertToDouble();
  Value shown = eachScore(
      products, getF32Type(), [&](ImplicitLocOpBuilder &b, ValueRange x) {
        ValueRange captures = x.drop_front().drop_back();
        Value factor = arith::ConstantOp::create(b, b.getF32FloatAttr(scale));
        Value score = arith::MulFOp::create(b, x[0], factor);
        Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
        return SmallVector<Value>{arith::SelectOp::create(
            b, visible(b, captures), region(b, score, captures), none)};
      });
  Value weights = eachScore(
      power ? shown : function(attn::PolyFunction::exp, shown), getF32Type(),
      [&](ImplicitLocOpBuilder &b, ValueRange x) {
        Value none = arith::ConstantOp::create(b, b.getF32FloatAttr(0));
        return SmallVector<Value>{arith::SelectOp::create(
            b, visible(b, x.drop_front().drop_back()), raised(b, x[0]), none)};
      });
  Value inverses = function(attn::PolyFunction::inverse, rowSums(weights));
  OpFoldResult sizes[] = {sizeOf(q, 0), getIndexAttr(keyHeads),
                          getIndexAttr(group), sizeOf(q, 2), sizeOf(v, 3)};
  // Here the width takes part, and keys are summed.
  Value sums =
      contract(grouped(weights, 1), mapOf({0, 1, 2, 3, 4}), widened(v.tensor),
               mapOf(loopsOf(v, 5)), sizes, {0, 1, 2, 3, 5}, 4);
  OpFoldResult joined[] = {sizes[0], sizeOf(q, 1), sizes[3], sizes[4]};
  return scaled(reshape(sums, joined), inverses);
}

LogicalResult openAttention(RewriterBase &rewriter, attn::AttentionOp op) {
  auto heads = [](Value value, ArrayRef<int64_t> layout) {
    return attn::AttentionOp::logicalSize(value, layout, 1);
  };
  int64_t query = heads(op.getQuery(), op.getQueryLayout());
  int64_t key = heads(op.getKey(), op.getKeyLayout());
  int64_t value = heads(op.getValue(), op.getValueLayout());
  if (ShapedType::isDynamic(query) || ShapedType::isDynamic(key) ||
      key != value)
    return op.emitError("to become a polynomial, attention requires known "
                        "numbers of heads, as many of values as of keys");
  if (op.getCounts() || op.getLse() ||
      (op.getNormaliser() && !isa<kernel::PowerAttr>(op.getNormaliserAttr())))
    return op.emitError("to become a polynomial, attention requires softmax or "
                        "an even power, without lists of blocks and 'lse'");
  for (Value tensor : {op.getQuery(), op.getKey(), op.getValue()})
    if (getElementTypeOrSelf(tensor).isF64())
      return op.emitError("to become a polynomial, attention requires f32 or "
                          "halves");
  rewriter.setInsertionPoint(op);
  Value result = Opener(rewriter, op).write();
  rewriter.replaceAllUsesWith(op.getResult(), result);
  rewriter.eraseOp(op);
  return success();
}

} // namespace attune
