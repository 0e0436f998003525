// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Convolution.h"
#include "frontends/onnx/ops/LowTypes.h"
#include "frontends/onnx/ops/MatMul.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

/// Input `index` less its zero point, in i32. A zero point of rank 1 belongs
/// to dimension `axis`.
static FailureOr<Value> centred(onnx::NodeOp node, Lowering &b, unsigned index,
                                unsigned zeroIndex, int64_t axis) {
  SmallVector<Value> inputs = {node.getInputs()[index]};
  int64_t rank = typeOf(inputs[0]).getRank();
  if (Value zero = node.getInput(zeroIndex)) {
    if (typeOf(zero).getRank() == 1 && axis < rank) {
      SmallVector<OpFoldResult> column(rank - axis, b.getIndexAttr(1));
      column[0] = b.size(zero, 0);
      zero = b.reshape(zero, column);
    }
    inputs.push_back(zero);
  }
  bool isUnsigned = isUnsignedInput(node, index);
  Value result = b.elementwise(
      node, inputs, b.getI32Type(),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder b(loc, inner);
        Type wide = b.getI32Type();
        Value value = convertScalar(b, x[0], wide, isUnsigned, false);
        if (inputs.size() == 1)
          return value;
        return arith::SubIOp::create(
            b, value, convertScalar(b, x[1], wide, isUnsigned, false));
      });
  if (!result)
    return failure();
  return result;
}

/// left * right / by, each step rounded as the scales' type does.
static Value multiplier(ImplicitLocOpBuilder &b, Value left, Value right,
                        Value by) {
  Type type = left.getType(), wide = b.getF32Type();
  auto widen = [&](Value x) { return convertScalar(b, x, wide, false, false); };
  auto rounded = [&](Value x) {
    return widen(convertScalar(b, x, type, false, false));
  };
  Value product = rounded(arith::MulFOp::create(b, widen(left), widen(right)));
  return rounded(arith::DivFOp::create(b, product, widen(by)));
}

/// Rounds sums times a multiplier to the output's type. `factors` are the two
/// scales, the output's scale and its zero point.
static LogicalResult requantize(onnx::NodeOp node, Lowering &b, Value sums,
                                ArrayRef<Value> factors) {
  Type to = elementOf(node.getOutputs()[0]);
  bool isUnsigned = isUnsignedOutput(node);
  SmallVector<Value> inputs = {sums};
  llvm::append_range(inputs, factors);
  Value result = b.elementwise(
      node, inputs, to,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder b(loc, inner);
        // f64 holds all sums, and what f32 has of the multiplier.
        Type wide = b.getF64Type();
        auto number = [&](double value) -> Value {
          return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
        };
        Value factor = multiplier(b, x[1], x[2], x[3]);
        Value value =
            arith::MulFOp::create(b, arith::SIToFPOp::create(b, wide, x[0]),
                                  convertScalar(b, factor, wide, false, false));
        if (inputs.size() == 5)
          value = arith::AddFOp::create(
              b, value, convertScalar(b, x[4], wide, isUnsigned, false));
        value = math::RoundEvenOp::create(b, value);
        value =
            arith::MaxNumFOp::create(b, value, number(isUnsigned ? 0 : -128));
        value =
            arith::MinNumFOp::create(b, value, number(isUnsigned ? 255 : 127));
        value = arith::FPToSIOp::create(b, b.getI32Type(), value);
        return arith::TruncIOp::create(b, to, value);
      });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

