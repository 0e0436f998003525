// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

Value isBetter(Scalar &s, Value left, Value right, bool largest) {
  Value better = largest ? s.less(right, left) : s.less(left, right);
  if (!isFloat(left))
    return better;
  Value leftNan = arith::CmpFOp::create(s, CmpFPredicate::UNO, left, left);
  Value rightNumber =
      arith::CmpFOp::create(s, CmpFPredicate::ORD, right, right);
  return arith::OrIOp::create(s, better,
                              arith::AndIOp::create(s, leftNan, rightNumber));
}

/// Where the largest or smallest element along the axis stands: the first of
/// equal ones, or the `last`. The axis goes.
static Value positionOf(onnx::NodeOp node, Lowering &b, Value input,
                        int64_t axis, bool largest, bool last) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  Value length = b.toIndex(sizes[axis]);
  sizes.erase(sizes.begin() + axis);
  Type element = elementOf(input), i64 = b.getI64Type();
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  AffineMap kept = identity.dropResult(axis);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators[axis] = utils::IteratorType::reduction;
  // -1 stands for nothing seen yet.
  Value none = b.fill(sizes, b.constant(i64, -1));
  Value start =
      b.fill(sizes, arith::ConstantOp::create(b, b.getZeroAttr(element)));
  auto op = linalg::GenericOp::create(
      b, TypeRange{start.getType(), none.getType()}, ValueRange(input),
      ValueRange{start, none}, ArrayRef<AffineMap>{identity, kept, kept},
      iterators, [&](OpBuilder &inner, Location loc, ValueRange x) {
        Scalar s(loc, inner, node);
        Value here = arith::IndexCastOp::create(
            s, i64, linalg::IndexOp::create(s, axis));
        Value better = isBetter(s, x[0], x[1], largest);
        if (last) {
          // The loop runs upwards, so ties go to the one that comes later.
          Value worse = isBetter(s, x[1], x[0], largest);
          Value one = arith::ConstantIntOp::create(s, 1, 1);
          better = arith::XOrIOp::create(s, worse, one);
        }
        Value first = arith::CmpIOp::create(s, CmpIPredicate::slt, x[2],
                                            s.number(x[2], 0));
        better = arith::OrIOp::create(s, better, first);
        linalg::YieldOp::create(
            s, ValueRange{arith::SelectOp::create(s, better, x[0], x[1]),
                          arith::SelectOp::create(s, better, here, x[2])});
      });
  b.require(node,
            b.createOrFold<arith::CmpIOp>(CmpIPredicate::sgt, length,
                                          b.constant(b.getIndexType(), 0)),
            "requires at least one element along the axis");
  return op.getResult(1);
}

template <bool largest>
static LogicalResult lowerArg(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), axis = axisOf(node, rank);
  Value result = positionOf(node, b, input, axis, largest,
                            node.getInt("select_last_index", 0) != 0);
  if (node.getInt("keepdims", 1) != 0)
    result = keepDims(b, result, {axis}, rank);
  b.replace(node, result);
  return success();
}

/// 1 at the first of the largest elements, 0 elsewhere. Before opset 13
/// everything from the axis on is one dimension.
static LogicalResult lowerHardmax(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  int64_t rank = sizes.size();
  int64_t axis = axisOf(node, rank, node.getVersion() < 13 ? 1 : -1);
  if (node.getVersion() < 13) {
    ArrayRef<OpFoldResult> all(sizes);
    input = b.reshape(input, {b.product(all.take_front(axis)),
                              b.product(all.drop_front(axis))});
    axis = 1;
  }
  Value place = positionOf(node, b, input, axis, /*largest=*/true,
                           /*last=*/false);
  Value result =
      combine(b, input, place, {axis},
              [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
                Scalar s(loc, inner, node);
                Value here = arith::IndexCastOp::create(
                    s, s.getI64Type(), linalg::IndexOp::create(s, axis));
                Value hit =
                    arith::CmpIOp::create(s, CmpIPredicate::eq, here, x[1]);
                return arith::SelectOp::create(s, hit, s.number(x[0], 1),
                                               s.number(x[0], 0));
              });
  b.replace(node, node.getVersion() < 13 ? b.reshape(result, sizes) : result);
  return success();
}

