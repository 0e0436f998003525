// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

/// Folds the operands from the left: some operators take more than two.
template <typename FloatOp, typename IntOp, typename UnsignedOp = IntOp>
static Value binary(Scalar &b, ValueRange x) {
  Value result = x.front();
  for (Value next : x.drop_front()) {
    if (isFloat(x.front()))
      result = b.createOrFold<FloatOp>(result, next);
    else
      result = b.isUnsigned ? b.createOrFold<UnsignedOp>(result, next)
                            : b.createOrFold<IntOp>(result, next);
  }
  return result;
}

template <CmpFPredicate onFloats, CmpIPredicate onSigned,
          CmpIPredicate onUnsigned>
static Value compareBy(Scalar &b, ValueRange x) {
  return b.compare(onFloats, onSigned, onUnsigned, x[0], x[1]);
}

/// A divisor that no machine traps on, and what to do about it: `isZero` and
/// `isMinusOne` say what it was.
namespace {
struct Divisor {
  Divisor(Scalar &b, Value divisor) : safe(divisor) {
    APInt known;
    if (matchPattern(divisor, m_ConstantInt(&known)) && !known.isZero() &&
        !known.isAllOnes())
      return;
    isZero = b.createOrFold<arith::CmpIOp>(CmpIPredicate::eq, divisor,
                                           b.number(divisor, 0));
    Value trap = isZero;
    if (!b.isUnsigned) {
      isMinusOne = b.createOrFold<arith::CmpIOp>(CmpIPredicate::eq, divisor,
                                                 b.number(divisor, -1));
      trap = b.createOrFold<arith::OrIOp>(trap, isMinusOne);
    }
    safe = b.createOrFold<arith::SelectOp>(trap, b.number(divisor, 1), divisor);
  }

  Value safe, isZero, isMinusOne;
};
} // namespace

/// Integer quotients by zero are 0: ONNX leaves them open.
static Value divide(Scalar &b, ValueRange x) {
  if (isFloat(x[0]))
    return b.createOrFold<arith::DivFOp>(x[0], x[1]);
  Divisor divisor(b, x[1]);
  Value result = b.isUnsigned
                     ? b.createOrFold<arith::DivUIOp>(x[0], divisor.safe)
                     : b.createOrFold<arith::DivSIOp>(x[0], divisor.safe);
  Value zero = b.number(x[0], 0);
  if (divisor.isMinusOne)
    result = b.createOrFold<arith::SelectOp>(
        divisor.isMinusOne, b.createOrFold<arith::SubIOp>(zero, x[0]), result);
  if (divisor.isZero)
    result = b.createOrFold<arith::SelectOp>(divisor.isZero, zero, result);
  return result;
}

/// The sign is the divisor's or, with fmod, the dividend's.
static Value moduloOfFloats(Scalar &b, ValueRange x) {
  Value rest = arith::RemFOp::create(b, x[0], x[1]);
  if (b.node.getInt("fmod", 0) != 0)
    return rest;
  Value zero = b.number(rest, 0);
  Value otherSign =
      arith::XOrIOp::create(b, b.less(rest, zero), b.less(x[1], zero));
  Value moved = arith::SelectOp::create(
      b, otherSign, arith::AddFOp::create(b, rest, x[1]), rest);
  Value isZero = arith::CmpFOp::create(b, CmpFPredicate::OEQ, rest, zero);
  return arith::SelectOp::create(
      b, isZero, math::CopySignOp::create(b, zero, x[1]), moved);
}

