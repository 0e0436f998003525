// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/MaskEmitter.h"
#include "dialects/kernel/Positions.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

Value MaskEmitter::constant(Type type, int64_t value) {
  auto integer = b.getIntegerAttr(getElementTypeOrSelf(type), value);
  TypedAttr attribute = integer;
  if (auto vector = dyn_cast<VectorType>(type))
    attribute = DenseElementsAttr::get(vector, Attribute(integer));
  return arith::ConstantOp::create(b, attribute);
}

/// The value of an expression; scalars that meet vectors are repeated.
Value MaskEmitter::emit(AffineExpr expr, Value i, Value j, Value n) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() == 0 ? i : j;
  if (isa<AffineSymbolExpr>(expr))
    return n;
  Type scalar = getElementTypeOrSelf(i.getType());
  if (auto number = dyn_cast<AffineConstantExpr>(expr))
    return constant(scalar, number.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  Value left = emit(binary.getLHS(), i, j, n);
  Value right = emit(binary.getRHS(), i, j, n);
  if (isa<VectorType>(left.getType()) && !isa<VectorType>(right.getType()))
    right = b.splat(right);
  if (isa<VectorType>(right.getType()) && !isa<VectorType>(left.getType()))
    left = b.splat(left);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return b.createOrFold<arith::AddIOp>(left, right);
  case AffineExprKind::Mul:
    return b.createOrFold<arith::MulIOp>(left, right);
  case AffineExprKind::CeilDiv:
    return b.createOrFold<arith::CeilDivSIOp>(left, right);
  case AffineExprKind::FloorDiv:
    return b.createOrFold<arith::FloorDivSIOp>(left, right);
  default:
    return b.createOrFold<arith::SubIOp>(
        left, b.createOrFold<arith::MulIOp>(
                  b.createOrFold<arith::FloorDivSIOp>(left, right), right));
  }
}

/// Whether an expression grows (1) or falls (-1) with dimension `of` (0, the
/// query, or 1, the key), or neither (0); nothing if that is not known.
static std::optional<int> directionOf(AffineExpr expr, unsigned of) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dim.getPosition() == of ? 1 : 0;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return 0;
  std::optional<int> left = directionOf(binary.getLHS(), of),
                     right = directionOf(binary.getRHS(), of);
  if (!left || !right)
    return std::nullopt;
  if (expr.getKind() == AffineExprKind::Add) {
    if (*left && *right && *left != *right)
      return std::nullopt;
    return *left ? left : right;
  }
  if (expr.getKind() == AffineExprKind::Mod)
    return *left == 0 ? left : std::nullopt;
  // What is multiplied with or divided by is a constant.
  auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
  if (!by)
    return std::nullopt;
  return by.getValue() < 0 ? -*left : *left;
}

/// The most that an expression of queries from `first` to `last` is; null if
/// that is not known.
Value MaskEmitter::highest(AffineExpr expr, Value first, Value last) {
  std::optional<int> direction = directionOf(expr, 0);
  if (!direction)
    return {};
  return emit(expr, *direction < 0 ? first : last, {}, keys);
}

/// The least that an expression of queries from `first` to `last` and of the
/// keys of `range` is; null if that is not known.
Value MaskEmitter::lowest(AffineExpr expr, Value first, Value last,
                          Range range) {
  std::optional<int> query = directionOf(expr, 0), key = directionOf(expr, 1);
  if (!query || !key)
    return {};
  Value end = b.sub(range.high, b.index(1));
  return emit(expr, *query < 0 ? last : first, *key < 0 ? end : range.low,
              keys);
}

Value MaskEmitter::showsAll(Value first, Value last, Range range) {
  Value any = arith::ConstantIntOp::create(b, b.getI1Type(), 0);
  for (IntegerSet set : sets.getAsValueRange<IntegerSetAttr>()) {
    Value all = arith::ConstantIntOp::create(b, b.getI1Type(), 1);
    for (auto [constraint, isEqual] :
         llvm::zip(set.getConstraints(), set.getEqFlags())) {
      Value least = isEqual ? Value() : lowest(constraint, first, last, range);
      if (!least) {
        all = {};
        break;
      }
      Value holds = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, least,
                                          b.index(0));
      all = b.createOrFold<arith::AndIOp>(all, holds);
    }
    if (all)
      any = b.createOrFold<arith::OrIOp>(any, all);
  }
  return any;
}

namespace {
/// A constraint as factor * (j floordiv divisor) + rest >= 0.
struct KeyTerm {
  int64_t factor = 0, divisor = 1;
  AffineExpr rest;
};
} // namespace

