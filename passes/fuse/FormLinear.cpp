// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "passes/fuse/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FORMLINEARPASS
#include "passes/fuse/Passes.h.inc"

/// What the kernel's tiles on the stack have room for.
static constexpr int64_t widestKey = 1024;

namespace {
/// A tensor of heads and the map that its elements go through.
struct Mapped {
  Value input;
  attn::FeatureMap map = attn::FeatureMap::identity;
};
} // namespace

static Mapped peelFeatures(Value value) {
  if (auto features = value.getDefiningOp<attn::FeaturesOp>())
    return {features.getInput(), features.getMap()};
  return {value};
}

static void buildMap(OpBuilder &builder, Location loc, Region &region,
                     attn::FeatureMap map) {
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&region, {}, {builder.getF32Type()}, {loc});
  Value feature =
      attn::FeaturesOp::buildScalar(builder, loc, map, body->getArgument(0));
  kernel::YieldOp::create(builder, loc, feature);
}

/// Reports what the kernel cannot do.
static LogicalResult check(attn::LinearOp op) {
  for (Value operand : {op.getQuery(), op.getKey(), op.getValue()})
    if (!cast<ShapedType>(operand.getType()).getElementType().isF32())
      return op.emitError("linear attention over ")
             << operand.getType() << " has no kernel for this target yet; "
             << "cast its operands to f32";
  attn::Heads key{op.getKey(), op.getKeyLayout()};
  attn::Heads value{op.getValue(), op.getValueLayout()};
  attn::Heads query{op.getQuery(), op.getQueryLayout()};
  if (ShapedType::isDynamic(key.size(3)) ||
      ShapedType::isDynamic(value.size(3)) ||
      ShapedType::isDynamic(query.size(3)))
    return op.emitError("requires static widths of the heads, but got ")
           << query.tensor.getType() << ", " << key.tensor.getType() << " and "
           << value.tensor.getType() << "; fix them in the model";
  if (key.size(3) > widestKey)
    return op.emitError("requires keys of at most ")
           << widestKey << " features, but got " << key.size(3);
  if (op.getOutputLayout().back() != 3)
    return op.emitError("requires a result whose width lies last in memory; "
                        "transpose it in an operation of its own");
  return success();
}

static LogicalResult form(attn::LinearOp op) {
  if (failed(check(op)))
    return failure();
  OpBuilder builder(op);
  Location loc = op.getLoc();
  ReifiedRankedShapedTypeDims shapes;
  if (failed(op.reifyResultShapes(builder, shapes)))
    return failure();
  auto type = cast<RankedTensorType>(op.getType());
  for (auto [size, dim] : llvm::zip(shapes.front(), type.getShape()))
    if (!ShapedType::isDynamic(dim))
      size = builder.getIndexAttr(dim);
  Value output = tensor::EmptyOp::create(builder, loc, shapes.front(),
                                         type.getElementType());
  Mapped query = peelFeatures(op.getQuery()), key = peelFeatures(op.getKey());
  bool sum = op.getNormaliser() == attn::Normaliser::sum;
  auto twin = kernel::LinearAttentionOp::create(
      builder, loc, output.getType(), query.input, key.input, op.getValue(),
      output, op.getEpsAttr(), sum ? builder.getUnitAttr() : UnitAttr(),
      op.getCausalAttr(), op.getTopLeftAttr(), op.getQueryLayoutAttr(),
      op.getKeyLayoutAttr(), op.getValueLayoutAttr(), op.getOutputLayoutAttr());
  buildMap(builder, loc, twin.getQueryMap(), query.map);
  buildMap(builder, loc, twin.getKeyMap(), key.map);
  Value result = twin->getResult(0);
  if (result.getType() != type)
    result = tensor::CastOp::create(builder, loc, type, result);
  op.replaceAllUsesWith(result);
  op.erase();
  return success();
}

/// Features that are used by themselves.
static void lower(attn::FeaturesOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  auto type = cast<RankedTensorType>(op.getType());
  Value init = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, op.getInput()),
      type.getElementType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  auto generic = linalg::GenericOp::create(
      builder, loc, type, op.getInput(), init,
      ArrayRef<AffineMap>{identity, identity},
      SmallVector<utils::IteratorType>(type.getRank(),
                                       utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location at, ValueRange x) {
        linalg::YieldOp::create(
            inner, at,
            attn::FeaturesOp::buildScalar(inner, at, op.getMap(), x[0]));
      });
  op.replaceAllUsesWith(generic.getResult(0));
  op.erase();
}

namespace {
struct FormLinear : impl::FormLinearPassBase<FormLinear> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<attn::LinearOp> ops;
    getOperation()->walk([&](attn::LinearOp op) { ops.push_back(op); });
    for (attn::LinearOp op : ops)
      if (failed(form(op)))
        return signalPassFailure();
    SmallVector<attn::FeaturesOp> features;
    getOperation()->walk([&](attn::FeaturesOp op) { features.push_back(op); });
    for (attn::FeaturesOp op : features) {
      if (op.use_empty())
        op.erase();
      else
        lower(op);
    }
  }
};
} // namespace
} // namespace attune
