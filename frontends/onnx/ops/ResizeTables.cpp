// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Resize.h"
#include "frontends/onnx/ops/Sampling.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;

namespace attune {

namespace {
/// Arithmetic on f64 in a body.
struct Numbers {
  ImplicitLocOpBuilder &b;

  Value operator()(double value) {
    return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
  }
  Value fromIndex(Value index) {
    Value integer = arith::IndexCastOp::create(b, b.getI64Type(), index);
    return arith::SIToFPOp::create(b, b.getF64Type(), integer);
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  Value floor(Value x) { return math::FloorOp::create(b, x); }
  Value isOne(Value x) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, x, (*this)(1));
  }
  Value asF32(Value x) {
    Value narrow = arith::TruncFOp::create(b, b.getF32Type(), x);
    return arith::ExtFOp::create(b, b.getF64Type(), narrow);
  }
  Value isBelow(Value x, Value y) {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
};
} // namespace

/// The place that the output's position `x` comes from. `width` is the size
/// that the scale asks for, which the output's size may be below.
static Value sourceOf(Numbers n, StringRef transform, Value x, Value in,
                      Value out, Value scale, Value start, Value end) {
  Value width = n.mul(scale, in);
  auto halfPixel = [&] {
    return n.sub(n.div(n.add(x, n(0.5)), scale), n(0.5));
  };
  auto stretched = [&](Value span) {
    Value whole = n.mul(n.mul(x, span), n.sub(in, n(1)));
    return n.div(whole, n.sub(width, n(1)));
  };
  if (transform == "align_corners")
    return n.select(n.isOne(width), n(0), stretched(n(1)));
  if (transform == "asymmetric")
    return n.div(x, scale);
  if (transform == "tf_half_pixel_for_nn")
    return n.div(n.add(x, n(0.5)), scale);
  if (transform == "pytorch_half_pixel")
    return n.select(n.isOne(width), n(-0.5), halfPixel());
  if (transform == "tf_crop_and_resize") {
    Value span = n.sub(end, start), last = n.sub(in, n(1));
    Value middle = n.mul(n.mul(span, last), n(0.5));
    return n.add(n.select(n.isOne(width), middle, stretched(span)),
                 n.mul(start, last));
  }
  if (transform == "half_pixel_symmetric") {
    Value adjustment = n.sub(n(1), n.div(out, width));
    return n.add(n.mul(n.mul(in, n(0.5)), adjustment), halfPixel());
  }
  return halfPixel();
}

Value sourcePlaces(Lowering &b, const ResizeMode &mode,
                   const ResizeAxis &axis) {
  Value in = b.toIndex(axis.in), out = b.toIndex(axis.out);
  return b.compute({axis.out}, b.getF64Type(),
                   [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
                     Numbers n{s};
                     return sourceOf(n, mode.transform, n.fromIndex(ivs[0]),
                                     n.fromIndex(in), n.fromIndex(out),
                                     axis.scale, axis.roiStart, axis.roiEnd);
                   });
}

static Value
onPlaces(Lowering &b, Value places,
         llvm::function_ref<Value(ImplicitLocOpBuilder &, Value)> code) {
  AffineMap identity = b.getMultiDimIdentityMap(1);
  return b.generic(
      places, {identity, identity}, b.empty(b.sizes(places), b.getI64Type()),
      {utils::IteratorType::parallel},
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        return arith::IndexCastOp::create(s, s.getI64Type(), code(s, x[0]));
      });
}

