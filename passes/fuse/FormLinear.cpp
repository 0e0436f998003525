// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "dialects/kernel/LinearTiles.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "passes/fuse/Passes.h"
#include "passes/fuse/Twins.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FORMLINEARPASS
#include "passes/fuse/Passes.h.inc"

/// What the kernel's tiles have room for: features of `taylor2` of heads of
/// width 128.
static constexpr int64_t mostFeatures = 8385;

using kernel::FeatureKind;

namespace {
/// What the features of queries or keys are made of.
struct Source {
  Value input, projection;
  double scale = 1;
  FeatureKind kind = FeatureKind::elements;
  attn::FeaturesOp op; // or null

  /// Peels the features off `value`, which has this layout.
  Source(Value value, ArrayRef<int64_t> layout, bool isKey);
};
} // namespace

static FeatureKind kindOf(attn::FeaturesOp op) {
  if (op.getMap() == attn::FeatureMap::taylor2)
    return FeatureKind::taylor;
  if (op.getMap() != attn::FeatureMap::positive)
    return FeatureKind::elements;
  return op.getKeys() ? FeatureKind::keys : FeatureKind::queries;
}

Source::Source(Value value, ArrayRef<int64_t> layout, bool isKey)
    : input(value) {
  auto features = value.getDefiningOp<attn::FeaturesOp>();
  if (!features || (features.isWide() && features.getLayout() != layout))
    return;
  FeatureKind found = kindOf(features);
  if (found == (isKey ? FeatureKind::queries : FeatureKind::keys))
    return;
  op = features;
  kind = found;
  input = op.getInput();
  projection = op.getProjection();
  // The map of single elements scales them itself.
  if (op.isWide())
    scale = op.getScale().convertToDouble();
}

static void buildMap(OpBuilder &builder, Location loc, Region &region,
                     attn::FeaturesOp features) {
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&region, {}, {builder.getF32Type()}, {loc});
  Value x = body->getArgument(0);
  kernel::YieldOp::create(builder, loc,
                          features ? features.buildScalar(builder, x) : x);
}

/// Reports what the kernel cannot do.
static LogicalResult check(attn::LinearOp op, const Source &querySource,
                           const Source &keySource) {
  const Value operands[] = {op.getQuery(),       op.getKey(),
                            op.getValue(),       op.getPastState(),
                            op.getPastSum(),     querySource.projection,
                            keySource.projection};
  for (Value operand : operands)
    if (operand && !getElementTypeOrSelf(operand.getType()).isF32())
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
  if (key.size(3) > mostFeatures)
    return op.emitError("requires keys of at most ")
           << mostFeatures << " features, but got " << key.size(3);
  // The largest exponent is that of all keys; those of the past are gone.
  if (keySource.kind == FeatureKind::keys &&
      (op.getPastState() || op.getState()))
    return op.emitError("requires features of each key by itself with a state, "
                        "but got features of map 'positive' with 'keys'");
  if (op.getOutputLayout().back() != 3)
    return op.emitError("requires a result whose width lies last in memory; "
                        "transpose it in an operation of its own");
  return success();
}

/// Checks sizes that are known at run time only.
static void checkSizes(OpBuilder &builder, attn::LinearOp op) {
  Location loc = op.getLoc();
  auto size = [&](Value tensor, int64_t dim) {
    return tensor::getMixedSize(builder, loc, tensor, dim);
  };
  auto logical = [&](Value tensor, ArrayRef<int64_t> layout, int64_t dim) {
    return size(tensor, attn::Heads{tensor, layout}.position(dim));
  };
  auto ofQuery = [&](int64_t dim) {
    return logical(op.getQuery(), op.getQueryLayout(), dim);
  };
  auto ofKey = [&](int64_t dim) {
    return logical(op.getKey(), op.getKeyLayout(), dim);
  };
  if (op.getVisible())
    for (auto [dim, result] : llvm::enumerate(op.getVisibleMap()->getResults()))
      if (auto role = dyn_cast<AffineDimExpr>(result))
        requireEqual(builder, loc, size(op.getVisible(), dim),
                     role.getPosition() == 3 ? ofKey(2)
                                             : ofQuery(role.getPosition()),
                     "attn.linear: the visible keys have other sizes than the "
                     "heads");
  if (op.getSchedule() == attn::Schedule::recurrent)
    requireEqual(builder, loc, ofQuery(2), ofKey(2),
                 "attn.linear: the recurrent schedule requires as many queries "
                 "as keys");
  StringRef message = "attn.linear: a state has other sizes than the heads";
  if (op.getPastState() || op.getState())
    requireEqual(builder, loc, ofKey(1),
                 logical(op.getValue(), op.getValueLayout(), 1), message);
  for (Value past : {Value(op.getPastState()), Value(op.getPastSum())})
    if (past)
      for (int64_t dim : {0, 1})
        requireEqual(builder, loc, size(past, dim), ofKey(dim), message);
  if (Value past = op.getPastState())
    requireEqual(builder, loc, size(past, 3),
                 logical(op.getValue(), op.getValueLayout(), 3), message);
  for (Value past : {Value(op.getPastState()), Value(op.getPastSum())})
    if (past)
      requireEqual(builder, loc, size(past, 2), ofKey(3), message);
}

