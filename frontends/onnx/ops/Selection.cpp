// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "frontends/onnx/ops/Sorting.h"

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

void addSelection(LoweringTable &table) {
  table.compute("ArgMax", lowerArg<true>);
  table.compute("ArgMin", lowerArg<false>);
  table.compute("Hardmax", lowerHardmax);
  table.compute("TopK", lowerTopK);
}

} // namespace attune