/// Adds the summands of `expr` to `term`.
static bool split(AffineExpr expr, KeyTerm &term) {
  if (!expr.isFunctionOfDim(1)) {
    term.rest = term.rest + expr;
    return true;
  }
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (binary && expr.getKind() == AffineExprKind::Add)
    return split(binary.getLHS(), term) && split(binary.getRHS(), term);
  int64_t factor = 1, divisor = 1;
  if (binary && expr.getKind() == AffineExprKind::Mul) {
    auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!by)
      return false;
    factor = by.getValue();
    expr = binary.getLHS();
    binary = dyn_cast<AffineBinaryOpExpr>(expr);
  }
  if (binary && expr.getKind() == AffineExprKind::FloorDiv) {
    auto by = dyn_cast<AffineConstantExpr>(binary.getRHS());
    if (!by || by.getValue() <= 0)
      return false;
    divisor = by.getValue();
    expr = binary.getLHS();
  }
  if (!isa<AffineDimExpr>(expr) || term.factor != 0)
    return false;
  term.factor = factor;
  term.divisor = divisor;
  return true;
}

/// Leaves out of `range` keys for which `constraint` >= 0 holds for none of the
/// queries. What it does not understand leaves it as it is.
void MaskEmitter::narrow(Range &range, AffineExpr constraint, Value first,
                         Value last) {
  KeyTerm term;
  term.rest = getAffineConstantExpr(0, constraint.getContext());
  if (!split(constraint, term))
    return;
  Value most = highest(term.rest, first, last);
  if (!most)
    return;
  Value divisor = b.index(term.divisor);
  if (term.factor > 0) {
    // j floordiv d >= -most / factor.
    Value least = b.createOrFold<arith::CeilDivSIOp>(b.sub(b.index(0), most),
                                                     b.index(term.factor));
    range.low = b.max(range.low, b.mul(least, divisor));
  } else if (term.factor < 0) {
    Value greatest =
        b.createOrFold<arith::FloorDivSIOp>(most, b.index(-term.factor));
    range.high = b.min(range.high, b.mul(b.add(greatest, b.index(1)), divisor));
  } else {
    Value holds =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, most, b.index(0));
    range.high = arith::SelectOp::create(b, holds, range.high, b.index(0));
  }
}

SmallVector<MaskEmitter::Range> MaskEmitter::rangesFor(Value first,
                                                       Value last) {
  SmallVector<Range> ranges;
  for (IntegerSet set : sets.getAsValueRange<IntegerSetAttr>()) {
    Range range{b.index(0), keys};
    for (auto [constraint, isEqual] :
         llvm::zip(set.getConstraints(), set.getEqFlags())) {
      narrow(range, constraint, first, last);
      if (isEqual)
        narrow(range, -constraint, first, last);
    }
    ranges.push_back(range);
  }
  return ranges;
}

MaskEmitter::Range MaskEmitter::hull(ArrayRef<Range> ranges, Range within) {
  Range all{within.high, within.low};
  for (const Range &range : ranges) {
    Value low = b.max(range.low, within.low);
    Value high = b.min(range.high, within.high);
    Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, low, high);
    all.low = b.min(all.low, arith::SelectOp::create(b, any, low, within.high));
    all.high =
        b.max(all.high, arith::SelectOp::create(b, any, high, within.low));
  }
  return all;
}

/// 32 bits, if all that is computed fits for the longest sequences there are.
Type MaskEmitter::typeOfElements() {
  constexpr double positions = 134217728.0;
  for (IntegerSet set : sets.getAsValueRange<IntegerSetAttr>())
    for (AffineExpr constraint : set.getConstraints())
      if (kernel::mostOf(constraint, positions) > INT32_MAX)
        return b.getI64Type();
  return b.getI32Type();
}

Value MaskEmitter::visible(Value position, Value key) {
  Type type = typeOfElements();
  auto cast = [&](Value index) -> Value {
    return arith::IndexCastOp::create(b, type, index);
  };
  Value lanes = vector::StepOp::create(b, b.vector(b.getIndexType()));
  lanes = arith::IndexCastOp::create(b, b.vector(type), lanes);
  Value i = cast(position), n = cast(keys);
  Value j = arith::AddIOp::create(b, b.splat(cast(key)), lanes);
  Value any;
  for (IntegerSet set : sets.getAsValueRange<IntegerSetAttr>()) {
    Value all;
    for (auto [constraint, isEqual] :
         llvm::zip(set.getConstraints(), set.getEqFlags())) {
      Value value = emit(constraint, i, j, n);
      Value zero = constant(value.getType(), 0);
      Value holds = arith::CmpIOp::create(
          b, isEqual ? arith::CmpIPredicate::eq : arith::CmpIPredicate::sge,
          value, zero);
      if (!isa<VectorType>(holds.getType()))
        holds = b.splat(holds);
      all = all ? arith::AndIOp::create(b, all, holds).getResult() : holds;
    }
    any = any ? arith::OrIOp::create(b, any, all).getResult() : all;
  }
  return any;
}

} // namespace attune
