// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Resize.h"
#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// Along one dimension, sums of neighbours with their weights.
static Value resizeAlong(Lowering &b, const ResizeMode &mode,
                         const ResizeAxis &axis, Value input, Value places) {
  ResizeWeights table = weightsOf(b, mode, axis, places);
  Type element = elementOf(input);
  Value weights = b.convert(table.weights, element);
  int64_t rank = typeOf(input).getRank();
  // The loop over the weights comes before the last, which LLVM vectorises.
  auto loop = [&](int64_t dim) { return dim + 1 < rank ? dim : rank; };
  SmallVector<AffineExpr> to;
  for (int64_t dim = 0; dim < rank; ++dim)
    to.push_back(b.getAffineDimExpr(loop(dim)));
  AffineExpr out = to[axis.axis], tap = b.getAffineDimExpr(rank - 1);
  SmallVector<utils::IteratorType> iterators(rank + 1,
                                             utils::IteratorType::parallel);
  iterators[rank - 1] = utils::IteratorType::reduction;
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  sizes[axis.axis] = axis.out;
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(rank + 1, 0, exprs, b.getContext());
  };
  Value in = b.toIndex(axis.in);
  return b.generic(
      {weights, table.starts}, {map({out, tap}), map({out}), map(to)},
      b.fill(sizes, b.constant(element, 0)), iterators,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        SmallVector<Value> at;
        for (int64_t dim = 0; dim < rank; ++dim)
          at.push_back(linalg::IndexOp::create(s, loop(dim)));
        Value first = arith::IndexCastOp::create(s, s.getIndexType(), x[1]);
        Value place = arith::AddIOp::create(
            s, first, linalg::IndexOp::create(s, rank - 1));
        Value last =
            arith::SubIOp::create(s, in, arith::ConstantIndexOp::create(s, 1));
        Value zero = arith::ConstantIndexOp::create(s, 0);
        at[axis.axis] = arith::MaxSIOp::create(
            s, arith::MinSIOp::create(s, place, last), zero);
        Value found = tensor::ExtractOp::create(s, input, at);
        return arith::AddFOp::create(s, x[2],
                                     arith::MulFOp::create(s, x[0], found));
      });
}

/// All dimensions at once: each element is one of the input's.
static Value pickNearest(Lowering &b, const ResizeMode &mode, Value input,
                         ArrayRef<ResizeAxis> axes, ArrayRef<Value> places) {
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  SmallVector<Value> tables;
  for (auto [axis, place] : llvm::zip(axes, places)) {
    tables.push_back(nearestElements(b, mode, axis, place));
    sizes[axis.axis] = axis.out;
  }
  return b.compute(sizes, elementOf(input),
                   [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                     SmallVector<Value> at(ivs);
                     for (auto [axis, table] : llvm::zip(axes, tables))
                       at[axis.axis] = arith::IndexCastOp::create(
                           s, s.getIndexType(),
                           tensor::ExtractOp::create(s, table, ivs[axis.axis]));
                     return tensor::ExtractOp::create(s, input, at);
                   });
}

/// Puts `value` where a place lies outside of the input.
static Value extrapolate(Lowering &b, const ResizeAxis &axis, Value result,
                         Value places, Value value) {
  Axes others;
  for (int64_t dim = 0; dim < typeOf(result).getRank(); ++dim)
    if (dim != axis.axis)
      others.push_back(dim);
  Value last = b.createOrFold<arith::SubFOp>(sizeToF64(b, axis.in),
                                             b.constant(b.getF64Type(), 1));
  return combine(
      b, result, places, others,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        Value zero = arith::ConstantOp::create(s, s.getF64FloatAttr(0));
        Value before =
            arith::CmpFOp::create(s, arith::CmpFPredicate::OLT, x[1], zero);
        Value after =
            arith::CmpFOp::create(s, arith::CmpFPredicate::OGT, x[1], last);
        Value beyond = arith::OrIOp::create(s, before, after);
        return arith::SelectOp::create(s, beyond, value, x[0]);
      });
}

/// Integers are rounded to the nearest, half to even, and saturate.
static Value roundTo(onnx::NodeOp node, Lowering &b, Value tensor, Type to) {
  return b.elementwise(
      node, tensor, to,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        Value rounded = math::RoundEvenOp::create(s, x[0]);
        return convertScalar(s, rounded, to, false, isUnsignedInput(node));
      });
}

static LogicalResult lowerResize(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  FailureOr<ResizeMode> mode = resizeModeOf(node);
  if (failed(mode))
    return failure();
  FailureOr<SmallVector<ResizeAxis>> axes = resizeAxesOf(node, b, *mode);
  if (failed(axes))
    return failure();
  SmallVector<Value> places;
  for (const ResizeAxis &axis : *axes)
    places.push_back(sourcePlaces(b, *mode, axis));
  Type element = elementOf(input);
  bool isNearest = mode->kind == ResizeMode::nearest;
  bool throughFloat = !isNearest && !isFloat(input);
  Value result = input;
  if (throughFloat)
    result = b.elementwise(
        node, input, b.getF64Type(),
        [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
          ImplicitLocOpBuilder s(loc, inner);
          return convertScalar(s, x[0], s.getF64Type(), isUnsignedInput(node),
                               false);
        });
  if (isNearest && !axes->empty())
    result = pickNearest(b, *mode, input, *axes, places);
  Value beyond =
      b.constant(elementOf(result), node.getFloat("extrapolation_value", 0));
  for (auto [axis, place] : llvm::zip(*axes, places)) {
    if (!isNearest)
      result = resizeAlong(b, *mode, axis, result, place);
    if (axis.roiStart)
      result = extrapolate(b, axis, result, place, beyond);
  }
  if (throughFloat)
    result = roundTo(node, b, result, element);
  b.replace(node, result);
  return success();
}

void addResize(LoweringTable &table) {
  table.compute("Resize", lowerResize);
  table.compute("Upsample", lowerResize);
}

} // namespace attune