Value nearestElements(Lowering &b, const ResizeMode &mode,
                      const ResizeAxis &axis, Value places) {
  Value in = b.toIndex(axis.in);
  return onPlaces(b, places, [&](ImplicitLocOpBuilder &s, Value x) -> Value {
    Numbers n{s};
    if (mode.rounding == onWholePlaces)
      x = n.asF32(x);
    Value rounded = n.floor(x);
    if (mode.rounding == onWholePlaces)
      rounded = n.select(n.isBelow(axis.scale, n(1)),
                         math::CeilOp::create(s, x), rounded);
    else if (mode.rounding == "ceil")
      rounded = math::CeilOp::create(s, x);
    else if (mode.rounding == "round_prefer_ceil")
      rounded = n.floor(n.add(x, n(0.5)));
    else if (mode.rounding == "round_prefer_floor")
      rounded = math::CeilOp::create(s, n.sub(x, n(0.5)));
    Value zero = arith::ConstantIndexOp::create(s, 0);
    Value one = arith::ConstantIndexOp::create(s, 1);
    Value last = arith::SubIOp::create(s, in, one);
    return arith::MaxSIOp::create(
        s, arith::MinSIOp::create(s, floorIndex(s, rounded), last), zero);
  });
}

/// How many elements have a weight: more where an image shrinks and antialias
/// widens the filter.
static OpFoldResult tapsOf(Lowering &b, const ResizeMode &mode,
                           const ResizeAxis &axis) {
  double support = mode.kind == ResizeMode::linear ? 1 : 2;
  if (!mode.antialias)
    return b.getIndexAttr(static_cast<int64_t>(2 * support));
  if (axis.knownScale) {
    double scale = std::min(*axis.knownScale, 1.0);
    return b.getIndexAttr(-2 *
                          static_cast<int64_t>(std::floor(-support / scale)));
  }
  Numbers n{b};
  Value scale = arith::MinimumFOp::create(b, axis.scale, n(1));
  Value reach = math::CeilOp::create(b, n.div(n(support), scale));
  Value twice = arith::FPToSIOp::create(b, b.getI64Type(), n.add(reach, reach));
  return b.asSize(twice);
}

/// Divides each row by its sum, unless that is 0.
static Value normalizeRows(Lowering &b, Value rows) {
  return combine(b, rows, sum(b, rows, {1}), {1},
                 [](OpBuilder &inner, Location loc, ValueRange x) -> Value {
                   ImplicitLocOpBuilder s(loc, inner);
                   Numbers n{s};
                   Value none = arith::CmpFOp::create(
                       s, arith::CmpFPredicate::OEQ, x[1], n(0));
                   return n.div(x[0], n.select(none, n(1), x[1]));
                 });
}

ResizeWeights weightsOf(Lowering &b, const ResizeMode &mode,
                        const ResizeAxis &axis, Value places) {
  OpFoldResult taps = tapsOf(b, mode, axis);
  // The first of the elements around floor(x), counted from it.
  Value count = b.toIndex(taps), one = b.constant(b.getIndexType(), 1);
  Value half =
      b.createOrFold<arith::DivSIOp>(count, b.constant(b.getIndexType(), 2));
  Value first = b.createOrFold<arith::SubIOp>(one, half);
  Value in = b.toIndex(axis.in);
  Value starts = onPlaces(b, places, [&](ImplicitLocOpBuilder &s, Value x) {
    return arith::AddIOp::create(s, floorIndex(s, x), first).getResult();
  });
  Value weights = b.compute(
      {axis.out, taps}, b.getF64Type(),
      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
        Numbers n{s};
        Value x = tensor::ExtractOp::create(s, places, ivs[0]);
        Value step = arith::AddIOp::create(s, first, ivs[1]);
        Value distance = n.sub(n.fromIndex(step), n.sub(x, n.floor(x)));
        if (mode.antialias)
          distance =
              n.mul(distance, arith::MinimumFOp::create(s, axis.scale, n(1)));
        Value weight = mode.kind == ResizeMode::linear
                           ? linearWeight(s, distance)
                           : cubicWeight(s, distance, mode.cubicA);
        if (!mode.excludeOutside)
          return weight;
        // Unsigned: elements before the input are large.
        Value element = arith::AddIOp::create(s, floorIndex(s, x), step);
        Value inside =
            arith::CmpIOp::create(s, arith::CmpIPredicate::ult, element, in);
        return n.select(inside, weight, n(0));
      });
  if (mode.antialias || mode.excludeOutside)
    weights = normalizeRows(b, weights);
  return {starts, weights};
}

} // namespace attune
