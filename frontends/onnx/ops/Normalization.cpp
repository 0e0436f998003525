// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static Value difference(OpBuilder &b, Location loc, ValueRange x) {
  return arith::SubFOp::create(b, loc, x[0], x[1]);
}

static Value multiple(OpBuilder &b, Location loc, ValueRange x) {
  return arith::MulFOp::create(b, loc, x[0], x[1]);
}

/// Before opset 13 everything from the axis on is one dimension.
static Axes softmaxAxes(onnx::NodeOp node) {
  int64_t rank = typeOf(node.getInputs()[0]).getRank();
  if (node.getVersion() >= 13)
    return {axisOf(node, rank, -1)};
  return llvm::to_vector(llvm::seq<int64_t>(axisOf(node, rank, 1), rank));
}

static LogicalResult lowerSoftmax(onnx::NodeOp node, Lowering &b) {
  b.replace(node, softmax(b, node.getInputs()[0], softmaxAxes(node)));
  return success();
}

static LogicalResult lowerLogSoftmax(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  Axes axes = softmaxAxes(node);
  Value shifted = combine(b, input, maximum(b, input, axes), axes, difference);
  Value powers =
      mapped(b, shifted, [](OpBuilder &b, Location loc, ValueRange x) {
        return math::ExpOp::create(b, loc, x[0]).getResult();
      });
  Value logs = mapped(b, sum(b, powers, axes),
                      [](OpBuilder &b, Location loc, ValueRange x) {
                        return math::LogOp::create(b, loc, x[0]).getResult();
                      });
  b.replace(node, combine(b, shifted, logs, axes, difference));
  return success();
}

/// 1 / sqrt(x + epsilon)
static Value inverseRoot(Lowering &b, Value variance, double epsilon) {
  Type element = elementOf(variance);
  return mapped(
      b, variance, [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        Value small =
            arith::ConstantOp::create(b, loc, b.getFloatAttr(element, epsilon));
        Value one =
            arith::ConstantOp::create(b, loc, b.getFloatAttr(element, 1));
        Value root = math::SqrtOp::create(
            b, loc, arith::AddFOp::create(b, loc, x[0], small));
        return arith::DivFOp::create(b, loc, one, root);
      });
}

namespace {
struct Normalized {
  Value result, mean, inverse;
};
} // namespace

/// (x - mean) / sqrt(variance + epsilon) along `axes`.
static Normalized normalize(Lowering &b, Value input, const Axes &axes,
                            double epsilon) {
  Value count = countOf(b, input, axes);
  Value mean = divide(b, sum(b, input, axes), count);
  Value centered = combine(b, input, mean, axes, difference);
  Value variance = divide(b, sumOfSquares(b, centered, axes), count);
  Value inverse = inverseRoot(b, variance, epsilon);
  return {combine(b, centered, inverse, axes, multiple), mean, inverse};
}

/// x * scale + bias, broadcast as ONNX does.
static Value scaleAndShift(onnx::NodeOp node, Lowering &b, Value input,
                           Value scale, Value bias) {
  SmallVector<Value> operands = {input, scale};
  if (bias)
    operands.push_back(bias);
  return b.elementwise(node, operands, elementOf(input),
                       [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                         Value scaled =
                             arith::MulFOp::create(b, loc, x[0], x[1]);
                         if (!bias)
                           return scaled;
                         return arith::AddFOp::create(b, loc, scaled, x[2]);
                       });
}

static Axes axesFrom(onnx::NodeOp node) {
  int64_t rank = typeOf(node.getInputs()[0]).getRank();
  return llvm::to_vector(llvm::seq<int64_t>(axisOf(node, rank, -1), rank));
}

static bool isUsed(onnx::NodeOp node, unsigned output) {
  return output < node.getOutputs().size() &&
         !isa<NoneType>(node.getOutputs()[output].getType()) &&
         !node.getOutputs()[output].use_empty();
}

/// Whether all of `parameters` have just the dimensions of `input` from `axis`
/// on; ONNX would broadcast others.
static bool fitNorm(Value input, ArrayRef<Value> parameters, int64_t axis) {
  return llvm::all_of(parameters, [&](Value parameter) {
    return !parameter || typeOf(parameter).getShape() ==
                             typeOf(input).getShape().drop_front(axis);
  });
}

