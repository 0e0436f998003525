// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What decoders do between steps: put new rows into a cache, and convolve over
// the last few positions.

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// Where the steps of each batch item go, [batch, steps] of i64. Ends the run
/// if one leaves the cache.
static FailureOr<Value> writePlaces(onnx::NodeOp node, Lowering &b,
                                    OpFoldResult steps, OpFoldResult room,
                                    bool isCircular) {
  OpFoldResult batch = b.size(node.getInputs()[0], 0);
  Value starts = node.getInput(2), limit = b.toIndex(room);
  if (starts &&
      failed(b.requireEqual(node, b.size(starts, 0), batch, "batch sizes")))
    return failure();
  Value places = b.compute(
      {batch, steps}, b.getI64Type(),
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
        Value place = ivs[1];
        if (starts) {
          Value start = arith::IndexCastOp::create(
              b, b.getIndexType(),
              tensor::ExtractOp::create(b, starts, ValueRange(ivs[0])));
          place = arith::AddIOp::create(b, start, place);
        }
        if (isCircular) {
          Value zero = arith::ConstantIndexOp::create(b, 0);
          Value rest = arith::RemSIOp::create(b, place, limit);
          Value isNegative =
              arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero);
          place = arith::SelectOp::create(
              b, isNegative, arith::AddIOp::create(b, rest, limit), rest);
        }
        return arith::IndexCastOp::create(b, b.getI64Type(), place);
      });
  if (isCircular)
    return places;
  Value fine = b.fill({}, b.constant(b.getI1Type(), 1));
  fine = b.generic(
      places,
      {b.getMultiDimIdentityMap(2), AffineMap::get(2, 0, b.getContext())}, fine,
      SmallVector<utils::IteratorType>(2, utils::IteratorType::reduction),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        // As an unsigned number, what is negative is too large.
        Value bound =
            arith::IndexCastOp::create(inner, loc, inner.getI64Type(), limit);
        Value inside = arith::CmpIOp::create(
            inner, loc, arith::CmpIPredicate::ult, x[0], bound);
        return arith::AndIOp::create(inner, loc, x[1], inside);
      });
  b.require(node, b.scalar(fine), "a write index is out of range");
  return places;
}

static LogicalResult lowerTensorScatter(onnx::NodeOp node, Lowering &b) {
  Value cache = node.getInputs()[0], update = node.getInputs()[1];
  int64_t rank = typeOf(cache).getRank();
  int64_t axis = fromEnd(node.getInt("axis", -2), rank);
  StringRef mode = node.getString("mode", "linear");
  if (mode != "linear" && mode != "circular")
    return node.emitNodeError("requires the mode linear or circular, but got '")
           << mode << "'";
  if (axis < 1 || axis >= rank || typeOf(update).getRank() != rank)
    return node.emitNodeError("requires cache and update of one rank, and an "
                              "axis after the first");
  SmallVector<AffineMap> positions;
  for (int64_t dim = 0; dim < rank; ++dim) {
    positions.push_back(AffineMap::get(rank, 0, b.getAffineDimExpr(dim)));
    if (dim != axis &&
        failed(b.requireEqual(node, b.size(cache, dim), b.size(update, dim),
                              "sizes of cache and update")))
      return failure();
  }
  positions[axis] =
      AffineMap::get(rank, 0, {b.getAffineDimExpr(0), b.getAffineDimExpr(axis)},
                     b.getContext());
  OpFoldResult steps = b.size(update, axis), room = b.size(cache, axis);
  b.require(node,
            b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle,
                                          b.toIndex(steps), b.toIndex(room)),
            "the update is longer than the cache");
  FailureOr<Value> places =
      writePlaces(node, b, steps, room, mode == "circular");
  if (failed(places))
    return failure();
  SmallVector<bool> indexed(rank, false);
  indexed[axis] = true;
  Value target = linalg::CopyOp::create(
                     b, cache, b.empty(b.sizes(cache), elementOf(cache)))
                     .getResult(0);
  auto op = kernel::ScatterOp::create(
      b, TypeRange(target.getType()), *places, update, ValueRange(target),
      b.getAffineMapArrayAttr(positions), b.getDenseBoolArrayAttr(indexed));
  {
    OpBuilder::InsertionGuard guard(b);
    Type element = elementOf(cache);
    Block *body = b.createBlock(&op.getCombine(), {}, {element, element},
                                {b.getLoc(), b.getLoc()});
    kernel::YieldOp::create(b, ValueRange(body->getArgument(1)));
  }
  b.replace(node, op.getResult()[0]);
  return success();
}

