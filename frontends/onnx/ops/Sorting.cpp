// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Sorting.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

/// Sorting whole rows takes memory for two lists of positions; for few items of
/// many, none is faster.
static OpFoldResult scratchFor(Lowering &b, OpFoldResult items,
                               OpFoldResult count) {
  Type index = b.getIndexType();
  Value all = b.toIndex(items);
  Value many =
      b.createOrFold<arith::MulIOp>(b.toIndex(count), b.constant(index, 16));
  Value isFew = b.createOrFold<arith::CmpIOp>(CmpIPredicate::sle, many, all);
  return getAsOpFoldResult(b.createOrFold<arith::SelectOp>(
      isFew, b.constant(index, 0),
      b.createOrFold<arith::MulIOp>(all, b.constant(index, 2))));
}

Value sortedPositions(Lowering &b, Value keys, OpFoldResult count,
                      Before before) {
  OpFoldResult rows = b.size(keys, 0);
  OpFoldResult scratch = scratchFor(b, b.size(keys, 1), count);
  Type element = elementOf(keys), integer = b.getI64Type();
  SmallVector<Value> init = {b.empty({rows, count}, integer),
                             b.empty({rows, scratch}, integer)};
  auto op = kernel::SortOp::create(b, ValueRange(init).getTypes(), keys, init);
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&op.getBefore(), {}, {element, element},
                              {b.getLoc(), b.getLoc()});
  Value first = before(b, body->getArgument(0), body->getArgument(1));
  kernel::YieldOp::create(b, ValueRange(first));
  return op.getResult()[0];
}

Value comesFirst(Scalar &s, Value left, Value right, bool largest) {
  Value low = largest ? right : left, high = largest ? left : right;
  Value less = s.less(low, high);
  if (!isFloat(left))
    return less;
  Value isNumber = arith::CmpFOp::create(s, CmpFPredicate::ORD, low, low);
  Value isNan = arith::CmpFOp::create(s, CmpFPredicate::UNO, high, high);
  return arith::OrIOp::create(s, less,
                              arith::AndIOp::create(s, isNumber, isNan));
}

/// `tensor` with dimension `axis` behind all others, or, the other way, with
/// the last one at `axis`.
static Value moveAxis(Lowering &b, Value tensor, int64_t axis, bool toEnd) {
  int64_t last = typeOf(tensor).getRank() - 1;
  if (axis == last)
    return tensor;
  SmallVector<int64_t> order = llvm::to_vector(llvm::seq<int64_t>(0, last + 1));
  int64_t from = toEnd ? axis : last, to = toEnd ? last : axis;
  order.erase(order.begin() + from);
  order.insert(order.begin() + to, from);
  return b.transpose(tensor, order);
}

/// k as a size that is checked.
static FailureOr<OpFoldResult> countOf(onnx::NodeOp node, Lowering &b,
                                       OpFoldResult length) {
  OpFoldResult count = b.getIndexAttr(node.getInt("k", 0));
  if (node.getVersion() >= 10)
    count = b.requireSize(node, b.scalar(node, node.getInputs()[1]));
  std::optional<int64_t> known = getConstantIntValue(count);
  std::optional<int64_t> most = getConstantIntValue(length);
  if (known && most && *known > *most)
    return node.emitNodeError("requires a k of at most the size of the axis, ")
           << *most << ", but got " << *known;
  b.require(node,
            b.createOrFold<arith::CmpIOp>(CmpIPredicate::sle, b.toIndex(count),
                                          b.toIndex(length)),
            "k must not exceed the size of the axis");
  return count;
}

LogicalResult lowerTopK(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), axis = axisOf(node, rank, -1);
  bool largest = node.getInt("largest", 1) != 0;
  OpFoldResult length = b.size(input, axis);
  FailureOr<OpFoldResult> count = countOf(node, b, length);
  if (failed(count))
    return failure();
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  SmallVector<OpFoldResult> lines = sizes;
  lines.erase(lines.begin() + axis);
  Value keys = b.reshape(moveAxis(b, input, axis, /*toEnd=*/true),
                         {b.product(lines), length, b.getIndexAttr(1)});
  Value positions = sortedPositions(
      b, keys, *count,
      [&](ImplicitLocOpBuilder &inner, Value left, Value right) {
        Scalar s(inner.getLoc(), inner, node);
        return comesFirst(s, left, right, largest);
      });
  lines.push_back(*count);
  Value indices =
      moveAxis(b, b.reshape(positions, lines), axis, /*toEnd=*/false);
  sizes[axis] = *count;
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

} // namespace attune
