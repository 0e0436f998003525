// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "passes/fuse/Passes.h"
#include <cmath>

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FORMLAGSPASS
#include "passes/fuse/Passes.h.inc"

namespace {

class LagFormer {
public:
  LagFormer(Operation *op, int64_t lanes) : b(op->getLoc(), op), lanes(lanes) {}

  void checkTaps(attn::ToeplitzOp op);
  void checkTaps(attn::LongConvOp op);
  Value toeplitz(attn::ToeplitzOp op);
  Value convolution(attn::LongConvOp op);

private:
  RankedTensorType typeOf(Value tensor) {
    return cast<RankedTensorType>(tensor.getType());
  }
  Value empty(ArrayRef<OpFoldResult> sizes) {
    return tensor::EmptyOp::create(b, sizes, b.getF32Type());
  }
  Value emptyLike(Value tensor) {
    return tensor::EmptyOp::create(
        b, tensor::getMixedSizes(b, b.getLoc(), tensor), b.getF32Type());
  }
  Value compare(Value left, int64_t i, OpFoldResult size);
  void require(Value condition, StringRef message);
  Value sum(Value taps, Value input, bool causal, bool byColumn);
  Value twiddles(int64_t length);
  Value scratch(int64_t length);
  Value spectrum(Value taps, Value twiddles, int64_t width,
                 std::optional<int64_t> origin);
  Value circulate(Value spectrum, Value twiddles, Value input);
  Value tapsByColumn(attn::LongConvOp op, bool transposed);

  ImplicitLocOpBuilder b;
  int64_t lanes;
};

} // namespace

/// Whether dimension `i` of `left` has this size; null if both are known, and
/// so verified.
Value LagFormer::compare(Value left, int64_t i, OpFoldResult size) {
  OpFoldResult own = tensor::getMixedSize(b, b.getLoc(), left, i);
  if (getConstantIntValue(own) && getConstantIntValue(size))
    return {};
  return arith::CmpIOp::create(
      b, arith::CmpIPredicate::eq,
      getValueOrCreateConstantIndexOp(b, b.getLoc(), own),
      getValueOrCreateConstantIndexOp(b, b.getLoc(), size));
}

/// Ends the run unless the condition holds, if there is one.
void LagFormer::require(Value condition, StringRef message) {
  if (condition)
    cf::AssertOp::create(b, condition, message);
}

/// Sizes that are known at run time only: they index memory.
void LagFormer::checkTaps(attn::ToeplitzOp op) {
  Value input = op.getInput(), taps = op.getTaps();
  OpFoldResult rows = tensor::getMixedSize(b, b.getLoc(), input, 2);
  AffineExpr count = b.getAffineSymbolExpr(0);
  if (!op.getCausal())
    count = 2 * count - 1;
  OpFoldResult lags = affine::makeComposedFoldedAffineApply(
      b, b.getLoc(), AffineMap::get(0, 1, count), {rows});
  Value fits = compare(taps, 1, lags);
  // No rows read no taps.
  if (fits && !getConstantIntValue(rows)) {
    Value none =
        arith::CmpIOp::create(b, arith::CmpIPredicate::eq, cast<Value>(rows),
                              arith::ConstantIndexOp::create(b, 0));
    fits = arith::OrIOp::create(b, fits, none);
  }
  require(fits, "attn.toeplitz: the number of taps does not fit the rows");
  if (typeOf(taps).getDimSize(0) == 1)
    return;
  Value each = compare(taps, 0, tensor::getMixedSize(b, b.getLoc(), input, 1));
  if (each && ShapedType::isDynamic(typeOf(taps).getDimSize(0)))
    each = arith::OrIOp::create(b, each, compare(taps, 0, b.getIndexAttr(1)));
  require(each, "attn.toeplitz: requires one row of taps or one for each head");
}

