// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

Value reduce(Lowering &b, Value input, const Axes &axes, Value start,
             Lowering::Body body) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> kept;
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (llvm::is_contained(axes, dim)) {
      iterators[dim] = utils::IteratorType::reduction;
      continue;
    }
    sizes.push_back(b.size(input, dim));
    kept.push_back(b.getAffineDimExpr(dim));
  }
  return b.generic(input,
                   {b.getMultiDimIdentityMap(rank),
                    AffineMap::get(rank, 0, kept, b.getContext())},
                   b.fill(sizes, start), iterators, body);
}

Value sum(Lowering &b, Value input, const Axes &axes) {
  return reduce(b, input, axes, b.constant(elementOf(input), 0),
                [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  if (isFloat(x[0]))
                    return arith::AddFOp::create(b, loc, x[1], x[0]);
                  return arith::AddIOp::create(b, loc, x[1], x[0]);
                });
}

Value sumOfSquares(Lowering &b, Value input, const Axes &axes) {
  return reduce(b, input, axes, b.constant(elementOf(input), 0),
                [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  if (!isFloat(x[0]))
                    return arith::AddIOp::create(
                        b, loc, x[1],
                        arith::MulIOp::create(b, loc, x[0], x[0]));
                  return arith::AddFOp::create(
                      b, loc, x[1], arith::MulFOp::create(b, loc, x[0], x[0]));
                });
}

Value maximum(Lowering &b, Value input, const Axes &axes) {
  Value lowest =
      b.constant(elementOf(input), -std::numeric_limits<double>::infinity());
  return reduce(b, input, axes, lowest,
                [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  return arith::MaximumFOp::create(b, loc, x[1], x[0]);
                });
}

Value combine(Lowering &b, Value input, Value reduced, const Axes &axes,
              Lowering::Body body) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<AffineExpr> kept;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      kept.push_back(b.getAffineDimExpr(dim));
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  return b.generic(
      {input, reduced},
      {identity, AffineMap::get(rank, 0, kept, b.getContext()), identity},
      b.empty(b.sizes(input), elementOf(input)),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      body);
}

Value mapped(Lowering &b, Value input, Lowering::Body body) {
  return mapped(b, input, elementOf(input), body);
}

Value mapped(Lowering &b, Value input, Type element, Lowering::Body body) {
  int64_t rank = typeOf(input).getRank();
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  return b.generic(
      input, {identity, identity}, b.empty(b.sizes(input), element),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      body);
}

Value divide(Lowering &b, Value tensor, Value by) {
  return mapped(b, tensor,
                [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  if (isFloat(x[0]))
                    return arith::DivFOp::create(b, loc, x[0], by);
                  return arith::DivSIOp::create(b, loc, x[0], by);
                });
}

Value countOf(Lowering &b, Value input, const Axes &axes) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t axis : axes)
    sizes.push_back(b.size(input, axis));
  Value integer = b.createOrFold<arith::IndexCastOp>(
      b.getI64Type(), b.toIndex(b.product(sizes)));
  Type element = elementOf(input);
  if (isa<FloatType>(element))
    return b.createOrFold<arith::SIToFPOp>(element, integer);
  if (element.getIntOrFloatBitWidth() < 64)
    return b.createOrFold<arith::TruncIOp>(element, integer);
  return integer;
}

Value keepDims(Lowering &b, Value reduced, const Axes &axes, int64_t rank) {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0, next = 0; dim < rank; ++dim)
    sizes.push_back(llvm::is_contained(axes, dim)
                        ? OpFoldResult(b.getIndexAttr(1))
                        : b.size(reduced, next++));
  // One group a kept dimension: with units, so that no size is divided.
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices pending;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (!llvm::is_contained(axes, dim)) {
      groups.push_back(groups.empty() ? pending : ReassociationIndices());
      groups.back().push_back(dim);
    } else if (groups.empty()) {
      pending.push_back(dim);
    } else {
      groups.back().push_back(dim);
    }
  }
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  return tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, elementOf(reduced)), reduced, groups,
      sizes);
}

Value softmax(Lowering &b, Value input, const Axes &axes, bool zeroRows) {
  Type element = elementOf(input);
  Value highest = maximum(b, input, axes);
  if (zeroRows)
    highest = mapped(b, highest, [&](OpBuilder &b, Location loc, ValueRange x) {
      Value lowest = arith::ConstantOp::create(
          b, loc,
          b.getFloatAttr(
              element,
              APFloat::getLargest(cast<FloatType>(element).getFloatSemantics(),
                                  /*Negative=*/true)));
      return arith::MaximumFOp::create(b, loc, x[0], lowest).getResult();
    });
  Value powers =
      combine(b, input, highest, axes,
              [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                return math::ExpOp::create(
                    b, loc, arith::SubFOp::create(b, loc, x[0], x[1]));
              });
  Value sums = sum(b, powers, axes);
  if (zeroRows)
    sums = mapped(b, sums, [&](OpBuilder &b, Location loc, ValueRange x) {
      Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(element));
      Value one = arith::ConstantOp::create(b, loc, b.getFloatAttr(element, 1));
      Value none =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OEQ, x[0], zero);
      return arith::SelectOp::create(b, loc, none, one, x[0]).getResult();
    });
  return combine(b, powers, sums, axes,
                 [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                   return arith::DivFOp::create(b, loc, x[0], x[1]);
                 });
}

Value contract(Lowering &b, Value lhs, Value rhs, AffineMap lhsMap,
               AffineMap rhsMap, ArrayRef<OpFoldResult> sizes, unsigned depth) {
  Type element = elementOf(lhs);
  int64_t rank = sizes.size();
  SmallVector<AffineExpr> kept;
  for (int64_t dim = 0; dim < rank; ++dim)
    kept.push_back(b.getAffineDimExpr(dim));
  AffineMap outMap = AffineMap::get(rank + depth, 0, kept, b.getContext());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.append(depth, utils::IteratorType::reduction);
  return b.generic(
      {lhs, rhs}, {lhsMap, rhsMap, outMap},
      b.fill(sizes, b.constant(element, 0)), iterators,
      [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        if (isFloat(x[0]))
          return arith::AddFOp::create(
              b, loc, x[2], arith::MulFOp::create(b, loc, x[0], x[1]));
        return arith::AddIOp::create(b, loc, x[2],
                                     arith::MulIOp::create(b, loc, x[0], x[1]));
      });
}

} // namespace attune
