// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/LowTypes.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

namespace {
/// A QuantizeLinear or DequantizeLinear node: each element meets the scale and
/// the zero point of its tensor, of its place along an axis, or of its block.
class QuantizationLowering {
public:
  QuantizationLowering(onnx::NodeOp node, Lowering &b)
      : node(node), b(b), input(node.getInputs()[0]) {}

  using Code = Value (*)(Scalar &, ValueRange);
  LogicalResult lower(Code code);

private:
  FailureOr<AffineMap> mapOf(Value factor);
  LogicalResult checkBlocks(Value factor, int64_t axis, int64_t block);

  onnx::NodeOp node;
  Lowering &b;
  Value input;
};
} // namespace

LogicalResult QuantizationLowering::checkBlocks(Value factor, int64_t axis,
                                                int64_t block) {
  int64_t rank = typeOf(input).getRank();
  for (int64_t dim = 0; dim < rank; ++dim) {
    OpFoldResult size = b.size(input, dim);
    if (dim == axis)
      size = getAsOpFoldResult(b.createOrFold<arith::CeilDivSIOp>(
          b.toIndex(size), b.constant(b.getIndexType(), block)));
    if (failed(b.requireEqual(node, b.size(factor, dim), size,
                              "sizes of the scale and the blocks")))
      return failure();
  }
  return success();
}

/// From an element's place to that of its scale or zero point.
FailureOr<AffineMap> QuantizationLowering::mapOf(Value factor) {
  int64_t rank = typeOf(input).getRank(), own = typeOf(factor).getRank();
  RankedTensorType type = typeOf(factor);
  if (own == 0 || (type.hasStaticShape() && type.getNumElements() == 1))
    return AffineMap::get(
        rank, 0, SmallVector<AffineExpr>(own, b.getAffineConstantExpr(0)),
        b.getContext());
  // Before opset 13 there is one scale for a tensor.
  int64_t axis = axisOf(node, rank, 1), block = node.getInt("block_size", 0);
  if (node.getVersion() < 13 || axis < 0 || axis >= rank || block < 0)
    return node.emitNodeError("requires one scale, or an axis of the input and "
                              "no negative block_size");
  if (block > 0) {
    if (own != rank)
      return node.emitNodeError("requires a scale of the input's rank for "
                                "blocks, but got ")
             << type;
    if (failed(checkBlocks(factor, axis, block)))
      return failure();
    SmallVector<AffineExpr> exprs;
    for (int64_t dim = 0; dim < rank; ++dim)
      exprs.push_back(dim == axis ? b.getAffineDimExpr(dim).floorDiv(block)
                                  : b.getAffineDimExpr(dim));
    return AffineMap::get(rank, 0, exprs, b.getContext());
  }
  if (own != 1)
    return node.emitNodeError("requires a scale of one element or of rank 1, "
                              "or a block_size, but got ")
           << type;
  if (failed(b.requireEqual(node, b.size(factor, 0), b.size(input, axis),
                            "sizes of the scale and the axis")))
    return failure();
  return AffineMap::get(rank, 0, b.getAffineDimExpr(axis));
}

LogicalResult QuantizationLowering::lower(Code code) {
  SmallVector<Value> inputs = {input, node.getInputs()[1]};
  if (Value zeroPoint = node.getInput(2))
    inputs.push_back(zeroPoint);
  AffineMap identity = b.getMultiDimIdentityMap(typeOf(input).getRank());
  SmallVector<AffineMap> maps = {identity};
  for (Value factor : ArrayRef(inputs).drop_front()) {
    FailureOr<AffineMap> map = mapOf(factor);
    if (failed(map))
      return failure();
    maps.push_back(*map);
  }
  maps.push_back(identity);
  Value result = b.generic(
      inputs, maps, b.empty(b.sizes(input), elementOf(node.getOutputs()[0])),
      SmallVector<utils::IteratorType>(identity.getNumDims(),
                                       utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location loc, ValueRange x) {
        Scalar scalar(loc, inner, node);
        return code(scalar, x.drop_back());
      });
  b.replace(node, result);
  return success();
}

/// Input `index` of the node, whatever its type, in f32.
static Value toFloat(Scalar &b, Value x, unsigned index) {
  if (Type low = lowInput(b.node, index))
    x = decodeLow(b, x, low);
  return convertScalar(b, x, b.getF32Type(), isUnsignedInput(b.node, index),
                       false);
}