void LagFormer::checkTaps(attn::LongConvOp op) {
  OpFoldResult channels = tensor::getMixedSize(b, b.getLoc(), op.getInput(), 2);
  StringRef message = "attn.long_conv: requires weights for each channel";
  require(compare(op.getTaps(), 0, channels), message);
  if (op.getSkip())
    require(compare(op.getSkip(), 0, channels), message);
  OpFoldResult count = tensor::getMixedSize(b, b.getLoc(), op.getTaps(), 1);
  if (getConstantIntValue(count))
    return;
  Value any =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sge, cast<Value>(count),
                            arith::ConstantIndexOp::create(b, 1));
  require(any, "attn.long_conv: requires a tap or more");
}

Value LagFormer::sum(Value taps, Value input, bool causal, bool byColumn) {
  Value init = emptyLike(input);
  auto flag = [&](bool set) { return set ? b.getUnitAttr() : UnitAttr(); };
  return kernel::LagSumOp::create(b, init.getType(), taps, input, init,
                                  flag(causal), flag(byColumn))
      ->getResult(0);
}

Value LagFormer::twiddles(int64_t length) {
  SmallVector<float> values;
  auto angle = [&](int64_t k) {
    return -2 * M_PI * static_cast<double>(k) / static_cast<double>(length);
  };
  for (int64_t k = 0; k < length; ++k)
    values.push_back(static_cast<float>(std::cos(angle(k))));
  for (int64_t k = 0; k < length; ++k)
    values.push_back(static_cast<float>(std::sin(angle(k))));
  auto type = RankedTensorType::get({2, length}, b.getF32Type());
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef<float>(values)));
}

/// Panels for as many ranges of work as 64 MiB hold, but 4 to 32.
Value LagFormer::scratch(int64_t length) {
  int64_t bytes = length * 2 * lanes * 4;
  int64_t slots = std::clamp<int64_t>((64 << 20) / bytes, 4, 32);
  return tensor::EmptyOp::create(b, ArrayRef<int64_t>{slots, length, 2, lanes},
                                 b.getF32Type());
}

Value LagFormer::spectrum(Value taps, Value twiddles, int64_t width,
                          std::optional<int64_t> origin) {
  int64_t length = typeOf(twiddles).getDimSize(1);
  OpFoldResult rows = tensor::getMixedSize(b, b.getLoc(), taps, 0);
  AffineExpr count = b.getAffineSymbolExpr(0).ceilDiv(width);
  rows = affine::makeComposedFoldedAffineApply(b, b.getLoc(), count, {rows});
  Value init = empty(
      {rows, b.getIndexAttr(length), b.getIndexAttr(2), b.getIndexAttr(width)});
  Value inits[] = {init, scratch(length)};
  return kernel::SpectrumOp::create(
             b, ValueRange(inits).getTypes(), taps, twiddles, inits,
             origin ? b.getI64IntegerAttr(*origin) : IntegerAttr())
      ->getResult(0);
}

Value LagFormer::circulate(Value spectrum, Value twiddles, Value input) {
  Value inits[] = {emptyLike(input), scratch(typeOf(twiddles).getDimSize(1))};
  return kernel::CirculantOp::create(b, ValueRange(inits).getTypes(), spectrum,
                                     twiddles, input, inits)
      ->getResult(0);
}

Value LagFormer::toeplitz(attn::ToeplitzOp op) {
  int64_t length = op.getFourierLength();
  if (length == 0)
    return sum(op.getTaps(), op.getInput(), op.getCausal(), false);
  // What a loop does not change is transformed before it.
  Operation *before = op;
  while (auto loop = before->getParentOfType<LoopLikeOpInterface>()) {
    if (!loop.isDefinedOutsideOfLoop(op.getTaps()))
      break;
    before = loop;
  }
  b.setInsertionPoint(before);
  Value table = twiddles(length);
  int64_t origin = typeOf(op.getInput()).getDimSize(2) - 1;
  Value waves = spectrum(op.getTaps(), table, 1, origin);
  b.setInsertionPoint(op);
  return circulate(waves, table, op.getInput());
}

