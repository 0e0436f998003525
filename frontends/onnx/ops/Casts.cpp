// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/LowTypes.h"
#include "frontends/onnx/ops/Scalars.h"

using namespace mlir;

namespace attune {

/// The nearest integer towards zero. Machines disagree about what they cannot
/// represent, so floats are kept in range first.
static Value floatToInteger(ImplicitLocOpBuilder &b, Value x, IntegerType to,
                            bool toUnsigned) {
  auto type = cast<FloatType>(x.getType());
  unsigned width = to.getWidth();
  APInt low =
      toUnsigned ? APInt::getZero(width) : APInt::getSignedMinValue(width);
  APInt high =
      toUnsigned ? APInt::getMaxValue(width) : APInt::getSignedMaxValue(width);
  auto bound = [&](const APInt &value) -> Value {
    APFloat rounded(type.getFloatSemantics());
    // Towards zero: the float must be an integer of the type.
    rounded.convertFromAPInt(value, !toUnsigned, APFloat::rmTowardZero);
    return arith::ConstantOp::create(b, b.getFloatAttr(type, rounded));
  };
  Value number = arith::CmpFOp::create(b, arith::CmpFPredicate::ORD, x, x);
  Value kept = arith::MinNumFOp::create(
      b, arith::MaxNumFOp::create(b, x, bound(low)), bound(high));
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(type));
  kept = arith::SelectOp::create(b, number, kept, zero);
  if (toUnsigned)
    return arith::FPToUIOp::create(b, to, kept);
  return arith::FPToSIOp::create(b, to, kept);
}

static Value floatToFloat(ImplicitLocOpBuilder &b, Value x, FloatType to) {
  unsigned from = x.getType().getIntOrFloatBitWidth();
  if (to.getWidth() == from) {
    // Between the two types of 16 bits there is no direct way.
    Value wide = arith::ExtFOp::create(b, b.getF32Type(), x);
    return arith::TruncFOp::create(b, to, wide);
  }
  if (to.getWidth() > from)
    return arith::ExtFOp::create(b, to, x);
  // From 64 to 16 bits there is an instruction only by way of 32.
  if (from == 64 && to.getWidth() == 16)
    x = arith::TruncFOp::create(b, b.getF32Type(), x);
  return arith::TruncFOp::create(b, to, x);
}

Value convertScalar(ImplicitLocOpBuilder &b, Value x, Type to,
                    bool fromUnsigned, bool toUnsigned) {
  Type from = x.getType();
  if (from == to)
    return x;
  fromUnsigned |= from.isInteger(1);
  bool isFromFloat = isa<FloatType>(from);
  if (to.isInteger(1)) {
    Value zero = arith::ConstantOp::create(b, b.getZeroAttr(from));
    if (isFromFloat)
      return arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, x, zero);
    return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, x, zero);
  }
  if (auto toFloat = dyn_cast<FloatType>(to)) {
    if (isFromFloat)
      return floatToFloat(b, x, toFloat);
    // Machines have no way from integers to 16 bits but by 32.
    if (toFloat.getWidth() == 16)
      return floatToFloat(
          b, convertScalar(b, x, b.getF32Type(), fromUnsigned, toUnsigned),
          toFloat);
    if (fromUnsigned)
      return b.createOrFold<arith::UIToFPOp>(to, x);
    return b.createOrFold<arith::SIToFPOp>(to, x);
  }
  if (isFromFloat && from.getIntOrFloatBitWidth() == 16)
    x = arith::ExtFOp::create(b, b.getF32Type(), x);
  if (isFromFloat)
    return floatToInteger(b, x, cast<IntegerType>(to), toUnsigned);
  if (to.getIntOrFloatBitWidth() < from.getIntOrFloatBitWidth())
    return b.createOrFold<arith::TruncIOp>(to, x);
  if (fromUnsigned)
    return b.createOrFold<arith::ExtUIOp>(to, x);
  return b.createOrFold<arith::ExtSIOp>(to, x);
}

