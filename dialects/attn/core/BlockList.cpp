// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune::attn {

using arith::CmpIPredicate;

LogicalResult BlockListOp::verify() {
  ArrayRef<int64_t> mask = getMask().getType().getShape();
  ArrayRef<int64_t> counts = getCounts().getType().getShape();
  ArrayRef<int64_t> blocks = getBlocks().getType().getShape();
  // C1
  if (failed(verifyCompatibleShape(counts, mask.drop_back())))
    return emitOpError("requires counts for each row of ")
           << getMask().getType() << ", but got " << getCounts().getType();
  // C2
  bool fits = !ShapedType::isDynamic(blocks.back()) ||
              ShapedType::isDynamic(mask.back());
  if (failed(verifyCompatibleShape(blocks.drop_back(), mask.drop_back())) ||
      !fits)
    return emitOpError("requires blocks for each row of ")
           << getMask().getType() << ", but got " << getBlocks().getType();
  return success();
}

/// The capacity: of the type, or all of them.
static OpFoldResult capacityOf(OpBuilder &builder, BlockListOp op) {
  int64_t capacity = op.getBlocks().getType().getShape().back();
  if (!ShapedType::isDynamic(capacity))
    return builder.getIndexAttr(capacity);
  return tensor::getMixedSize(builder, op.getLoc(), op.getMask(), 3);
}

LogicalResult
BlockListOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, getLoc(), getMask());
  sizes.pop_back();
  shapes.push_back(sizes);
  sizes.push_back(capacityOf(builder, *this));
  shapes.push_back(sizes);
  return success();
}

/// No floating-point operation: a step for each mark.
Cost BlockListOp::getCost(int64_t size) {
  return {0, bytesOf({getMask(), getCounts(), getBlocks()}, size)};
}

/// The lists of a constant mask.
static std::pair<Value, Value> tabulate(Tensors &b, DenseElementsAttr mask,
                                        int64_t capacity) {
  SmallVector<int64_t> shape(mask.getType().getShape());
  int64_t length = shape.back(), rows = 1;
  for (int64_t size : ArrayRef(shape).drop_back())
    rows *= size;
  SmallVector<bool> marks(mask.getValues<bool>());
  SmallVector<int32_t> counts(rows), blocks(rows * capacity);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t v = 0; v < length; ++v)
      if (marks[row * length + v] && counts[row] < capacity)
        blocks[row * capacity + counts[row]++] = static_cast<int32_t>(v);
  shape.pop_back();
  auto constant = [&](ArrayRef<int32_t> values) -> Value {
    auto type = RankedTensorType::get(shape, b.getI32Type());
    return arith::ConstantOp::create(b, DenseElementsAttr::get(type, values));
  };
  Value first = constant(counts);
  shape.push_back(capacity);
  return {first, constant(blocks)};
}

/// How many marks there are in each row up to each place.
static Value runningCounts(Tensors &b, Value mask) {
  Value ones = b.convert(mask, b.getI32Type(),
                         [](ImplicitLocOpBuilder &inner, Value mark) -> Value {
                           return arith::ExtUIOp::create(
                               inner, inner.getI32Type(), mark);
                         });
  Value init = b.empty(b.sizes(mask), b.getI32Type());
  auto scan = kernel::ScanOp::create(b, init.getType(), ones, init, /*axis=*/3,
                                     b.getI32IntegerAttr(0),
                                     /*exclusive=*/false, /*reverse=*/false);
  OpBuilder::InsertionGuard guard(b);
  Type type = b.getI32Type();
  Block *body = b.createBlock(&scan.getCombine(), {}, {type, type},
                              {b.getLoc(), b.getLoc()});
  Value sum =
      arith::AddIOp::create(b, body->getArgument(0), body->getArgument(1));
  kernel::YieldOp::create(b, ValueRange(sum));
  return scan.getResult()[0];
}