/// `C x K`, or `K x C`, with the skip weights added to the first taps.
Value LagFormer::tapsByColumn(attn::LongConvOp op, bool transposed) {
  if (!op.getSkip() && !transposed)
    return op.getTaps();
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(b, b.getLoc(), op.getTaps());
  if (transposed)
    std::swap(sizes[0], sizes[1]);
  AffineExpr first = b.getAffineDimExpr(0), second = b.getAffineDimExpr(1);
  if (transposed)
    std::swap(first, second);
  SmallVector<Value> inputs = {op.getTaps()};
  SmallVector<AffineMap> maps = {
      AffineMap::get(2, 0, {first, second}, b.getContext())};
  if (op.getSkip()) {
    inputs.push_back(op.getSkip());
    maps.push_back(AffineMap::get(2, 0, first));
  }
  maps.push_back(b.getMultiDimIdentityMap(2));
  Value init = empty(sizes);
  auto body = [&](OpBuilder &inner, Location loc, ValueRange x) {
    Value tap = x[0];
    if (op.getSkip()) {
      Value lag = linalg::IndexOp::create(inner, loc, transposed ? 0 : 1);
      Value zero = arith::ConstantIndexOp::create(inner, loc, 0);
      Value isFirst = arith::CmpIOp::create(
          inner, loc, arith::CmpIPredicate::eq, lag, zero);
      Value sum = arith::AddFOp::create(inner, loc, tap, x[1]);
      tap = arith::SelectOp::create(inner, loc, isFirst, sum, tap);
    }
    linalg::YieldOp::create(inner, loc, tap);
  };
  SmallVector<utils::IteratorType> loops(2, utils::IteratorType::parallel);
  return linalg::GenericOp::create(b, init.getType(), inputs, init, maps, loops,
                                   body)
      .getResult(0);
}

/// Positions are rows, and channels columns, of one head.
Value LagFormer::convolution(attn::LongConvOp op) {
  int64_t length = op.getFourierLength();
  Value taps = tapsByColumn(op, /*transposed=*/length == 0);
  RankedTensorType type = typeOf(op.getInput());
  ArrayRef<int64_t> shape = type.getShape();
  auto wide = RankedTensorType::get({shape[0], 1, shape[1], shape[2]},
                                    type.getElementType());
  SmallVector<ReassociationIndices> groups = {{0, 1}, {2}, {3}};
  Value input = tensor::ExpandShapeOp::create(b, wide, op.getInput(), groups);
  Value result;
  if (length == 0) {
    result = sum(taps, input, false, true);
  } else {
    int64_t positions = shape[1], count = typeOf(taps).getDimSize(1);
    if (count > positions) {
      // Nothing reads the rest.
      SmallVector<OpFoldResult> sizes =
          tensor::getMixedSizes(b, b.getLoc(), taps);
      sizes[1] = b.getIndexAttr(positions);
      SmallVector<OpFoldResult> zeros(2, b.getIndexAttr(0));
      SmallVector<OpFoldResult> ones(2, b.getIndexAttr(1));
      taps = tensor::ExtractSliceOp::create(b, taps, zeros, sizes, ones);
    }
    Value table = twiddles(length);
    result =
        circulate(spectrum(taps, table, lanes, std::nullopt), table, input);
  }
  return tensor::CollapseShapeOp::create(b, type, result, groups);
}

template <typename Op>
static LogicalResult form(Op op, int64_t lanes, Value (LagFormer::*build)(Op)) {
  if (!cast<ShapedType>(op.getType()).getElementType().isF32())
    return op.emitError("sums over lags of ")
           << op.getType() << " have no kernel for this target yet; cast the "
           << "operands to f32";
  LagFormer former(op, lanes);
  former.checkTaps(op);
  Value result = (former.*build)(op);
  if (result.getType() != op.getType()) {
    OpBuilder builder(op);
    result = tensor::CastOp::create(builder, op.getLoc(), op.getType(), result);
  }
  op.replaceAllUsesWith(result);
  op.erase();
  return success();
}

namespace {
struct FormLags : impl::FormLagsPassBase<FormLags> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<attn::ToeplitzOp, attn::LongConvOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      auto toeplitz = dyn_cast<attn::ToeplitzOp>(op);
      LogicalResult formed = toeplitz
                                 ? form(toeplitz, lanes, &LagFormer::toeplitz)
                                 : form(cast<attn::LongConvOp>(op), lanes,
                                        &LagFormer::convolution);
      if (failed(formed))
        return signalPassFailure();
    }
  }
};
} // namespace
} // namespace attune