static Value modulo(Scalar &b, ValueRange x) {
  if (isFloat(x[0]))
    return moduloOfFloats(b, x);
  Divisor divisor(b, x[1]);
  Value zero = b.number(x[0], 0);
  if (b.isUnsigned) {
    Value rest = b.createOrFold<arith::RemUIOp>(x[0], divisor.safe);
    return divisor.isZero
               ? b.createOrFold<arith::SelectOp>(divisor.isZero, zero, rest)
               : rest;
  }
  // The remainder by the stand-in 1 is 0, as it is by 0 and -1.
  Value rest = b.createOrFold<arith::RemSIOp>(x[0], divisor.safe);
  if (b.node.getInt("fmod", 0) != 0)
    return rest;
  Value isRest = b.createOrFold<arith::CmpIOp>(CmpIPredicate::ne, rest, zero);
  Value otherSign = b.createOrFold<arith::CmpIOp>(
      CmpIPredicate::slt, b.createOrFold<arith::XOrIOp>(rest, divisor.safe),
      zero);
  return b.createOrFold<arith::SelectOp>(
      b.createOrFold<arith::AndIOp>(isRest, otherSign),
      b.createOrFold<arith::AddIOp>(rest, divisor.safe), rest);
}

static Value negate(Scalar &b, ValueRange x) {
  if (isFloat(x[0]))
    return arith::NegFOp::create(b, x[0]);
  return b.createOrFold<arith::SubIOp>(b.number(x[0], 0), x[0]);
}

static Value absolute(Scalar &b, ValueRange x) {
  if (isFloat(x[0]))
    return math::AbsFOp::create(b, x[0]);
  if (b.isUnsigned)
    return x[0];
  return b.createOrFold<arith::MaxSIOp>(x[0], negate(b, x));
}

/// -1, 0 or 1; NaN stays.
static Value sign(Scalar &b, ValueRange x) {
  Value zero = b.number(x[0], 0);
  Value positive =
      arith::SelectOp::create(b, b.less(zero, x[0]), b.number(x[0], 1), zero);
  Value result = arith::SelectOp::create(b, b.less(x[0], zero),
                                         b.number(x[0], -1), positive);
  if (!isFloat(x[0]))
    return result;
  Value isNan = arith::CmpFOp::create(b, CmpFPredicate::UNO, x[0], x[0]);
  return arith::SelectOp::create(b, isNan, x[0], result);
}

/// Complement: all bits, or the one of a boolean.
static Value invert(Scalar &b, ValueRange x) {
  Value ones = arith::ConstantOp::create(
      b, b.getIntegerAttr(
             x[0].getType(),
             APInt::getAllOnes(x[0].getType().getIntOrFloatBitWidth())));
  return b.createOrFold<arith::XOrIOp>(x[0], ones);
}

/// Bits that are shifted by their count or more are all gone; what comes in
/// on the left of signed integers is the sign.
static Value shift(Scalar &b, ValueRange x) {
  int64_t bits = x[0].getType().getIntOrFloatBitWidth();
  Value fits = b.createOrFold<arith::CmpIOp>(CmpIPredicate::ult, x[1],
                                             b.number(x[0], bits));
  bool left = b.node.getString("direction", "") == "LEFT";
  if (!left && !b.isUnsigned) {
    Value by =
        b.createOrFold<arith::SelectOp>(fits, x[1], b.number(x[0], bits - 1));
    return b.createOrFold<arith::ShRSIOp>(x[0], by);
  }
  Value zero = b.number(x[0], 0);
  Value by = b.createOrFold<arith::SelectOp>(fits, x[1], zero);
  Value shifted = left ? b.createOrFold<arith::ShLIOp>(x[0], by)
                       : b.createOrFold<arith::ShRUIOp>(x[0], by);
  return b.createOrFold<arith::SelectOp>(fits, shifted, zero);
}

static Value reciprocal(Scalar &b, ValueRange x) {
  return arith::DivFOp::create(b, b.number(x[0], 1), x[0]);
}

static Value select(Scalar &b, ValueRange x) {
  return b.createOrFold<arith::SelectOp>(x[0], x[1], x[2]);
}

static Value mean(Scalar &b, ValueRange x) {
  Value sum = binary<arith::AddFOp, arith::AddIOp>(b, x);
  return arith::DivFOp::create(b, sum, b.number(sum, x.size()));
}

static Value isNan(Scalar &b, ValueRange x) {
  return arith::CmpFOp::create(b, CmpFPredicate::UNO, x[0], x[0]);
}

