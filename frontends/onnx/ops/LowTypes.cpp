// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/LowTypes.h"

using namespace mlir;

namespace attune {

using arith::CmpIPredicate;

namespace {

/// Arithmetic on integers of one width.
struct Bits {
  ImplicitLocOpBuilder &b;
  IntegerType type;

  Value number(int64_t value) {
    return arith::ConstantOp::create(
        b, b.getIntegerAttr(type, APInt(type.getWidth(), value, true, true)));
  }
  Value number(const APInt &value) {
    return arith::ConstantOp::create(
        b, b.getIntegerAttr(type, value.zextOrTrunc(type.getWidth())));
  }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value left(Value x, int64_t by) {
    return arith::ShLIOp::create(b, x, number(by));
  }
  Value right(Value x, int64_t by) {
    return arith::ShRUIOp::create(b, x, number(by));
  }
  Value band(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
  Value bor(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
  Value is(CmpIPredicate predicate, Value x, Value y) {
    return arith::CmpIOp::create(b, predicate, x, y);
  }
  Value choose(Value condition, Value yes, Value no) {
    return arith::SelectOp::create(b, condition, yes, no);
  }
};

/// How a low float's bits are laid out: sign, exponent, fraction.
struct Layout {
  explicit Layout(FloatType type)
      : semantics(type.getFloatSemantics()), width(type.getWidth()),
        fraction(APFloat::semanticsPrecision(semantics) - 1),
        bias(1 - APFloat::semanticsMinExponent(semantics)) {}

  const llvm::fltSemantics &semantics;
  int64_t width, fraction, bias;

  APInt largest() const {
    return APFloat::getLargest(semantics).bitcastToAPInt();
  }
  bool hasInfinity() const { return APFloat::semanticsHasInf(semantics); }
  bool hasNan() const { return APFloat::semanticsHasNaN(semantics); }
  /// NaN takes the place of the negative zero.
  bool hasOneZero() const {
    return hasNan() && APFloat::getNaN(semantics).bitcastToAPInt().isSignMask();
  }
  APInt infinity() const { return APFloat::getInf(semantics).bitcastToAPInt(); }
  APInt nan() const { return APFloat::getNaN(semantics).bitcastToAPInt(); }
};

} // namespace

bool isLowType(Type type) {
  if (auto integer = dyn_cast<IntegerType>(type))
    return integer.getWidth() == 2 || integer.getWidth() == 4;
  auto number = dyn_cast<FloatType>(type);
  return number && number.getWidth() <= 8;
}

static bool isPowers(FloatType type) { return isa<Float8E8M0FNUType>(type); }

static Value floatOfBits(ImplicitLocOpBuilder &b, Value bits) {
  return arith::BitcastOp::create(b, b.getF32Type(), bits);
}

static Value constantFloat(ImplicitLocOpBuilder &b, double value) {
  return arith::ConstantOp::create(
      b, b.getF32FloatAttr(static_cast<float>(value)));
}

/// 2^(byte - 127); the least one is denormal in f32.
static Value decodePower(ImplicitLocOpBuilder &b, Value byte) {
  Bits i{b, b.getI32Type()};
  Value code = arith::ExtUIOp::create(b, i.type, byte);
  Value bits = i.choose(i.is(CmpIPredicate::eq, code, i.number(0)),
                        i.number(0x00400000), i.left(code, 23));
  // 255 is NaN; its exponent alone would be infinity.
  bits = i.choose(i.is(CmpIPredicate::eq, code, i.number(255)),
                  i.number(0x7fc00000), bits);
  return floatOfBits(b, bits);
}

static Value decodeFloat(ImplicitLocOpBuilder &b, Value byte, FloatType low) {
  if (isPowers(low))
    return decodePower(b, byte);
  Layout layout(low);
  Bits i{b, b.getI32Type()};
  Value code = arith::ExtUIOp::create(b, i.type, byte);
  Value signBit = i.number(int64_t(1) << (layout.width - 1));
  Value size = i.band(code, i.number((int64_t(1) << (layout.width - 1)) - 1));
  Value normal =
      floatOfBits(b, i.add(i.left(size, 23 - layout.fraction),
                           i.number(int64_t(127 - layout.bias) << 23)));
  Value small = arith::MulFOp::create(
      b, arith::UIToFPOp::create(b, b.getF32Type(), size),
      constantFloat(b, std::ldexp(1.0, 1 - layout.bias - layout.fraction)));
  Value isSmall =
      i.is(CmpIPredicate::ult, size, i.number(int64_t(1) << layout.fraction));
  Value result = i.choose(isSmall, small, normal);
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (layout.hasInfinity())
    result =
        i.choose(i.is(CmpIPredicate::eq, size, i.number(layout.infinity())),
                 constantFloat(b, infinity), result);
  Value isNegative =
      i.is(CmpIPredicate::ne, i.band(code, signBit), i.number(0));
  result = i.choose(isNegative, arith::NegFOp::create(b, result), result);
  if (!layout.hasNan())
    return result;
  Value isNan =
      layout.hasOneZero()
          ? i.is(CmpIPredicate::eq, i.band(code, i.number(255)), signBit)
          : i.is(CmpIPredicate::ugt, size,
                 i.number(layout.hasInfinity() ? layout.infinity()
                                               : layout.largest()));
  return i.choose(isNan,
                  constantFloat(b, std::numeric_limits<double>::quiet_NaN()),
                  result);
}

Value decodeLow(ImplicitLocOpBuilder &b, Value byte, Type low) {
  if (auto number = dyn_cast<FloatType>(low))
    return decodeFloat(b, byte, number);
  Bits i{b, b.getI8Type()};
  int64_t unused = 8 - low.getIntOrFloatBitWidth();
  Value high = i.left(byte, unused);
  if (low.isUnsignedInteger())
    return i.right(high, unused);
  return arith::ShRSIOp::create(b, high, i.number(unused));
}

Value encodeLowInteger(ImplicitLocOpBuilder &b, Value number, IntegerType low) {
  Bits i{b, b.getI8Type()};
  unsigned width = number.getType().getIntOrFloatBitWidth();
  if (width > 8)
    number = arith::TruncIOp::create(b, i.type, number);
  if (width < 8)
    number = arith::ExtUIOp::create(b, i.type, number);
  return i.band(number, i.number((1 << low.getWidth()) - 1));
}

/// The exponent of |x|, by the rounding one more; 255 for NaN and infinity.
static Value encodePower(ImplicitLocOpBuilder &b, Value x,
                         LowRounding rounding) {
  Bits i{b, b.getI32Type()};
  Value bits = arith::BitcastOp::create(b, i.type, x);
  Value exponent = i.band(i.right(bits, 23), i.number(255));
  Value fraction = i.band(bits, i.number(0x7fffff));
  Value half = i.number(0x400000), zero = i.number(0);
  Value goesUp = arith::ConstantIntOp::create(b, 0, 1);
  if (rounding.powers == "up")
    goesUp = i.is(CmpIPredicate::ne, fraction, zero);
  if (rounding.powers == "nearest") {
    // Halfway, the even one of 0 and 1 stays; above, the greater is taken.
    Value above = i.is(CmpIPredicate::ugt, fraction, half);
    Value tie = i.band(i.is(CmpIPredicate::eq, fraction, half),
                       i.is(CmpIPredicate::ne, exponent, zero));
    goesUp = i.bor(above, tie);
  }
  Value last = i.number(rounding.saturate ? 254 : 255);
  goesUp = i.band(goesUp, i.is(CmpIPredicate::ult, exponent, last));
  Value step = arith::ExtUIOp::create(b, i.type, goesUp);
  return arith::TruncIOp::create(b, b.getI8Type(), i.add(exponent, step));
}

namespace {
/// The bits of an f32 on the way to those of a low float.
struct Encoder {
  Encoder(ImplicitLocOpBuilder &b, Value number, FloatType low)
      : layout(low), i{b, b.getI32Type()} {
    bits = arith::BitcastOp::create(b, i.type, number);
    size = i.band(bits, i.number(0x7fffffff));
  }