/// Destinations: the output, scratch memory, and the state if it is asked for.
static FailureOr<SmallVector<Value>>
destinations(OpBuilder &builder, attn::LinearOp op, const Source &query,
             const Source &key, const kernel::RegisterTile &target) {
  Location loc = op.getLoc();
  ReifiedRankedShapedTypeDims shapes;
  if (failed(op.reifyResultShapes(builder, shapes)))
    return failure();
  SmallVector<Value> all = outputsOf(builder, op, shapes);
  auto width = [](Value tensor, ArrayRef<int64_t> layout) {
    return attn::Heads{tensor, layout}.size(3);
  };
  auto isElements = [](const Source &source) {
    return source.kind == FeatureKind::elements && !source.projection;
  };
  kernel::LinearTiles tiles({width(query.input, op.getQueryLayout()),
                             width(key.input, op.getKeyLayout()),
                             width(op.getValue(), op.getValueLayout()),
                             width(op.getKey(), op.getKeyLayout()),
                             isElements(query), isElements(key)},
                            target);
  Value scratch = tensor::EmptyOp::create(
      builder, loc, ArrayRef<int64_t>{tiles.bytes * tiles.ranges()},
      builder.getI8Type());
  all.insert(all.begin() + 1, scratch);
  return all;
}

static kernel::ScheduleAttr scheduleOf(attn::LinearOp op) {
  if (!op.getSchedule())
    return {};
  auto schedule = static_cast<kernel::Schedule>(*op.getSchedule());
  return kernel::ScheduleAttr::get(op.getContext(), schedule);
}

static LogicalResult form(attn::LinearOp op,
                          const kernel::RegisterTile &target) {
  Source query(op.getQuery(), op.getQueryLayout(), /*isKey=*/false);
  Source key(op.getKey(), op.getKeyLayout(), /*isKey=*/true);
  if (failed(check(op, query, key)))
    return failure();
  OpBuilder builder(op);
  Location loc = op.getLoc();
  checkSizes(builder, op);
  FailureOr<SmallVector<Value>> init =
      destinations(builder, op, query, key, target);
  if (failed(init))
    return failure();
  bool sum = op.getNormaliser() == attn::Normaliser::sum;
  auto kind = [&](const Source &source) {
    return kernel::FeatureKindAttr::get(builder.getContext(), source.kind);
  };
  auto twin = kernel::LinearAttentionOp::create(
      builder, loc, TypeRange(ValueRange(*init)), kind(query), kind(key),
      query.input, query.projection, key.input, key.projection, op.getValue(),
      op.getVisible(), op.getPastState(), op.getPastSum(), *init,
      builder.getF64FloatAttr(query.scale), builder.getF64FloatAttr(key.scale),
      op.getEpsAttr(), sum ? builder.getUnitAttr() : UnitAttr(),
      op.getCausalAttr(), op.getTopLeftAttr(), op.getNanEmptyRowsAttr(),
      op.getMeanEmptyRowsAttr(), op.getVisibleMapAttr(), scheduleOf(op),
      op.getQueryLayoutAttr(), op.getKeyLayoutAttr(), op.getValueLayoutAttr(),
      op.getOutputLayoutAttr());
  buildMap(builder, loc, twin.getQueryMap(), query.op);
  buildMap(builder, loc, twin.getKeyMap(), key.op);
  SmallVector<Value> results(twin->getResults());
  // The second destination is scratch memory.
  results.erase(results.begin() + 1);
  replaceByResults(builder, op, results);
  return success();
}

/// Sizes of features are those of what they are made of.
static LogicalResult resolveSizes(attn::FeaturesOp op) {
  for (Operation *user : llvm::make_early_inc_range(op->getUsers())) {
    auto size = dyn_cast<tensor::DimOp>(user);
    std::optional<int64_t> dim = size ? size.getConstantIndex() : std::nullopt;
    if (!dim)
      continue;
    OpBuilder builder(op);
    ReifiedRankedShapedTypeDims shapes;
    if (failed(op.reifyResultShapes(builder, shapes)))
      return op.emitError("requires a known number of features");
    size.getResult().replaceAllUsesWith(getValueOrCreateConstantIndexOp(
        builder, op.getLoc(), shapes.front()[*dim]));
    size.erase();
  }
  return success();
}

/// Features that are used by themselves.
static LogicalResult lower(attn::FeaturesOp op) {
  if (op.isWide())
    return op.emitError(
        "features of several elements are made within attn.linear only, with "
        "the layout of its operand, with 'keys' for its keys and without it "
        "for its queries; they have no other use");
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
        linalg::YieldOp::create(inner, at, op.buildScalar(inner, x[0]));
      });
  op.replaceAllUsesWith(generic.getResult(0));
  op.erase();
  return success();
}

namespace {
struct FormLinear : impl::FormLinearPassBase<FormLinear> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<attn::LinearOp> ops;
    getOperation()->walk([&](attn::LinearOp op) { ops.push_back(op); });
    for (attn::LinearOp op : ops)
      if (failed(form(op, {lanes, rows, vectors})))
        return signalPassFailure();
    SmallVector<attn::FeaturesOp> features;
    getOperation()->walk([&](attn::FeaturesOp op) { features.push_back(op); });
    for (attn::FeaturesOp op : features) {
      if (failed(resolveSizes(op)))
        return signalPassFailure();
      if (op.use_empty())
        op.erase();
      else if (failed(lower(op)))
        return signalPassFailure();
    }
  }
};
} // namespace
} // namespace attune
