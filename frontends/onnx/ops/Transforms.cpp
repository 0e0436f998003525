// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fourier transforms. All is computed in f64: what a transform should make 0 is
// then 0 as f32 sees it.

#include "frontends/onnx/ops/Fourier.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpIPredicate;

/// The complex number at a place of a tensor whose last dimension has `parts`,
/// one or two.
static Complex readParts(ImplicitLocOpBuilder &s, Value tensor,
                         SmallVector<Value> at, int64_t parts) {
  Type real = s.getF64Type();
  auto part = [&](int64_t index) -> Value {
    at.push_back(arith::ConstantIndexOp::create(s, index));
    Value value = tensor::ExtractOp::create(s, tensor, at);
    at.pop_back();
    return convertScalar(s, value, real, false, false);
  };
  if (parts == 2)
    return {part(0), part(1)};
  return {part(0), arith::ConstantOp::create(s, s.getF64FloatAttr(0))};
}

static FailureOr<int64_t> partsOf(onnx::NodeOp node, Value input) {
  RankedTensorType type = typeOf(input);
  int64_t parts = type.getRank() < 2 ? 0 : type.getShape().back();
  if (parts != 1 && parts != 2)
    return node.emitNodeError("requires a last dimension of 1 or 2, for the "
                              "real and the imaginary part, but got ")
           << type;
  return parts;
}

/// size / 2 + 1
static OpFoldResult halfOf(Lowering &b, OpFoldResult size) {
  Type index = b.getIndexType();
  Value half =
      b.createOrFold<arith::DivUIOp>(b.toIndex(size), b.constant(index, 2));
  return getAsOpFoldResult(
      b.createOrFold<arith::AddIOp>(half, b.constant(index, 1)));
}

