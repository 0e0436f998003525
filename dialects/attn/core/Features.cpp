// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune::attn {

LogicalResult FeaturesOp::verify() {
  // C1
  if (getInput().getType() != getType())
    return emitOpError("requires a result of the operand's type ")
           << getInput().getType() << ", but got " << getType();
  return success();
}

LogicalResult
FeaturesOp::reifyResultShapes(OpBuilder &builder,
                              ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

Cost FeaturesOp::getCost(int64_t size) {
  double bytes = bytesOf({getInput()}, size);
  double elements = 8 * bytes / getType().getElementTypeBitWidth();
  // An exponential is a polynomial of degree six and a few steps around it.
  double each = getMap() == FeatureMap::elu1 || getMap() == FeatureMap::exp ? 20
                : getMap() == FeatureMap::relu                              ? 1
                                                                            : 0;
  return {each * elements, 2 * bytes};
}

Value FeaturesOp::buildScalar(OpBuilder &builder, Location loc, FeatureMap map,
                              Value x) {
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(builder, loc,
                                     builder.getFloatAttr(x.getType(), value));
  };
  switch (map) {
  case FeatureMap::identity:
    return x;
  case FeatureMap::relu:
    return arith::MaximumFOp::create(builder, loc, x, constant(0));
  case FeatureMap::exp:
    return math::ExpOp::create(builder, loc, x);
  case FeatureMap::elu1:
    break;
  }
  Value zero = constant(0);
  Value positive =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, x, zero);
  Value power = math::ExpOp::create(
      builder, loc, arith::MinimumFOp::create(builder, loc, x, zero));
  Value next = arith::AddFOp::create(builder, loc, x, constant(1));
  return arith::SelectOp::create(builder, loc, positive, next, power);
}

} // namespace attune::attn