static Value isInfinite(Scalar &b, ValueRange x) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value result = arith::ConstantIntOp::create(b, 0, 1);
  auto also = [&](double wanted) {
    Value found = arith::CmpFOp::create(b, CmpFPredicate::OEQ, x[0],
                                        b.number(x[0], wanted));
    result = b.createOrFold<arith::OrIOp>(result, found);
  };
  if (b.node.getInt("detect_positive", 1) != 0)
    also(infinity);
  if (b.node.getInt("detect_negative", 1) != 0)
    also(-infinity);
  return result;
}

/// x^y: small constant exponents are products and roots. Integers go through
/// f64, which is exact below 2^53.
static Value power(Scalar &b, ValueRange x) {
  FloatAttr exponent;
  if (isFloat(x[0]) && matchPattern(x[1], m_Constant(&exponent))) {
    double value = exponent.getValueAsDouble();
    if (value == 2.0)
      return arith::MulFOp::create(b, x[0], x[0]);
    if (value == 0.5)
      return math::SqrtOp::create(b, x[0]);
  }
  Type type = isFloat(x[0]) ? x[0].getType() : Type(b.getF64Type());
  bool isUnsignedExponent = isUnsignedInput(b.node, 1);
  Value result = math::PowFOp::create(
      b, convertScalar(b, x[0], type, b.isUnsigned, false),
      convertScalar(b, x[1], type, isUnsignedExponent, false));
  return convertScalar(b, result, x[0].getType(), false, b.isUnsigned);
}

void addElementwise(LoweringTable &table) {
  table.compute("Add", simple<binary<arith::AddFOp, arith::AddIOp>>);
  table.compute("Sum", simple<binary<arith::AddFOp, arith::AddIOp>>);
  table.compute("Sub", simple<binary<arith::SubFOp, arith::SubIOp>>);
  table.compute("Mul", simple<binary<arith::MulFOp, arith::MulIOp>>);
  table.compute("Div", simple<divide>);
  table.compute("Mod", simple<modulo>);
  table.compute(
      "Max", simple<binary<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>>);
  table.compute(
      "Min", simple<binary<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>>);
  table.compute("Mean", floats<mean>);
  table.compute("And", simple<binary<arith::AddFOp, arith::AndIOp>>);
  table.compute("Or", simple<binary<arith::AddFOp, arith::OrIOp>>);
  table.compute("Xor", simple<binary<arith::AddFOp, arith::XOrIOp>>);
  table.compute("BitwiseAnd", simple<binary<arith::AddFOp, arith::AndIOp>>);
  table.compute("BitwiseOr", simple<binary<arith::AddFOp, arith::OrIOp>>);
  table.compute("BitwiseXor", simple<binary<arith::AddFOp, arith::XOrIOp>>);
  table.compute("BitwiseNot", simple<invert>);
  table.compute("BitShift", simple<shift>);
  table.compute(
      "Equal",
      simple<
          compareBy<CmpFPredicate::OEQ, CmpIPredicate::eq, CmpIPredicate::eq>>);
  table.compute("Greater",
                simple<compareBy<CmpFPredicate::OGT, CmpIPredicate::sgt,
                                 CmpIPredicate::ugt>>);
  table.compute("Less", simple<compareBy<CmpFPredicate::OLT, CmpIPredicate::slt,
                                         CmpIPredicate::ult>>);
  table.compute("GreaterOrEqual",
                simple<compareBy<CmpFPredicate::OGE, CmpIPredicate::sge,
                                 CmpIPredicate::uge>>);
  table.compute("LessOrEqual",
                simple<compareBy<CmpFPredicate::OLE, CmpIPredicate::sle,
                                 CmpIPredicate::ule>>);
  table.compute("Neg", simple<negate>);
  table.compute("Abs", simple<absolute>);
  table.compute("Sign", simple<sign>);
  table.compute("Not", simple<invert>);
  table.compute("IsNaN", floats<isNan>);
  table.compute("IsInf", floats<isInfinite>);
  table.compute("Reciprocal", floats<reciprocal>);
  table.compute("Pow", simple<power>);
  table.move("Where", simple<select>);
}

} // namespace attune