namespace {

/// One DFT. The input is `before x have x behind x parts`, where only the
/// products of the dimensions around the axis matter, so that the axis may be
/// known at run time only.
class Dft {
public:
  Dft(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  LogicalResult run();

private:
  LogicalResult findAxis();
  LogicalResult findLength();
  Complex sourceAt(ImplicitLocOpBuilder &s, Value row, Value n);
  Complex inputAt(ImplicitLocOpBuilder &s, Value row, Value n);
  Value resultAt(ImplicitLocOpBuilder &s, const ComplexAt &result,
                 ArrayRef<Value> ivs);

  onnx::NodeOp node;
  Lowering &b;
  bool inverse = false, onesided = false;
  int64_t parts = 0;
  Value cube; // the input as before x have x behind x parts
  SmallVector<OpFoldResult> sizes;
  SmallVector<Value> isAxis; // for each dimension but the last, an i1
  OpFoldResult before, have, behind, length;
};

} // namespace

LogicalResult Dft::findAxis() {
  int64_t rank = sizes.size(), last = rank - 1;
  Type index = b.getIndexType();
  Value axis = b.constant(index, node.getInt("axis", 1));
  if (node.getVersion() >= 20) {
    axis = b.constant(index, -2);
    if (node.hasInput(2))
      axis = b.toIndex(b.asSize(b.scalar(node, node.getInput(2))));
  }
  Value zero = b.constant(index, 0), one = b.constant(index, 1);
  Value negative =
      b.createOrFold<arith::CmpIOp>(CmpIPredicate::slt, axis, zero);
  axis = b.createOrFold<arith::SelectOp>(
      negative, b.createOrFold<arith::AddIOp>(axis, b.constant(index, rank)),
      axis);
  std::optional<int64_t> known = getConstantIntValue(axis);
  if (known && (*known < 0 || *known >= last))
    return node.emitNodeError("requires an axis that is a dimension other than "
                              "the last, but got ")
           << *known;
  b.require(node,
            b.createOrFold<arith::CmpIOp>(CmpIPredicate::ult, axis,
                                          b.constant(index, last)),
            "the axis must be a dimension other than the last");
  Value products[3] = {one, one, one}; // before, along and behind the axis
  for (int64_t dim = 0; dim < last; ++dim) {
    Value size = b.toIndex(sizes[dim]), here = b.constant(index, dim);
    CmpIPredicate sides[] = {CmpIPredicate::slt, CmpIPredicate::eq,
                             CmpIPredicate::sgt};
    for (auto [side, product] : llvm::zip(sides, products)) {
      Value holds = b.createOrFold<arith::CmpIOp>(side, here, axis);
      Value factor = b.createOrFold<arith::SelectOp>(holds, size, one);
      product = b.toIndex(
          b.multiply(getAsOpFoldResult(product), getAsOpFoldResult(factor)));
      if (side == CmpIPredicate::eq)
        isAxis.push_back(holds);
    }
  }
  before = getAsOpFoldResult(products[0]);
  have = getAsOpFoldResult(products[1]);
  behind = getAsOpFoldResult(products[2]);
  return b.requireSome(node, have);
}

LogicalResult Dft::findLength() {
  length = have;
  if (node.hasInput(1)) {
    length = b.requireSize(node, b.scalar(node, node.getInput(1)));
  } else if (inverse && onesided) {
    Type index = b.getIndexType();
    Value less =
        b.createOrFold<arith::SubIOp>(b.toIndex(have), b.constant(index, 1));
    length = b.multiply(getAsOpFoldResult(less), b.getIndexAttr(2));
  }
  return b.requireSome(node, length);
}

/// What lies beyond the input is 0.
Complex Dft::inputAt(ImplicitLocOpBuilder &s, Value row, Value n) {
  auto bound = [&](OpFoldResult size) {
    return getValueOrCreateConstantIndexOp(s, s.getLoc(), size);
  };
  Value inner = bound(behind), first = arith::ConstantIndexOp::create(s, 0);
  Value inside = arith::CmpIOp::create(s, CmpIPredicate::ult, n, bound(have));
  Value place = arith::SelectOp::create(s, inside, n, first);
  Complex value = readParts(s, cube,
                            {arith::DivUIOp::create(s, row, inner), place,
                             arith::RemUIOp::create(s, row, inner)},
                            parts);
  Value zero = arith::ConstantOp::create(s, s.getF64FloatAttr(0));
  return {arith::SelectOp::create(s, inside, value.re, zero),
          arith::SelectOp::create(s, inside, value.im, zero)};
}

/// Where the input is one half of a spectrum, the other is its mirror image.
Complex Dft::sourceAt(ImplicitLocOpBuilder &s, Value row, Value n) {
  if (!inverse || !onesided)
    return inputAt(s, row, n);
  Value all = getValueOrCreateConstantIndexOp(s, s.getLoc(), length);
  Value other = arith::SubIOp::create(s, all, n);
  Value isMirror = arith::CmpIOp::create(s, CmpIPredicate::ugt, n, other);
  Complex value =
      inputAt(s, row, arith::SelectOp::create(s, isMirror, other, n));
  Value negative = arith::NegFOp::create(s, value.im);
  return {value.re, arith::SelectOp::create(s, isMirror, negative, value.im)};
}

/// The element at [before, k, behind, part].
Value Dft::resultAt(ImplicitLocOpBuilder &s, const ComplexAt &result,
                    ArrayRef<Value> ivs) {
  Value inner = getValueOrCreateConstantIndexOp(s, s.getLoc(), behind);
  Value row =
      arith::AddIOp::create(s, arith::MulIOp::create(s, ivs[0], inner), ivs[2]);
  Complex value = result(s, row, ivs[1]);
  if (inverse)
    std::swap(value.re, value.im);
  Value part = value.re;
  if (!(inverse && onesided))
    part = selectByIndex(s, 3, {value.re, value.im});
  if (inverse) {
    Value all = arith::IndexCastOp::create(
        s, s.getI64Type(),
        getValueOrCreateConstantIndexOp(s, s.getLoc(), length));
    part = arith::DivFOp::create(
        s, part, arith::SIToFPOp::create(s, s.getF64Type(), all));
  }
  return convertScalar(s, part, elementOf(cube), false, false);
}

LogicalResult Dft::run() {
  Value input = node.getInputs()[0];
  FailureOr<int64_t> found = partsOf(node, input);
  if (failed(found))
    return failure();
  parts = *found;
  sizes = b.sizes(input);
  inverse = node.getInt("inverse", 0) != 0;
  onesided = node.getInt("onesided", 0) != 0;
  if (failed(findAxis()) || failed(findLength()))
    return failure();
  cube = b.reshape(input, {before, have, behind, b.getIndexAttr(parts)});
  // Real and imaginary parts in each other's places, before and after, turn
  // e^-.. into e^+..
  ComplexAt result =
      fourier(b, b.multiply(before, behind), length,
              [this](ImplicitLocOpBuilder &s, Value row, Value n) -> Complex {
                Complex value = sourceAt(s, row, n);
                return inverse ? Complex{value.im, value.re} : value;
              });
  OpFoldResult count = onesided && !inverse ? halfOf(b, length) : length;
  OpFoldResult given = b.getIndexAttr(inverse && onesided ? 1 : 2);
  Value values = b.compute({before, count, behind, given}, elementOf(cube),
                           [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
                             return resultAt(s, result, ivs);
                           });
  SmallVector<OpFoldResult> shape;
  for (auto [size, here] : llvm::zip(sizes, isAxis))
    shape.push_back(getAsOpFoldResult(b.createOrFold<arith::SelectOp>(
        here, b.toIndex(count), b.toIndex(size))));
  shape.push_back(given);
  b.replace(node, b.reshape(values, shape));
  return success();
}

static LogicalResult lowerDft(onnx::NodeOp node, Lowering &b) {
  return Dft(node, b).run();
}

/// How long a frame is: as the input says, or the window, or the signal.
static FailureOr<OpFoldResult> frameLength(onnx::NodeOp node, Lowering &b) {
  OpFoldResult length = b.size(node.getInputs()[0], 1);
  if (node.hasInput(2))
    length = b.size(node.getInput(2), 0);
  if (node.hasInput(3)) {
    OpFoldResult given = b.requireSize(node, b.scalar(node, node.getInput(3)));
    if (node.hasInput(2) &&
        failed(b.requireEqual(node, length, given,
                              "lengths of the window and of frames")))
      return failure();
    length = given;
  }
  if (failed(b.requireSome(node, length)))
    return failure();
  return length;
}

/// (signal - frame) / step + 1, or an error if there is no frame.
static FailureOr<OpFoldResult> frameCount(onnx::NodeOp node, Lowering &b,
                                          OpFoldResult length,
                                          OpFoldResult step) {
  if (failed(b.requireSome(node, step)))
    return failure();
  Value zero = b.constant(b.getIndexType(), 0);
  Value one = b.constant(b.getIndexType(), 1);
  Value rest = b.createOrFold<arith::SubIOp>(
      b.toIndex(b.size(node.getInputs()[0], 1)), b.toIndex(length));
  if (std::optional<int64_t> known = getConstantIntValue(rest);
      known && *known < 0)
    return node.emitNodeError("requires a signal that is no shorter than a "
                              "frame, but it is shorter by ")
           << -*known;
  b.require(node, b.createOrFold<arith::CmpIOp>(CmpIPredicate::sge, rest, zero),
            "the signal must not be shorter than a frame");
  Value steps = b.createOrFold<arith::DivSIOp>(rest, b.toIndex(step));
  return getAsOpFoldResult(b.createOrFold<arith::AddIOp>(steps, one));
}

/// Transforms of frames of the signal, each times the window.
static LogicalResult lowerStft(onnx::NodeOp node, Lowering &b) {
  Value signal = node.getInputs()[0], window = Value();
  FailureOr<int64_t> parts = partsOf(node, signal);
  if (failed(parts))
    return failure();
  if (typeOf(signal).getRank() != 3)
    return node.emitNodeError("requires a signal of rank 3");
  if (node.hasInput(2))
    window = node.getInput(2);
  FailureOr<OpFoldResult> length = frameLength(node, b);
  if (failed(length))
    return failure();
  OpFoldResult step = b.requireSize(node, b.scalar(node, node.getInputs()[1]));
  FailureOr<OpFoldResult> frames = frameCount(node, b, *length, step);
  if (failed(frames))
    return failure();
  OpFoldResult batch = b.size(signal, 0);
  Value count = b.toIndex(*frames), stride = b.toIndex(step);
  ComplexAt result = fourier(
      b, b.multiply(batch, *frames), *length,
      [&](ImplicitLocOpBuilder &s, Value row, Value n) -> Complex {
        Value frame = arith::RemUIOp::create(s, row, count);
        Value place = arith::AddIOp::create(
            s, arith::MulIOp::create(s, frame, stride), n);
        Complex value = readParts(
            s, signal, {arith::DivUIOp::create(s, row, count), place}, *parts);
        if (!window)
          return value;
        Value weight = convertScalar(s, tensor::ExtractOp::create(s, window, n),
                                     s.getF64Type(), false, false);
        return {arith::MulFOp::create(s, value.re, weight),
                arith::MulFOp::create(s, value.im, weight)};
      });
  bool onesided = node.getInt("onesided", 1) != 0;
  OpFoldResult bins = onesided ? halfOf(b, *length) : *length;
  b.replace(node,
            b.compute({batch, *frames, bins, b.getIndexAttr(2)},
                      elementOf(signal),
                      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
                        Value row = arith::AddIOp::create(
                            s, arith::MulIOp::create(s, ivs[0], count), ivs[1]);
                        Complex value = result(s, row, ivs[2]);
                        Value part = selectByIndex(s, 3, {value.re, value.im});
                        return convertScalar(s, part, elementOf(signal), false,
                                             false);
                      }));
  return success();
}

void addTransforms(LoweringTable &table) {
  table.compute("DFT", lowerDft);
  table.compute("STFT", lowerStft);
}

} // namespace attune
