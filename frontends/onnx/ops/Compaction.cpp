// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators whose result has as many elements as the values of their inputs
// say.

#include "frontends/onnx/ops/Compaction.h"
#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// The sum of the elements before each element of a list of i64.
static Value countBefore(Lowering &b, Value ones) {
  Type element = b.getI64Type();
  Value init = b.empty(b.sizes(ones), element);
  auto scan = kernel::ScanOp::create(b, TypeRange(init.getType()), ones,
                                     ValueRange(init), b.getI64IntegerAttr(0),
                                     b.getZeroAttr(element), b.getUnitAttr(),
                                     UnitAttr());
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&scan.getCombine(), {}, {element, element},
                              {b.getLoc(), b.getLoc()});
  Value total =
      arith::AddIOp::create(b, body->getArgument(0), body->getArgument(1));
  kernel::YieldOp::create(b, ValueRange(total));
  return scan.getResult()[0];
}

Value storeAt(Lowering &b, Value places, Value values, OpFoldResult size) {
  Type element = elementOf(values);
  Value init = b.empty(size, element);
  auto op = kernel::ScatterOp::create(
      b, TypeRange(init.getType()), places, values, ValueRange(init),
      b.getAffineMapArrayAttr(b.getMultiDimIdentityMap(1)),
      b.getDenseBoolArrayAttr(true));
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&op.getCombine(), {}, {element, element},
                              {b.getLoc(), b.getLoc()});
  kernel::YieldOp::create(b, ValueRange(body->getArgument(1)));
  return op.getResult()[0];
}

Marked findMarked(Lowering &b, Value flags) {
  Type integer = b.getI64Type();
  Value ones = mapped(b, flags, integer,
                      [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                        return arith::ExtUIOp::create(b, loc, integer, x[0]);
                      });
  Value count = b.scalar(sum(b, ones, {0}));
  Value before = countBefore(b, ones);
  // What is not marked goes behind the end.
  AffineMap identity = b.getMultiDimIdentityMap(1);
  Value places =
      b.generic({flags, before}, {identity, identity, identity},
                b.empty(b.sizes(flags), integer), utils::IteratorType::parallel,
                [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
                  return arith::SelectOp::create(b, loc, x[0], x[1], count);
                });
  Value all = b.compute(
      b.sizes(flags), integer,
      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
        return arith::IndexCastOp::create(b, integer, ivs[0]).getResult();
      });
  Value size = b.toIndex(b.asSize(count));
  Value room =
      b.createOrFold<arith::AddIOp>(size, b.constant(b.getIndexType(), 1));
  return {storeAt(b, places, all, getAsOpFoldResult(room)),
          getAsOpFoldResult(size), before};
}

/// Position `dim` of element `index` of a tensor with these sizes.
static Value coordinate(ImplicitLocOpBuilder &b, Value index,
                        ArrayRef<Value> sizes, int64_t dim) {
  for (int64_t inner = sizes.size() - 1; inner > dim; --inner)
    index = arith::DivUIOp::create(b, index, sizes[inner]);
  return arith::RemUIOp::create(b, index, sizes[dim]);
}

static SmallVector<Value> indicesOf(Lowering &b, Value tensor) {
  return llvm::map_to_vector(
      b.sizes(tensor), [&](OpFoldResult size) { return b.toIndex(size); });
}

Value positionAt(ImplicitLocOpBuilder &b, Value positions, ValueRange at) {
  return arith::IndexCastOp::create(
      b, b.getIndexType(), tensor::ExtractOp::create(b, positions, at));
}

static LogicalResult lowerNonZero(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<Value> sizes = indicesOf(b, input);
  Value list = b.reshape(input, b.product(b.sizes(input)));
  Value flags = mapped(b, list, b.getI1Type(),
                       [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                         Value zero = arith::ConstantOp::create(
                             b, loc, b.getZeroAttr(x[0].getType()));
                         if (isFloat(x[0]))
                           return arith::CmpFOp::create(
                               b, loc, arith::CmpFPredicate::UNE, x[0], zero);
                         return arith::CmpIOp::create(
                             b, loc, arith::CmpIPredicate::ne, x[0], zero);
                       });
  Marked marked = findMarked(b, flags);
  int64_t rank = sizes.size();
  b.replace(
      node,
      b.compute({b.getIndexAttr(rank), marked.count}, b.getI64Type(),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
                  if (rank == 0)
                    return arith::ConstantIntOp::create(b, 0, 64);
                  Value index = positionAt(b, marked.positions, ivs[1]);
                  SmallVector<Value> all;
                  for (int64_t dim = 0; dim < rank; ++dim)
                    all.push_back(coordinate(b, index, sizes, dim));
                  return arith::IndexCastOp::create(b, b.getI64Type(),
                                                    selectByIndex(b, 0, all));
                }));
  return success();
}

