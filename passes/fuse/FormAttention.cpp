// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/Passes.h"

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

/// Room for every key of every head, transposed in panels of `panel` keys:
/// `[batch * heads, panels, width, panel]`. Few queries need none.
static Value packedKeys(OpBuilder &builder, attn::AttentionOp op,
                        int64_t panel) {
  Location loc = op.getLoc();
  OpFoldResult sizes[4];
  for (int64_t dim = 0; dim < 4; ++dim)
    sizes[dim] = sizeOf(builder, loc, op.getKey(), op.getKeyLayout(), dim);
  AffineExpr first = builder.getAffineDimExpr(0);
  AffineExpr second = builder.getAffineDimExpr(1);
  OpFoldResult heads = affine::makeComposedFoldedAffineApply(
      builder, loc, first * second, {sizes[0], sizes[1]});
  OpFoldResult panels = affine::makeComposedFoldedAffineApply(
      builder, loc, first.ceilDiv(panel), {sizes[2]});
  if (kernel::AttentionOp::hasRows(op.getQuery(), op.getQueryLayout()) &&
      kernel::AttentionOp::hasRows(op.getKey(), op.getKeyLayout()))
    panels = noneForFew(builder, op, panels);
  return tensor::EmptyOp::create(
      builder, loc, {heads, panels, sizes[3], builder.getIndexAttr(panel)},
      cast<ShapedType>(op.getKey().getType()).getElementType());
}

static LogicalResult form(attn::AttentionOp op, int64_t panel) {
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    if (!cast<ShapedType>(operand.getType()).getElementType().isF32())
      return op.emitError("attention over ")
             << operand.getType() << " has no kernel for this target yet; "
             << "cast its operands to f32";
  OpBuilder builder(op);
  ReifiedRankedShapedTypeDims shapes;
  if (failed(op.reifyResultShapes(builder, shapes)))
    return failure();
  auto type = cast<RankedTensorType>(op.getType());
  for (auto [size, dim] : llvm::zip(shapes.front(), type.getShape()))
    if (!ShapedType::isDynamic(dim))
      size = builder.getIndexAttr(dim);
  Value output = tensor::EmptyOp::create(builder, op.getLoc(), shapes.front(),
                                         type.getElementType());
  SmallVector<Value> init = {output, packedKeys(builder, op, panel)};
  SmallVector<Type> types = {output.getType(), init[1].getType()};
  auto twin = kernel::AttentionOp::create(
      builder, op.getLoc(), types, op.getQuery(), op.getKey(), op.getValue(),
      op.getCaptures(), init, op.getCaptureMaps(), op.getScaleAttr(),
      op.getCausalAttr(), op.getNanEmptyRowsAttr(), op.getMeanEmptyRowsAttr(),
      op.getMaskAttr(), op.getQueryLayoutAttr(), op.getKeyLayoutAttr(),
      op.getValueLayoutAttr(), op.getOutputLayoutAttr(), op.getTopLeftAttr());
  twin.getScore().takeBody(op.getScore());
  auto yield = cast<attn::YieldOp>(twin.getScore().front().getTerminator());
  builder.setInsertionPoint(yield);
  kernel::YieldOp::create(builder, yield.getLoc(), yield.getValues());
  yield.erase();
  builder.setInsertionPointAfter(twin);
  Value result = twin->getResult(0);
  if (result.getType() != op.getType())
    result = tensor::CastOp::create(builder, op.getLoc(), op.getType(), result);
  op.replaceAllUsesWith(result);
  op.erase();
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