/// From or to elements that no machine computes with, by way of what it can.
static Value castLow(ImplicitLocOpBuilder &b, Value x, onnx::NodeOp node) {
  Type from = lowInput(node), low = lowOutput(node);
  bool fromUnsigned = isUnsignedInput(node),
       toUnsigned = isUnsignedOutput(node);
  if (from)
    x = decodeLow(b, x, from);
  if (!low)
    return convertScalar(b, x, elementOf(node.getOutputs()[0]), fromUnsigned,
                         toUnsigned);
  if (auto integer = dyn_cast<IntegerType>(low)) {
    if (isFloat(x))
      x = convertScalar(b, x, b.getI32Type(), false, false);
    return encodeLowInteger(b, x, integer);
  }
  // f64 goes by way of f32 too, as in ml_dtypes.
  x = convertScalar(b, x, b.getF32Type(), fromUnsigned, false);
  LowRounding rounding;
  rounding.saturate = node.getInt("saturate", 1) != 0;
  rounding.powers = node.getString("round_mode", "up");
  return encodeLowFloat(b, x, cast<FloatType>(low), rounding);
}

static LogicalResult lowerLowCast(onnx::NodeOp node, Lowering &b) {
  StringRef mode = node.getString("round_mode", "up");
  if (mode != "up" && mode != "down" && mode != "nearest")
    return node.emitNodeError("requires the round_mode up, down or nearest, "
                              "but got '")
           << mode << "'";
  Type to = elementOf(node.getOutputs()[0]);
  Value result =
      b.elementwise(node, node.getInputs()[0], to,
                    [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
                      ImplicitLocOpBuilder scalar(loc, inner);
                      // Elements that stay what they are keep their bits.
                      if (lowInput(node) && lowInput(node) == lowOutput(node))
                        return x[0];
                      return castLow(scalar, x[0], node);
                    });
  b.replace(node, result);
  return success();
}

static LogicalResult lowerCast(onnx::NodeOp node, Lowering &b) {
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  Value input = node.getInputs()[0];
  Type to = type.getElementType();
  bool fromUnsigned = isUnsignedInput(node);
  bool toUnsigned = isUnsignedOutput(node);
  if (lowInput(node) || lowOutput(node))
    return lowerLowCast(node, b);
  if (std::optional<SmallVector<Value>> known = b.elements(input);
      known && Lowering::isSmall(type)) {
    for (Value &value : *known)
      value = convertScalar(b, value, to, fromUnsigned, toUnsigned);
    b.replace(node, b.fromElements(type, *known));
    return success();
  }
  Value result = b.elementwise(
      node, input, to, [&](OpBuilder &inner, Location loc, ValueRange x) {
        ImplicitLocOpBuilder scalar(loc, inner);
        return convertScalar(scalar, x[0], to, fromUnsigned, toUnsigned);
      });
  b.replace(node, result);
  return success();
}

/// Whether elements leave bits of their byte unused.
static bool hasLowSize(Type low) {
  return low && low.getIntOrFloatBitWidth() < 8;
}

/// The same bits as another type of the same width.
static LogicalResult lowerBitCast(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  Type from = elementOf(input), to = elementOf(node.getOutputs()[0]);
  auto widthOf = [](Type type) {
    return type.isInteger(1) ? 8 : type.getIntOrFloatBitWidth();
  };
  if (widthOf(from) != widthOf(to) || hasLowSize(lowInput(node)) ||
      hasLowSize(lowOutput(node)))
    return node.emitNodeError("requires types of equal width, but got ")
           << from << " and " << to;
  Value result = b.elementwise(
      node, input, to, [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        if (from == to)
          return x[0];
        // A boolean takes a byte that is 0 or 1.
        if (from.isInteger(1))
          return arith::ExtUIOp::create(b, loc, to, x[0]);
        if (to.isInteger(1))
          return arith::TruncIOp::create(b, loc, to, x[0]);
        return arith::BitcastOp::create(b, loc, to, x[0]);
      });
  b.replace(node, result);
  return success();
}

void addCasts(LoweringTable &table) {
  table.move("BitCast", lowerBitCast);
  table.move("Cast", lowerCast);
  table.move("CastLike", lowerCast);
}

} // namespace attune