/// How many elements of its line come before each element, equal ones by
/// their position: its place in the sorted line.
static Value places(onnx::NodeOp node, Lowering &b, Value input, int64_t axis,
                    bool largest) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<AffineExpr> others;
  for (int64_t dim = 0; dim < rank; ++dim)
    others.push_back(b.getAffineDimExpr(dim == axis ? rank : dim));
  AffineMap own = AffineMap::getMultiDimIdentityMap(rank + 1, b.getContext())
                      .getMajorSubMap(rank);
  AffineMap other = AffineMap::get(rank + 1, 0, others, b.getContext());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Value zero = b.constant(b.getI64Type(), 0);
  return b.generic(
      {input, input}, {own, other, own}, b.fill(b.sizes(input), zero),
      iterators, [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        Scalar s(loc, inner, node);
        Value before = isBetter(s, x[1], x[0], largest);
        Value after = isBetter(s, x[0], x[1], largest);
        Value earlier = arith::CmpIOp::create(s, CmpIPredicate::slt,
                                              linalg::IndexOp::create(s, rank),
                                              linalg::IndexOp::create(s, axis));
        Value one = arith::ConstantIntOp::create(s, 1, 1);
        Value tie = arith::AndIOp::create(
            s, arith::XOrIOp::create(s, after, one), earlier);
        Value counts = arith::OrIOp::create(s, before, tie);
        return arith::AddIOp::create(
            s, x[2], arith::ExtUIOp::create(s, s.getI64Type(), counts));
      });
}

/// The k largest or smallest along the axis, in order. The work grows with the
/// square of the axis.
static LogicalResult lowerTopK(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), axis = axisOf(node, rank, -1);
  OpFoldResult count = b.getIndexAttr(node.getInt("k", 0));
  if (node.getVersion() >= 10) {
    count = b.requireSize(node, b.scalar(node, node.getInputs()[1]));
  }
  OpFoldResult length = b.size(input, axis);
  b.require(node,
            b.createOrFold<arith::CmpIOp>(CmpIPredicate::sle, b.toIndex(count),
                                          b.toIndex(length)),
            "k must not exceed the size of the axis");
  Value place = places(node, b, input, axis, node.getInt("largest", 1) != 0);
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  sizes[axis] = count;
  // Position p of the result is where the element stands whose place is p.
  AffineMap own = AffineMap::getMultiDimIdentityMap(rank + 1, b.getContext())
                      .getMajorSubMap(rank);
  SmallVector<AffineExpr> others;
  for (int64_t dim = 0; dim < rank; ++dim)
    others.push_back(b.getAffineDimExpr(dim == axis ? rank : dim));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  Value zero = b.constant(b.getI64Type(), 0);
  Value indices = b.generic(
      place, {AffineMap::get(rank + 1, 0, others, b.getContext()), own},
      b.fill(sizes, zero), iterators,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        auto position = [&](int64_t dim) -> Value {
          return arith::IndexCastOp::create(s, s.getI64Type(),
                                            linalg::IndexOp::create(s, dim));
        };
        Value here =
            arith::CmpIOp::create(s, CmpIPredicate::eq, x[0], position(axis));
        return arith::SelectOp::create(s, here, position(rank), x[1]);
      });
  Value values = b.compute(
      sizes, elementOf(input),
      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
        SmallVector<Value> at(ivs);
        at[axis] = arith::IndexCastOp::create(
            s, s.getIndexType(), tensor::ExtractOp::create(s, indices, ivs));
        return tensor::ExtractOp::create(s, input, at);
      });
  b.replace(node, values, 0);
  b.replace(node, indices, 1);
  return success();
}

void addSelection(LoweringTable &table) {
  table.compute("ArgMax", lowerArg<true>);
  table.compute("ArgMin", lowerArg<false>);
  table.compute("Hardmax", lowerHardmax);
  table.compute("TopK", lowerTopK);
}

} // namespace attune
