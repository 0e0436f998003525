// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune::attn {

static void addParts(OpBuilder &builder, OperationState &state, Type type,
                     FeatureMap map, ValueRange operands) {
  state.addTypes(type);
  state.addOperands(operands);
  state.getOrAddProperties<FeaturesOp::Properties>().map =
      FeatureMapAttr::get(builder.getContext(), map);
}

void FeaturesOp::build(OpBuilder &builder, OperationState &state,
                       FeatureMap map, Value input) {
  addParts(builder, state, input.getType(), map, input);
}

void FeaturesOp::build(OpBuilder &builder, OperationState &state,
                       FeatureMap map, Value input, Value projection,
                       int64_t features, double scale, double eps, bool keys,
                       DenseI64ArrayAttr layout) {
  auto type = cast<RankedTensorType>(input.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape[Heads{input, layout}.position(3)] = features;
  SmallVector<Value> operands = {input};
  if (projection)
    operands.push_back(projection);
  addParts(builder, state, type.clone(shape), map, operands);
  Properties &properties = state.getOrAddProperties<Properties>();
  properties.scale = builder.getF64FloatAttr(scale);
  properties.eps = builder.getF64FloatAttr(eps);
  properties.keys = keys ? builder.getUnitAttr() : UnitAttr();
  properties.layout = layout;
}

/// Checks the shapes of features that are not made element by element.
static LogicalResult verifyWide(FeaturesOp op) {
  auto input = cast<RankedTensorType>(op.getInput().getType());
  if (input.getRank() != 4)
    return op.emitOpError("requires an operand of rank 4, but got ") << input;
  if (failed(verifyLayouts(op, {op.getLayout()})))
    return failure();
  int64_t at = Heads{op.getInput(), op.getLayout()}.position(3);
  int64_t width = input.getDimSize(at), features = ShapedType::kDynamic;
  if (Value projection = op.getProjection()) {
    auto type = cast<RankedTensorType>(projection.getType());
    if (type.getDimSize(1) != width)
      return op.emitOpError("requires a projection of vectors of width ")
             << width << ", but got " << type;
    features = type.getDimSize(0);
  } else if (!ShapedType::isDynamic(width)) {
    features = FeaturesOp::countTaylor(width);
  }
  SmallVector<int64_t> shape(input.getShape());
  shape[at] = features;
  if (op.getType() != input.clone(shape))
    return op.emitOpError("requires a result of type ")
           << input.clone(shape) << ", but got " << op.getType();
  return success();
}

LogicalResult FeaturesOp::verify() {
  // C1
  if (!isWide() && getMap() != FeatureMap::positive &&
      getInput().getType() != getType())
    return emitOpError("requires a result of the operand's type ")
           << getInput().getType() << ", but got " << getType();
  // C2
  if (getMap() == FeatureMap::positive && !getProjection())
    return emitOpError("requires a projection for 'positive'");
  if (getMap() == FeatureMap::taylor2 && getProjection())
    return emitOpError("requires no projection for 'taylor2'");
  // C3
  if (isWide() && failed(verifyWide(*this)))
    return failure();
  // C4
  double eps = getEps().convertToDouble(), scale = getScale().convertToDouble();
  if (!std::isfinite(eps) || eps < 0 ||
      (getMap() == FeatureMap::taylor2 && eps != 0))
    return emitOpError("requires a finite eps of at least 0, and 0 for "
                       "'taylor2', but got ")
           << eps;
  if (!std::isfinite(scale) || scale == 0)
    return emitOpError("requires a finite scale that is not 0, but got ")
           << scale;
  // C5
  if (getKeys() && getMap() != FeatureMap::positive)
    return emitOpError("requires the map 'positive' beside 'keys'");
  return success();
}

LogicalResult
FeaturesOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  if (!isWide())
    return success();
  unsigned at = Heads{getInput(), getLayout()}.position(3);
  auto type = cast<RankedTensorType>(getType());
  if (!type.isDynamicDim(at)) {
    shapes.back()[at] = builder.getIndexAttr(type.getDimSize(at));
    return success();
  }
  if (!getProjection())
    return failure();
  shapes.back()[at] =
      tensor::getMixedSize(builder, getLoc(), getProjection(), 0);
  return success();
}

Cost FeaturesOp::getCost(int64_t size) {
  auto count = [&](Value tensor) {
    auto type = cast<RankedTensorType>(tensor.getType());
    return 8 * bytesOf({tensor}, size) / type.getElementTypeBitWidth();
  };
  double features = count(getResult());
  // An exponential is a polynomial of degree six and a few steps around it.
  double each = 20;
  if (getMap() == FeatureMap::identity)
    each = 0;
  else if (getMap() == FeatureMap::relu || getMap() == FeatureMap::taylor2)
    each = 1;
  Cost cost{each * features, bytesOf({getInput(), getResult()}, size)};
  if (Value projection = getProjection()) {
    int64_t width = cast<ShapedType>(projection.getType()).getDimSize(1);
    cost.flops += 2 * features * (ShapedType::isDynamic(width) ? size : width);
    cost.bytes += bytesOf({projection}, size);
  }
  return cost;
}

static Value buildElu1(OpBuilder &builder, Location loc, Value x, Value zero,
                       Value one) {
  Value positive =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, x, zero);
  Value power = math::ExpOp::create(
      builder, loc, arith::MinimumFOp::create(builder, loc, x, zero));
  Value next = arith::AddFOp::create(builder, loc, x, one);
  return arith::SelectOp::create(builder, loc, positive, next, power);
}

Value FeaturesOp::buildScalar(OpBuilder &builder, Value x) {
  Location loc = getLoc();
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(x.getType(), value));
  };
  double scale = getScale().convertToDouble(), eps = getEps().convertToDouble();
  // A projection is of scaled vectors.
  if (scale != 1 && !isWide())
    x = arith::MulFOp::create(builder, loc, x, constant(scale));
  switch (getMap()) {
  case FeatureMap::identity:
  case FeatureMap::positive:
  case FeatureMap::taylor2:
    break;
  case FeatureMap::relu:
    x = arith::MaximumFOp::create(builder, loc, x, constant(0));
    break;
  case FeatureMap::exp:
    x = math::ExpOp::create(builder, loc, x);
    break;
  case FeatureMap::elu1:
    x = buildElu1(builder, loc, x, constant(0), constant(1));
    break;
  }
  if (eps != 0)
    x = arith::AddFOp::create(builder, loc, x, constant(eps));
  return x;
}

} // namespace attune::attn