/// sum over k of input[n, c, l + k] * weight[c, 0, k]
static Value convolveChannels(Lowering &b, Value input, Value weight,
                              OpFoldResult length) {
  AffineExpr n, c, l, k;
  bindDims(b.getContext(), n, c, l, k);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(4, 0, exprs, b.getContext());
  };
  Type element = elementOf(input);
  Value zeros = b.fill({b.size(input, 0), b.size(input, 1), length},
                       b.constant(element, 0));
  SmallVector<utils::IteratorType> iterators(4, utils::IteratorType::parallel);
  iterators[3] = utils::IteratorType::reduction;
  Value taps = b.reshape(weight, {b.size(weight, 0), b.size(weight, 2)});
  return b.generic(
      {input, taps}, {map({n, c, l + k}), map({c, k}), map({n, c, l})}, zeros,
      iterators, [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        Value product = arith::MulFOp::create(b, loc, x[0], x[1]);
        return arith::AddFOp::create(b, loc, product, x[2]);
      });
}

/// Bias and activation.
static Value finishConvolution(onnx::NodeOp node, Lowering &b, Value sums) {
  bool activates = node.getString("activation", "none") != "none";
  if (node.hasInput(2)) {
    Value bias = node.getInput(2);
    Value column = b.reshape(bias, {b.size(bias, 0), b.getIndexAttr(1)});
    sums = b.elementwise(node, {sums, column}, elementOf(sums),
                         [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                           return arith::AddFOp::create(b, loc, x[0], x[1]);
                         });
  }
  if (!sums || !activates)
    return sums;
  return mapped(
      b, sums, [](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder b(loc, inner);
        Value one = arith::ConstantOp::create(b, b.getOneAttr(x[0].getType()));
        Value power = math::ExpOp::create(b, arith::NegFOp::create(b, x[0]));
        return arith::DivFOp::create(b, x[0],
                                     arith::AddFOp::create(b, one, power));
      });
}

static LogicalResult lowerCausalConv(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], weight = node.getInputs()[1];
  RankedTensorType type = typeOf(weight);
  StringRef activation = node.getString("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish")
    return node.emitNodeError("requires the activation none, silu or swish, "
                              "but got '")
           << activation << "'";
  if (typeOf(input).getRank() != 3 || type.getRank() != 3 ||
      type.isDynamicDim(2) || type.getDimSize(1) != 1 || type.getDimSize(2) < 1)
    return node.emitNodeError("requires an input of rank 3 and a weight of "
                              "channels x 1 x a constant number of taps");
  OpFoldResult batch = b.size(input, 0), channels = b.size(input, 1);
  OpFoldResult kept = b.getIndexAttr(type.getDimSize(2) - 1);
  if (failed(b.requireEqual(node, channels, b.size(weight, 0), "channels")))
    return failure();
  Value past = node.getInput(3);
  OpFoldResult wanted[] = {batch, channels, kept};
  for (int64_t dim = 0; dim < 3; ++dim)
    if (past && failed(b.requireEqual(node, b.size(past, dim), wanted[dim],
                                      "sizes of past_state and what the input "
                                      "needs")))
      return failure();
  if (!past)
    past = b.fill({batch, channels, kept}, b.constant(elementOf(input), 0));
  // With one tap nothing is remembered.
  bool remembers = type.getDimSize(2) > 1;
  Value padded = input;
  if (remembers)
    padded = tensor::ConcatOp::create(b, 2, ValueRange{past, input});
  OpFoldResult length = b.size(input, 2);
  Value result =
      finishConvolution(node, b, convolveChannels(b, padded, weight, length));
  if (!result)
    return failure();
  b.replace(node, result);
  if (node.getOutputs().size() < 2)
    return success();
  if (!remembers) {
    b.replace(node, past, 1);
    return success();
  }
  OpFoldResult zero = b.getIndexAttr(0), one = b.getIndexAttr(1);
  Value state = tensor::ExtractSliceOp::create(
      b, padded, ArrayRef<OpFoldResult>{zero, zero, length},
      ArrayRef<OpFoldResult>{batch, channels, kept},
      ArrayRef<OpFoldResult>{one, one, one});
  b.replace(node, state, 1);
  return success();
}

void addCacheUpdates(LoweringTable &table) {
  table.move("TensorScatter", lowerTensorScatter);
  table.compute("CausalConvWithState", lowerCausalConv);
}

} // namespace attune