static LogicalResult lowerLayerNorm(onnx::NodeOp node, Lowering &b) {
  if (failed(checkPrecision(node)))
    return failure();
  Value input = node.getInputs()[0], scale = node.getInputs()[1];
  Axes axes = axesFrom(node);
  double epsilon = node.getFloat("epsilon", 1e-5f);
  if (!isUsed(node, 1) && !isUsed(node, 2) && !axes.empty() &&
      fitNorm(input, {scale, node.getInput(2)}, axes.front())) {
    b.replace(node, attn::LayerNormOp::create(b, input.getType(), input, scale,
                                              node.getInput(2),
                                              b.getI64IntegerAttr(axes.front()),
                                              b.getF64FloatAttr(epsilon)));
    return success();
  }
  Normalized all = normalize(b, input, axes, epsilon);
  Value result = scaleAndShift(node, b, all.result, scale, node.getInput(2));
  if (!result)
    return failure();
  b.replace(node, result);
  for (auto [output, value] : {std::pair(1u, all.mean), {2u, all.inverse}})
    if (output < node.getOutputs().size() &&
        !isa<NoneType>(node.getOutputs()[output].getType()))
      b.replace(node, keepDims(b, value, axes, typeOf(input).getRank()),
                output);
  return success();
}

static LogicalResult lowerRmsNorm(onnx::NodeOp node, Lowering &b) {
  if (failed(checkPrecision(node)))
    return failure();
  Value input = node.getInputs()[0], scale = node.getInputs()[1];
  Axes axes = axesFrom(node);
  double epsilon = node.getFloat("epsilon", 1e-5f);
  if (!axes.empty() && fitNorm(input, scale, axes.front())) {
    b.replace(node, attn::RmsNormOp::create(b, input.getType(), input, scale,
                                            b.getI64IntegerAttr(axes.front()),
                                            b.getF64FloatAttr(epsilon)));
    return success();
  }
  Value square =
      divide(b, sumOfSquares(b, input, axes), countOf(b, input, axes));
  Value inverse = inverseRoot(b, square, epsilon);
  Value result = scaleAndShift(
      node, b, combine(b, input, inverse, axes, multiple), scale, Value());
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

/// A value for each channel, to be broadcast over `rank` dimensions.
static Value perChannel(Lowering &b, Value values, int64_t rank) {
  SmallVector<OpFoldResult> sizes(rank - 1, b.getIndexAttr(1));
  sizes.front() = b.size(values, 0);
  return b.reshape(values, sizes);
}

/// The mean and the variance of each channel; the averages of the model take
/// in their share of them.
static std::pair<Value, Value> trainBatchNorm(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  Axes axes;
  for (int64_t dim = 0; dim < typeOf(input).getRank(); ++dim)
    if (dim != 1)
      axes.push_back(dim);
  Value count = countOf(b, input, axes);
  Value mean = divide(b, sum(b, input, axes), count);
  Value centered = combine(b, input, mean, axes, difference);
  Value variance = divide(b, sumOfSquares(b, centered, axes), count);
  float share = node.getFloat("momentum", 0.9f);
  for (auto [output, now] : {std::pair(1u, mean), {2u, variance}}) {
    if (!isUsed(node, output))
      continue;
    Value before = node.getInputs()[2 + output];
    now = b.convert(now, elementOf(before));
    Value average = b.elementwise(
        node, {before, now}, elementOf(before),
        [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
          ImplicitLocOpBuilder s(loc, inner);
          auto part = [&](Value value, float weight) -> Value {
            Value factor = arith::ConstantOp::create(
                s, s.getFloatAttr(value.getType(), weight));
            return arith::MulFOp::create(s, value, factor);
          };
          return arith::AddFOp::create(s, part(x[0], share),
                                       part(x[1], 1 - share));
        });
    if (!average)
      return {};
    b.replace(node, average, output);
  }
  return {mean, variance};
}

/// Whether a batch's own mean and variance are asked for.
static bool isTraining(onnx::NodeOp node) {
  if (node.getVersion() < 7)
    return node.getInt("is_test", 0) == 0;
  if (node.getVersion() < 14)
    return node.getOutputs().size() > 1;
  return node.getInt("training_mode", 0) != 0;
}

static LogicalResult lowerBatchNorm(onnx::NodeOp node, Lowering &b) {
  bool isTrained = isTraining(node);
  if (isTrained && node.getVersion() < 14)
    return node.emitNodeError("requires one output (or is_test = 1, before "
                              "opset 7): training is supported since opset 14");
  Value input = node.getInputs()[0];
  // Values for each channel, or, before opset 9, for each element of a sample.
  int64_t rank = node.getInt("spatial", 1) == 0 ? 1 : typeOf(input).getRank();
  Value mean = node.getInputs()[3], variance = node.getInputs()[4];
  if (isTrained)
    std::tie(mean, variance) = trainBatchNorm(node, b);
  if (!mean)
    return failure();
  Value inverse = inverseRoot(b, variance, node.getFloat("epsilon", 1e-5));
  SmallVector<Value> operands = {input};
  for (Value channel :
       {mean, inverse, node.getInputs()[1], node.getInputs()[2]}) {
    channel = b.convert(channel, elementOf(input));
    operands.push_back(rank > 1 ? perChannel(b, channel, rank) : channel);
  }
  Value result = b.elementwise(
      node, operands, elementOf(input),
      [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        Value centered = arith::SubFOp::create(b, loc, x[0], x[1]);
        Value factor = arith::MulFOp::create(b, loc, x[2], x[3]);
        Value scaled = arith::MulFOp::create(b, loc, centered, factor);
        return arith::AddFOp::create(b, loc, scaled, x[4]);
      });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

static LogicalResult lowerInstanceNorm(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  Axes axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  Normalized all = normalize(b, input, axes, node.getFloat("epsilon", 1e-5));
  Value result = scaleAndShift(node, b, all.result,
                               perChannel(b, node.getInputs()[1], rank),
                               perChannel(b, node.getInputs()[2], rank));
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

/// Each group of channels has its own mean and variance. Scale and bias are
/// the channels' (since opset 21) or the groups'.
static LogicalResult lowerGroupNorm(onnx::NodeOp node, Lowering &b) {
  if (failed(checkPrecision(node)))
    return failure();
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), groups = node.getInt("num_groups", 1);
  int64_t channels = typeOf(input).getDimSize(1);
  if (ShapedType::isDynamic(channels) || channels % groups != 0)
    return node.emitNodeError("requires a constant number of channels that is "
                              "a multiple of num_groups");
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  SmallVector<OpFoldResult> split(sizes);
  split[1] = b.getIndexAttr(groups);
  split.insert(split.begin() + 2, b.getIndexAttr(channels / groups));
  Value grouped = b.reshape(input, split);
  Axes axes = llvm::to_vector(llvm::seq<int64_t>(2, rank + 1));
  Value result =
      normalize(b, grouped, axes, node.getFloat("epsilon", 1e-5)).result;
  Value scale = node.getInputs()[1], bias = node.getInputs()[2];
  if (node.getVersion() < 21) {
    result = scaleAndShift(node, b, result, perChannel(b, scale, rank + 1),
                           perChannel(b, bias, rank + 1));
    if (result)
      result = b.reshape(result, sizes);
  } else {
    result =
        scaleAndShift(node, b, b.reshape(result, sizes),
                      perChannel(b, scale, rank), perChannel(b, bias, rank));
  }
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

void addNormalization(LoweringTable &table) {
  table.compute("BatchNormalization", lowerBatchNorm);
  table.compute("GroupNormalization", lowerGroupNorm);
  table.compute("InstanceNormalization", lowerInstanceNorm);
  table.compute("LayerNormalization", lowerLayerNorm);
  table.compute("LogSoftmax", lowerLogSoftmax);
  table.compute("RMSNormalization", lowerRmsNorm);
  table.compute("Softmax", lowerSoftmax);
}

} // namespace attune