static LogicalResult lowerCompress(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], condition = node.getInputs()[1];
  int64_t rank = typeOf(input).getRank(), axis = 0;
  if (node.getNodeAttr("axis")) {
    axis = axisOf(node, rank);
  } else {
    input = b.reshape(input, b.product(b.sizes(input)));
    rank = 1;
  }
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  b.require(node,
            b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ule,
                                          b.toIndex(b.size(condition, 0)),
                                          b.toIndex(sizes[axis])),
            "the condition must not be longer than the axis");
  Marked marked = findMarked(b, condition);
  sizes[axis] = marked.count;
  b.replace(
      node,
      b.compute(sizes, elementOf(input),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                  SmallVector<Value> at(ivs);
                  at[axis] = positionAt(b, marked.positions, ivs[axis]);
                  return tensor::ExtractOp::create(b, input, at).getResult();
                }));
  return success();
}

/// The scalar of input `index`, or `otherwise`.
static Value scalarOr(onnx::NodeOp node, Lowering &b, unsigned index,
                      TypedAttr otherwise) {
  if (node.hasInput(index))
    return b.scalar(node, node.getInput(index));
  return arith::ConstantOp::create(b, otherwise);
}

static LogicalResult lowerSuppression(onnx::NodeOp node, Lowering &b) {
  Value boxes = node.getInputs()[0], scores = node.getInputs()[1];
  if (!elementOf(scores).isF32() || typeOf(boxes).getRank() != 3)
    return node.emitNodeError("requires boxes of three dimensions in f32");
  SmallVector<OpFoldResult> sizes = b.sizes(scores);
  if (failed(b.requireEqual(node, b.size(boxes, 0), sizes[0], "batch sizes")) ||
      failed(b.requireEqual(node, b.size(boxes, 1), sizes[2],
                            "numbers of boxes and scores")) ||
      failed(b.requireEqual(node, b.size(boxes, 2), b.getIndexAttr(4),
                            "numbers of a box's corners")))
    return failure();
  Value limit = scalarOr(node, b, 2, b.getI64IntegerAttr(0));
  Value overlap = scalarOr(node, b, 3, b.getF32FloatAttr(0));
  Value threshold = scalarOr(
      node, b, 4, b.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
  Value zero = b.constant(b.getIndexType(), 0);
  Value most = b.createOrFold<arith::MaxSIOp>(b.toIndex(b.asSize(limit)), zero);
  OpFoldResult room = getAsOpFoldResult(
      b.createOrFold<arith::MinSIOp>(most, b.toIndex(sizes[2])));
  SmallVector<Value> init = {
      b.empty({sizes[0], sizes[1], room}, b.getI64Type()),
      b.empty({sizes[0], sizes[1]}, b.getI64Type()),
      b.empty(sizes, b.getI1Type())};
  auto chosen = kernel::SuppressOp::create(
      b, ValueRange(init).getTypes(), boxes, scores, overlap, threshold, init,
      node.getInt("center_point_box", 0) != 0);
  Value kept = chosen.getResult()[0], counts = chosen.getResult()[1];
  Value flags =
      b.compute({sizes[0], sizes[1], room}, b.getI1Type(),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
                  Value count = positionAt(b, counts, ivs.take_front(2));
                  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                               ivs[2], count);
                });
  SmallVector<Value> bounds = indicesOf(b, kept);
  Marked marked = findMarked(b, b.reshape(flags, b.product(b.sizes(flags))));
  b.replace(node,
            b.compute({marked.count, b.getIndexAttr(3)}, b.getI64Type(),
                      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                        Value index = positionAt(b, marked.positions, ivs[0]);
                        SmallVector<Value> at;
                        for (int64_t dim = 0; dim < 3; ++dim)
                          at.push_back(coordinate(b, index, bounds, dim));
                        Value box = tensor::ExtractOp::create(b, kept, at);
                        auto integer = [&](Value value) -> Value {
                          return arith::IndexCastOp::create(b, b.getI64Type(),
                                                            value);
                        };
                        return selectByIndex(
                            b, 1, {integer(at[0]), integer(at[1]), box});
                      }));
  return success();
}

void addCompaction(LoweringTable &table) {
  table.move("Compress", lowerCompress);
  table.move("NonMaxSuppression", lowerSuppression);
  table.move("NonZero", lowerNonZero);
  table.move("Unique", lowerUnique);
}

} // namespace attune