static Value totalsOf(Tensors &b, Value mask, Value capacity) {
  SmallVector<OpFoldResult> rows = b.sizes(mask);
  rows.pop_back();
  AffineMap identity = b.getMultiDimIdentityMap(4);
  Value totals = b.generic(mask, b.filled(rows, b.getI32Type(), 0),
                           {identity, identity.dropResult(3)}, 3,
                           [](ImplicitLocOpBuilder &inner, ValueRange x) {
                             Value one = arith::ExtUIOp::create(
                                 inner, inner.getI32Type(), x[0]);
                             return SmallVector<Value>{
                                 arith::AddIOp::create(inner, x[1], one)};
                           })
                     .front();
  return b.convert(totals, b.getI32Type(),
                   [&](ImplicitLocOpBuilder &inner, Value total) -> Value {
                     Value most = indexCast(inner, capacity, total.getType());
                     return arith::MinSIOp::create(inner, total, most);
                   });
}

/// The lowest place of a row, below `length`, up to which there are more than
/// `skipped` marks; there is one.
static Value findMark(ImplicitLocOpBuilder &b, Value running,
                      ArrayRef<Value> row, Value skipped, Value length) {
  Type index = b.getIndexType();
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  auto search = scf::WhileOp::create(
      b, TypeRange{index, index}, ValueRange{zero, length},
      [](OpBuilder &builder, Location loc, ValueRange range) {
        Value open = arith::CmpIOp::create(builder, loc, CmpIPredicate::slt,
                                           range[0], range[1]);
        scf::ConditionOp::create(builder, loc, open, range);
      },
      [&](OpBuilder &builder, Location loc, ValueRange range) {
        ImplicitLocOpBuilder inner(loc, builder);
        Value middle = arith::ShRUIOp::create(
            inner, arith::AddIOp::create(inner, range[0], range[1]), one);
        SmallVector<Value> at(row);
        at.push_back(middle);
        Value reached = arith::CmpIOp::create(
            inner, CmpIPredicate::sgt, elementAt(inner, running, at), skipped);
        Value next = arith::AddIOp::create(inner, middle, one);
        Value low = arith::SelectOp::create(inner, reached, range[0], next);
        Value high = arith::SelectOp::create(inner, reached, middle, range[1]);
        scf::YieldOp::create(inner, ValueRange{low, high});
      });
  return search.getResult(0);
}

LogicalResult BlockListOp::decompose(RewriterBase &rewriter) {
  Tensors b(getLoc(), rewriter);
  OpFoldResult capacity = capacityOf(rewriter, *this);
  DenseElementsAttr constant;
  if (matchPattern(getMask(), m_Constant(&constant))) {
    auto [counts, blocks] =
        tabulate(b, constant, *getConstantIntValue(capacity));
    rewriter.replaceOp(*this, {b.castTo(counts, getCounts().getType()),
                               b.castTo(blocks, getBlocks().getType())});
    return success();
  }
  Value running = runningCounts(b, getMask());
  Value counts = totalsOf(b, getMask(), b.toIndex(capacity));
  Value length = b.toIndex(b.size(getMask(), 3));
  SmallVector<OpFoldResult> sizes = b.sizes(getMask());
  sizes.back() = capacity;
  Value blocks = b.compute(
      sizes, b.getI32Type(),
      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> at) -> Value {
        Value skipped = indexCast(inner, at[3], inner.getI32Type());
        Value exists =
            arith::CmpIOp::create(inner, CmpIPredicate::slt, skipped,
                                  elementAt(inner, counts, at.take_front(3)));
        // Behind the last one there is nothing to search for.
        Value end = arith::SelectOp::create(
            inner, exists, length, arith::ConstantIndexOp::create(inner, 0));
        Value place = findMark(inner, running, at.take_front(3), skipped, end);
        return indexCast(inner, place, inner.getI32Type());
      });
  rewriter.replaceOp(*this, {b.castTo(counts, getCounts().getType()),
                             b.castTo(blocks, getBlocks().getType())});
  return success();
}

} // namespace attune::attn