static LogicalResult lowerMatMulInteger(onnx::NodeOp node, Lowering &b) {
  int64_t rank = typeOf(node.getInputs()[0]).getRank();
  int64_t other = typeOf(node.getInputs()[1]).getRank();
  FailureOr<Value> lhs = centred(node, b, 0, 2, std::max<int64_t>(rank - 2, 0));
  FailureOr<Value> rhs = centred(node, b, 1, 3, other - 1);
  if (failed(lhs) || failed(rhs))
    return failure();
  Value result = matrixProduct(node, b, *lhs, *rhs);
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

/// A scale of a row each, as a column.
static Value columnOf(Lowering &b, Value scale) {
  RankedTensorType type = typeOf(scale);
  if (type.getRank() != 1 || type.getDimSize(0) == 1)
    return scale;
  return b.reshape(scale, {b.size(scale, 0), b.getIndexAttr(1)});
}

static LogicalResult lowerQLinearMatMul(onnx::NodeOp node, Lowering &b) {
  Value left = node.getInputs()[0], right = node.getInputs()[3];
  Value scale = node.getInputs()[6], zero = node.getInputs()[7];
  for (Value factor : {scale, zero})
    if (!typeOf(factor).hasStaticShape() ||
        typeOf(factor).getNumElements() != 1)
      return node.emitNodeError("requires one scale and zero point for the "
                                "result, but got ")
             << typeOf(factor);
  if (hasLowTypes(node))
    return node.emitNodeError("float8 is not supported here; use MatMul "
                              "between DequantizeLinear and QuantizeLinear");
  if (typeOf(left).getRank() < 2 || typeOf(right).getRank() < 2)
    return node.emitNodeError("requires matrices");
  FailureOr<Value> lhs = centred(node, b, 0, 2, typeOf(left).getRank() - 2);
  FailureOr<Value> rhs = centred(node, b, 3, 5, typeOf(right).getRank() - 1);
  if (failed(lhs) || failed(rhs))
    return failure();
  Value sums = matrixProduct(node, b, *lhs, *rhs);
  if (!sums)
    return failure();
  return requantize(node, b, sums,
                    {columnOf(b, node.getInputs()[1]), node.getInputs()[4],
                     b.reshape(scale, {}), b.reshape(zero, {})});
}

/// Products of integers in windows; pads are the zero point.
static FailureOr<Value> convolve(onnx::NodeOp node, Lowering &b, Value input,
                                 Value weight) {
  if (failed(checkWeights(node, input, weight)))
    return failure();
  FailureOr<Windows> windows =
      Windows::of(node, b, input, typeOf(weight).getShape().drop_front(2));
  if (failed(windows))
    return failure();
  Value padded = windows->pad(b, input, b.constant(elementOf(input), 0));
  return multiplyDirectly(b, padded, weight, *windows, node.getInt("group", 1));
}

static LogicalResult lowerConvInteger(onnx::NodeOp node, Lowering &b) {
  FailureOr<Value> input = centred(node, b, 0, 2, 1);
  FailureOr<Value> weight = centred(node, b, 1, 3, 0);
  if (failed(input) || failed(weight))
    return failure();
  FailureOr<Value> result = convolve(node, b, *input, *weight);
  if (failed(result))
    return failure();
  b.replace(node, *result);
  return success();
}

/// A factor of each output channel, beside [batch, channels, positions..].
static Value besideChannels(Lowering &b, Value factor, int64_t rank) {
  RankedTensorType type = typeOf(factor);
  if (type.getRank() != 1)
    return factor;
  SmallVector<OpFoldResult> column(rank - 1, b.getIndexAttr(1));
  column[0] = b.size(factor, 0);
  return b.reshape(factor, column);
}

static LogicalResult lowerQLinearConv(onnx::NodeOp node, Lowering &b) {
  FailureOr<Value> input = centred(node, b, 0, 2, 1);
  FailureOr<Value> weight = centred(node, b, 3, 5, 0);
  if (failed(input) || failed(weight))
    return failure();
  FailureOr<Value> sums = convolve(node, b, *input, *weight);
  if (failed(sums))
    return failure();
  int64_t rank = typeOf(*sums).getRank();
  if (Value bias = node.getInput(8)) {
    *sums = b.elementwise(
        node, {*sums, besideChannels(b, bias, rank)}, b.getI32Type(),
        [](OpBuilder &b, Location loc, ValueRange x) -> Value {
          return arith::AddIOp::create(b, loc, x[0], x[1]);
        });
    if (!*sums)
      return failure();
  }
  SmallVector<Value> factors;
  for (unsigned index : {1, 4, 6, 7})
    factors.push_back(besideChannels(b, node.getInputs()[index], rank));
  return requantize(node, b, *sums, factors);
}

void addQuantizedProducts(LoweringTable &table) {
  table.move("ConvInteger", lowerConvInteger);
  table.move("MatMulInteger", lowerMatMulInteger);
  table.move("QLinearConv", lowerQLinearConv);
  table.move("QLinearMatMul", lowerQLinearMatMul);
}

} // namespace attune