/// (x - zero point) * scale; the difference of integers has no rounding.
static Value dequantize(Scalar &b, ValueRange x) {
  Value number;
  Type to = elementOf(b.node.getOutputs()[0]);
  if (x.size() == 3 && x[0].getType().isInteger(32)) {
    Type wide = b.getI64Type();
    number = arith::SubIOp::create(b, arith::ExtSIOp::create(b, wide, x[0]),
                                   arith::ExtSIOp::create(b, wide, x[2]));
    number = arith::SIToFPOp::create(b, b.getF32Type(), number);
  } else {
    number = toFloat(b, x[0], 0);
    if (x.size() == 3)
      number = arith::SubFOp::create(b, number, toFloat(b, x[2], 2));
  }
  Value result = arith::MulFOp::create(b, number, toFloat(b, x[1], 1));
  return convertScalar(b, result, to, false, false);
}

/// What is divided and what comes out is rounded to this: as the node says,
/// else what NumPy makes of the two types.
static Type precisionOf(Scalar &b, ValueRange x) {
  constexpr int64_t half = 10, brain = 16;
  int64_t given = b.node.getInt("precision", 0);
  if (given != 0)
    return given == half    ? Type(b.getF16Type())
           : given == brain ? Type(b.getBF16Type())
                            : Type(b.getF32Type());
  Type type = x[0].getType();
  bool isHalf = type.isF16() || type.isBF16();
  return isHalf && type == x[1].getType() ? type : Type(b.getF32Type());
}

/// An f32 with the precision of another type.
static Value rounded(Scalar &b, Value x, Type precision) {
  return convertScalar(b, convertScalar(b, x, precision, false, false),
                       b.getF32Type(), false, false);
}

/// The nearest integer of the output's type, kept in its range.
static Value toQuantized(Scalar &b, Value ratio, Value zeroPoint) {
  Type low = lowOutput(b.node), to = elementOf(b.node.getOutputs()[0]);
  Type type = low ? low : to;
  bool isUnsigned = isUnsignedOutput(b.node);
  unsigned width = type.getIntOrFloatBitWidth();
  double lowest = isUnsigned ? 0 : -std::ldexp(1.0, width - 1);
  double highest = std::ldexp(1.0, isUnsigned ? width : width - 1) - 1;
  Value value = math::RoundEvenOp::create(b, ratio);
  // Exact: where f32 would round, the result is out of range anyway.
  if (zeroPoint)
    value = arith::AddFOp::create(b, value, zeroPoint);
  value = arith::MaxNumFOp::create(b, value, b.number(value, lowest));
  value = arith::MinNumFOp::create(b, value, b.number(value, highest));
  value = arith::FPToSIOp::create(b, b.getI32Type(), value);
  if (low)
    return encodeLowInteger(b, value, cast<IntegerType>(low));
  return arith::TruncIOp::create(b, to, value);
}

static Value quantize(Scalar &b, ValueRange x) {
  Type precision = precisionOf(b, x);
  Value ratio =
      arith::DivFOp::create(b, rounded(b, toFloat(b, x[0], 0), precision),
                            rounded(b, toFloat(b, x[1], 1), precision));
  ratio = rounded(b, ratio, precision);
  Value zeroPoint = x.size() == 3 ? toFloat(b, x[2], 2) : Value();
  auto low = dyn_cast_or_null<FloatType>(lowOutput(b.node));
  if (!low)
    return toQuantized(b, ratio, zeroPoint);
  if (zeroPoint)
    ratio = arith::AddFOp::create(b, ratio, zeroPoint);
  LowRounding rounding;
  rounding.saturate = b.node.getInt("saturate", 1) != 0;
  return encodeLowFloat(b, ratio, low, rounding);
}

static LogicalResult lowerQuantize(onnx::NodeOp node, Lowering &b) {
  int64_t precision = node.getInt("precision", 0);
  if (precision != 0 && precision != 1 && precision != 10 && precision != 16)
    return node.emitNodeError("requires a precision of float, float16 or "
                              "bfloat16, but got type ")
           << precision;
  return QuantizationLowering(node, b).lower(quantize);
}

static LogicalResult lowerDequantize(onnx::NodeOp node, Lowering &b) {
  return QuantizationLowering(node, b).lower(dequantize);
}

void addQuantization(LoweringTable &table) {
  table.move("DequantizeLinear", lowerDequantize);
  table.move("QuantizeLinear", lowerQuantize);
}

} // namespace attune
