// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"

using namespace mlir;

namespace attune::attn {

using arith::CmpFPredicate, arith::CmpIPredicate;

LogicalResult SelectOp::verify() {
  // C1
  if (bool(getThreshold()) + bool(getTop()) + bool(getCount()) != 1)
    return emitOpError("requires one of 'threshold', 'top' and 'count'");
  // C2
  if (getTop() && *getTop() < 1)
    return emitOpError("requires 1 or more for 'top', but got ") << *getTop();
  if (getThreshold() && getThreshold()->isNaN())
    return emitOpError("requires a number for 'threshold', but got NaN");
  // C3
  RankedTensorType input = getInput().getType();
  if (input.getRank() == 0 || failed(verifyCompatibleShape(input, getType())))
    return emitOpError("requires rows and marks of one shape, but got ")
           << input << " and " << getType();
  return success();
}

LogicalResult SelectOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getInput()));
  return success();
}

/// A comparison for each level of a sorted row, or one with the threshold.
Cost SelectOp::getCost(int64_t size) {
  double bytes = bytesOf({getInput()}, size);
  double elements = 8 * bytes / getInput().getType().getElementTypeBitWidth();
  int64_t row = getInput().getType().getShape().back();
  double items = ShapedType::isDynamic(row) ? size : row;
  double each = getThreshold() ? 1 : std::ceil(std::log2(std::max(items, 2.0)));
  return {each * elements, bytes + bytesOf({getResult()}, size)};
}

/// Whether `left` comes before `right`, ties apart.
static Value comesFirst(ImplicitLocOpBuilder &b, Value left, Value right) {
  left = widen(b, left);
  right = widen(b, right);
  Value larger = arith::CmpFOp::create(b, CmpFPredicate::OGT, left, right);
  Value isNumber = arith::CmpFOp::create(b, CmpFPredicate::ORD, left, left);
  Value isNan = arith::CmpFOp::create(b, CmpFPredicate::UNO, right, right);
  return arith::OrIOp::create(b, larger,
                              arith::AndIOp::create(b, isNumber, isNan));
}

static Value aboveThreshold(Tensors &b, SelectOp op) {
  return b.convert(
      op.getInput(), b.getI1Type(),
      [&](ImplicitLocOpBuilder &inner, Value x) -> Value {
        x = widen(inner, x);
        Value bound = arith::ConstantOp::create(
            inner, inner.getFloatAttr(x.getType(),
                                      op.getThreshold()->convertToDouble()));
        return arith::CmpFOp::create(inner, CmpFPredicate::OGT, x, bound);
      });
}

/// Marks what does not come behind the k-th element of its row.
static Value firstOnes(Tensors &b, SelectOp op) {
  SmallVector<OpFoldResult> sizes = b.sizes(op.getInput());
  OpFoldResult length = sizes.back();
  Value rows = b.reshape(op.getInput(),
                         {b.product(ArrayRef(sizes).drop_back()), length});
  Value wanted = op.getCount() ? op.getCount() : b.index(*op.getTop());
  Value some = b.createOrFold<arith::MaxSIOp>(wanted, b.index(1));
  Value count = b.createOrFold<arith::MinSIOp>(some, b.toIndex(length));
  Value positions =
      b.sortedPositions(rows, getAsOpFoldResult(count), comesFirst);
  Value last = b.createOrFold<arith::SubIOp>(count, b.index(1));
  Value any =
      b.createOrFold<arith::CmpIOp>(CmpIPredicate::sgt, wanted, b.index(0));
  Value marks = b.compute(
      b.sizes(rows), b.getI1Type(),
      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> at) -> Value {
        Value border =
            indexCast(inner, elementAt(inner, positions, {at[0], last}),
                      inner.getIndexType());
        Value own = elementAt(inner, rows, at);
        Value other = elementAt(inner, rows, {at[0], border});
        Value isBefore =
            arith::CmpIOp::create(inner, CmpIPredicate::sle, at[1], border);
        Value equal = arith::AndIOp::create(
            inner, isBefore,
            arith::CmpIOp::create(inner, CmpIPredicate::eq,
                                  comesFirst(inner, other, own),
                                  arith::ConstantIntOp::create(inner, 0, 1)));
        Value marked =
            arith::OrIOp::create(inner, comesFirst(inner, own, other), equal);
        return arith::AndIOp::create(inner, marked, any);
      });
  return b.reshape(marks, sizes);
}

LogicalResult SelectOp::decompose(RewriterBase &rewriter) {
  Tensors b(getLoc(), rewriter);
  Value marks = getThreshold() ? aboveThreshold(b, *this) : firstOnes(b, *this);
  rewriter.replaceOp(*this, b.castTo(marks, getType()));
  return success();
}

} // namespace attune::attn