  /// |x| in units of the least low number, rounded by an addition.
  Value small() {
    Value magic =
        constantFloat(i.b, std::ldexp(1.0, 24 - layout.bias - layout.fraction));
    Value sum = arith::AddFOp::create(i.b, floatOfBits(i.b, size), magic);
    return i.sub(arith::BitcastOp::create(i.b, i.type, sum),
                 arith::BitcastOp::create(i.b, i.type, magic));
  }

  /// Drops bits of the fraction; a carry goes into the exponent.
  Value normal() {
    int64_t drop = 23 - layout.fraction;
    Value odd = i.band(i.right(size, drop), i.number(1));
    Value most = i.number((int64_t(1) << (drop - 1)) - 1);
    Value rounded = i.right(i.add(i.add(size, odd), most), drop);
    return i.sub(rounded, i.number((127 - layout.bias) << layout.fraction));
  }

  Value leastNormal() { return i.number((128 - layout.bias) << 23); }

  Layout layout;
  Bits i;
  Value bits, size;
};
} // namespace

Value encodeLowFloat(ImplicitLocOpBuilder &b, Value number, FloatType low,
                     LowRounding rounding) {
  if (isPowers(low))
    return encodePower(b, number, rounding);
  Encoder e(b, number, low);
  Bits &i = e.i;
  const Layout &layout = e.layout;
  Value code = i.choose(i.is(CmpIPredicate::ult, e.size, e.leastNormal()),
                        e.small(), e.normal());
  Value largest = i.number(layout.largest()), beyond = largest;
  if (!rounding.saturate && layout.hasInfinity())
    beyond = i.number(layout.infinity());
  else if (!rounding.saturate && layout.hasNan())
    beyond = i.number(layout.nan());
  code = i.choose(i.is(CmpIPredicate::sgt, code, largest), beyond, code);
  Value sign = i.left(i.right(e.bits, 31), layout.width - 1);
  if (layout.hasOneZero())
    sign =
        i.choose(i.is(CmpIPredicate::eq, code, i.number(0)), i.number(0), sign);
  Value isNan = i.is(CmpIPredicate::ugt, e.size, i.number(0x7f800000));
  // Where there is no NaN, its place is taken by the negative zero.
  Value nan = layout.hasNan() ? i.number(layout.nan())
                              : i.number(int64_t(1) << (layout.width - 1));
  code = i.choose(isNan, nan, i.bor(code, sign));
  return arith::TruncIOp::create(b, b.getI8Type(), code);
}

} // namespace attune
