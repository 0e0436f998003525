// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// Ends the run unless 0 <= length <= limit for each of `lengths`.
static void checkLengths(onnx::NodeOp node, Lowering &b, Value lengths,
                         Value limit) {
  Type element = elementOf(lengths);
  Value bound = arith::IndexCastOp::create(b, element, limit);
  Value fine = b.generic(
      lengths,
      {b.getMultiDimIdentityMap(1), AffineMap::get(1, 0, b.getContext())},
      b.fill({}, b.constant(b.getI1Type(), 1)),
      {utils::IteratorType::reduction},
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        // Unsigned: negative lengths are large.
        Value within =
            arith::CmpIOp::create(s, arith::CmpIPredicate::ule, x[0], bound);
        return arith::AndIOp::create(s, x[1], within);
      });
  b.require(node, b.scalar(fine), "a length is out of range");
}

/// Turns the first elements of each line round, as many as its batch says.
static LogicalResult lowerReverseSequence(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], lengths = node.getInputs()[1];
  int64_t rank = typeOf(input).getRank();
  int64_t batch = fromEnd(node.getInt("batch_axis", 1), rank);
  int64_t time = fromEnd(node.getInt("time_axis", 0), rank);
  if (batch == time || batch < 0 || time < 0 || batch >= rank || time >= rank)
    return node.emitNodeError("requires batch_axis and time_axis to be two "
                              "dimensions of the input");
  if (failed(b.requireEqual(node, b.size(lengths, 0), b.size(input, batch),
                            "numbers of lengths and of batches")))
    return failure();
  checkLengths(node, b, lengths, b.toIndex(b.size(input, time)));
  b.replace(
      node,
      b.compute(b.sizes(input), elementOf(input),
                [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                  Value length = arith::IndexCastOp::create(
                      s, s.getIndexType(),
                      tensor::ExtractOp::create(s, lengths, ivs[batch]));
                  Value inside = arith::CmpIOp::create(
                      s, arith::CmpIPredicate::slt, ivs[time], length);
                  Value last = arith::SubIOp::create(
                      s, length, arith::ConstantIndexOp::create(s, 1));
                  Value turned = arith::SubIOp::create(s, last, ivs[time]);
                  SmallVector<Value> at(ivs);
                  at[time] =
                      arith::SelectOp::create(s, inside, turned, ivs[time]);
                  return tensor::ExtractOp::create(s, input, at);
                }));
  return success();
}

void addSequences(LoweringTable &table) {
  table.move("ReverseSequence", lowerReverseSequence);
}

} // namespace attune
