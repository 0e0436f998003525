// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pooling over regions of images that are given when the model runs.

#include "frontends/onnx/ops/Regions.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

void requireAll(onnx::NodeOp node, Lowering &b, OpFoldResult count,
                llvm::function_ref<Value(Scalar &, Value)> holds,
                StringRef message) {
  Value flags =
      b.compute(count, b.getI1Type(),
                [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> ivs) {
                  Scalar s(inner.getLoc(), inner, node);
                  return holds(s, ivs[0]);
                });
  Value all = reduce(b, flags, {0}, b.constant(b.getI1Type(), 1),
                     [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                       return arith::AndIOp::create(b, loc, x[0], x[1]);
                     });
  b.require(node, b.scalar(all), message);
}

Value toFloat(Scalar &s, Value like, Value index) {
  Value integer = arith::IndexCastOp::create(s, s.getI64Type(), index);
  return arith::SIToFPOp::create(s, like.getType(), integer);
}

Value toIndex(Scalar &s, Value number) {
  Value integer = convertScalar(s, number, s.getI64Type(), false, false);
  return arith::IndexCastOp::create(s, s.getIndexType(), integer);
}

Value readAt(Scalar &s, Value matrix, Value row, int64_t column) {
  Value at = arith::ConstantIndexOp::create(s, column);
  return tensor::ExtractOp::create(s, matrix, ValueRange{row, at});
}

LogicalResult checkRegions(onnx::NodeOp node, Lowering &b, int64_t columns) {
  Value images = node.getInputs()[0], regions = node.getInputs()[1];
  if (!isFloat(images) || typeOf(images).getRank() != 4 ||
      typeOf(regions).getRank() != 2)
    return node.emitNodeError("requires images of rank 4 and regions of rank "
                              "2, but got ")
           << images.getType() << " and " << regions.getType();
  if (failed(b.requireEqual(node, b.size(regions, 1), b.getIndexAttr(columns),
                            "numbers of a region's columns")))
    return failure();
  return b.requireSome(node, {b.size(images, 2), b.size(images, 3)});
}

void addRegions(LoweringTable &table) {
  table.compute("MaxRoiPool", lowerMaxRoiPool);
  table.compute("RoiAlign", lowerRoiAlign);
}

} // namespace attune
