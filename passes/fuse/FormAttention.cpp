// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/Passes.h"
#include "passes/fuse/Twins.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FORMATTENTIONPASS
#include "passes/fuse/Passes.h.inc"

static OpFoldResult sizeOf(OpBuilder &builder, Location loc, Value operand,
                           ArrayRef<int64_t> layout, int64_t dim) {
  unsigned position = llvm::find(layout, dim) - layout.begin();
  return tensor::getMixedSize(builder, loc, operand, position);
}

/// `panels`, or 0 if the queries are so few that keys are read by rows.
static OpFoldResult noneForFew(OpBuilder &builder, attn::AttentionOp op,
                               OpFoldResult panels) {
  Location loc = op.getLoc();
  constexpr int64_t most = kernel::AttentionOp::mostRowQueries;
  OpFoldResult queries =
      sizeOf(builder, loc, op.getQuery(), op.getQueryLayout(), 2);
  if (std::optional<int64_t> count = getConstantIntValue(queries))
    return *count <= most ? builder.getIndexAttr(0) : panels;
  Value isFew = arith::CmpIOp::create(
      builder, loc, arith::CmpIPredicate::ule, cast<Value>(queries),
      arith::ConstantIndexOp::create(builder, loc, most));
  return arith::SelectOp::create(
             builder, loc, isFew,
             arith::ConstantIndexOp::create(builder, loc, 0),
             getValueOrCreateConstantIndexOp(builder, loc, panels))
      .getResult();
}

/// Room for every head of `heads` in panels of `panel` along logical dimension
/// `dim` (2, keys, or 3, columns of values), the other of the two before it:
/// `[batch * heads, panels, other, panel]`. Few queries need none.
static Value packed(OpBuilder &builder, attn::AttentionOp op, Value heads,
                    ArrayRef<int64_t> layout, int64_t dim, int64_t panel) {
  Location loc = op.getLoc();
  OpFoldResult sizes[4];
  for (int64_t at = 0; at < 4; ++at)
    sizes[at] = sizeOf(builder, loc, heads, layout, at);
  AffineExpr first = builder.getAffineDimExpr(0);
  AffineExpr second = builder.getAffineDimExpr(1);
  OpFoldResult all = affine::makeComposedFoldedAffineApply(
      builder, loc, first * second, {sizes[0], sizes[1]});
  OpFoldResult panels = affine::makeComposedFoldedAffineApply(
      builder, loc, first.ceilDiv(panel), {sizes[dim]});
  if (kernel::AttentionOp::mayReadRows(op))
    panels = noneForFew(builder, op, panels);
  return tensor::EmptyOp::create(
      builder, loc, {all, panels, sizes[5 - dim], builder.getIndexAttr(panel)},
      cast<ShapedType>(heads.getType()).getElementType());
}

/// Lists are read for each block of queries: sizes that are known at run time
/// only must fit.
static void checkLists(OpBuilder &builder, attn::AttentionOp op) {
  Location loc = op.getLoc();
  auto query = [&](int64_t dim) {
    return sizeOf(builder, loc, op.getQuery(), op.getQueryLayout(), dim);
  };
  OpFoldResult rows = affine::makeComposedFoldedAffineApply(
      builder, loc, builder.getAffineDimExpr(0).ceilDiv(*op.getQueryBlock()),
      {query(2)});
  StringRef message = "attn.attention: lists of blocks have other sizes than "
                      "the heads and their blocks of queries";
  auto size = [&](Value list, int64_t dim) {
    return tensor::getMixedSize(builder, loc, list, dim);
  };
  for (int64_t dim : {0, 1})
    if (getConstantIntValue(size(op.getCounts(), dim)) != 1)
      requireEqual(builder, loc, size(op.getCounts(), dim), query(dim),
                   message);
  requireEqual(builder, loc, size(op.getCounts(), 2), rows, message);
  for (int64_t dim : {0, 1, 2})
    requireEqual(builder, loc, size(op.getBlocks(), dim),
                 size(op.getCounts(), dim), message);
}

static LogicalResult form(attn::AttentionOp op, int64_t panel) {
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    if (!cast<ShapedType>(operand.getType()).getElementType().isF32())
      return op.emitError("attention over ")
             << operand.getType() << " has no kernel for this target yet; "
             << "cast its operands to f32";
  if (ShapedType::isDynamic(attn::AttentionOp::logicalSize(
          op.getValue(), op.getValueLayout(), 3)))
    return op.emitError("attention requires a known width of the values, but "
                        "got ")
           << op.getValue().getType();
  OpBuilder builder(op);
  if (op.getCounts())
    checkLists(builder, op);
  ReifiedRankedShapedTypeDims shapes;
  if (failed(op.reifyResultShapes(builder, shapes)))
    return failure();
  SmallVector<Value> rooms = outputsOf(builder, op, shapes);
  SmallVector<Value> init = {
      rooms.front(),
      packed(builder, op, op.getKey(), op.getKeyLayout(), 2, panel),
      packed(builder, op, op.getValue(), op.getValueLayout(), 3, panel)};
  init.append(rooms.begin() + 1, rooms.end());
  SmallVector<Type> types(ValueRange(init).getTypes());
  auto twin = kernel::AttentionOp::create(
      builder, op.getLoc(), types, op.getQuery(), op.getKey(), op.getValue(),
      op.getCaptures(), op.getCounts(), op.getBlocks(), init,
      op.getCaptureMaps(), op.getScaleAttr(), op.getCausalAttr(),
      op.getNanEmptyRowsAttr(), op.getMeanEmptyRowsAttr(), op.getMaskAttr(),
      op.getQueryBlockAttr(), op.getKeyBlockAttr(), op.getNormaliserAttr(),
      op.getQueryLayoutAttr(), op.getKeyLayoutAttr(), op.getValueLayoutAttr(),
      op.getOutputLayoutAttr(), op.getTopLeftAttr());
  twin.getScore().takeBody(op.getScore());
  auto yield = cast<attn::YieldOp>(twin.getScore().front().getTerminator());
  builder.setInsertionPoint(yield);
  kernel::YieldOp::create(builder, yield.getLoc(), yield.getValues());
  yield.erase();
  builder.setInsertionPointAfter(twin);
  SmallVector<Value> results = {twin->getResult(0)};
  if (op.getLse())
    results.push_back(twin->getResults().back());
  replaceByResults(builder, op, results);
  return success();
}

namespace {
struct FormAttention : impl::FormAttentionPassBase<FormAttention> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<attn::AttentionOp> ops;
    getOperation()->walk([&](attn::AttentionOp op) { ops.push_back(op); });
    for (attn::AttentionOp op : ops)
      if (failed(form(op, panel)))
        return signalPassFailure();
  }
};
} // namespace
} // namespace attune
