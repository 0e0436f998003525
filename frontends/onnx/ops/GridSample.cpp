// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Sampling.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {
enum class Padding { zeros, border, reflection };
enum class Mode { nearest, linear, cubic };

/// Reads an image at places that a grid gives, from -1 to 1 along each size.
struct GridSampler {
  Mode mode;
  Padding padding;
  bool alignCorners;
  Value image;
  SmallVector<Value> sizes; // spatial

  /// The place in pixels that the grid's `x` stands for.
  Value denormalize(Scalar &s, Value x, Value size) const;
  /// A place beyond the image, where padding moves it to.
  Value moveInside(Scalar &s, Value x, Value size) const;
  Value reflect(Scalar &s, Value x, Value size) const;
  Value read(Scalar &s, ArrayRef<Value> lead, ArrayRef<Value> at) const;
  Value sample(Scalar &s, ArrayRef<Value> lead, ArrayRef<Value> grid) const;
};
} // namespace

static Value toFloat(Scalar &s, Value like, Value index) {
  Value integer = arith::IndexCastOp::create(s, s.getI64Type(), index);
  return arith::SIToFPOp::create(s, like.getType(), integer);
}

Value GridSampler::denormalize(Scalar &s, Value x, Value size) const {
  Value one = s.number(x, 1), half = s.number(x, 0.5);
  Value length = toFloat(s, x, size),
        shifted = arith::AddFOp::create(s, x, one);
  if (alignCorners)
    return arith::MulFOp::create(s, arith::MulFOp::create(s, shifted, half),
                                 arith::SubFOp::create(s, length, one));
  Value scaled = arith::MulFOp::create(s, shifted, length);
  return arith::MulFOp::create(s, arith::SubFOp::create(s, scaled, one), half);
}

/// The image and its mirror image repeat without end.
Value GridSampler::reflect(Scalar &s, Value x, Value size) const {
  double margin = alignCorners ? 0 : 0.5;
  Value length = toFloat(s, x, size);
  Value low = s.number(x, -margin);
  Value high = arith::AddFOp::create(s, length, s.number(x, margin - 1));
  Value range = arith::SubFOp::create(s, high, low);
  Value way = math::AbsFOp::create(s, arith::SubFOp::create(s, x, low));
  Value turns = math::FloorOp::create(s, arith::DivFOp::create(s, way, range));
  Value rest =
      arith::SubFOp::create(s, way, arith::MulFOp::create(s, turns, range));
  Value half = arith::MulFOp::create(s, turns, s.number(x, 0.5));
  Value even = arith::CmpFOp::create(s, arith::CmpFPredicate::OEQ, half,
                                     math::FloorOp::create(s, half));
  Value inside =
      arith::SelectOp::create(s, even, arith::AddFOp::create(s, low, rest),
                              arith::SubFOp::create(s, high, rest));
  Value point = arith::CmpFOp::create(s, arith::CmpFPredicate::OEQ, range,
                                      s.number(x, 0));
  return arith::SelectOp::create(s, point, low, inside);
}

Value GridSampler::moveInside(Scalar &s, Value x, Value size) const {
  if (padding == Padding::zeros)
    return x;
  if (padding == Padding::reflection)
    return reflect(s, x, size);
  // Places in the outer half of the outermost pixels stay.
  Value length = toFloat(s, x, size);
  Value last = arith::SubFOp::create(s, length, s.number(x, 1));
  double margin = alignCorners ? 0 : 0.5;
  Value high = arith::AddFOp::create(s, last, s.number(x, margin));
  Value before = arith::CmpFOp::create(s, arith::CmpFPredicate::OLT, x,
                                       s.number(x, -margin));
  Value after = arith::CmpFOp::create(s, arith::CmpFPredicate::OGT, x, high);
  Value below = arith::SelectOp::create(s, after, last, x);
  return arith::SelectOp::create(s, before, s.number(x, 0), below);
}

Value GridSampler::read(Scalar &s, ArrayRef<Value> lead,
                        ArrayRef<Value> at) const {
  if (padding == Padding::zeros)
    return readOrZero(s, image, lead, at, sizes);
  SmallVector<Value> place(lead);
  Value zero = arith::ConstantIndexOp::create(s, 0);
  Value one = arith::ConstantIndexOp::create(s, 1);
  Value like = s.number(
      arith::ConstantOp::create(s, s.getZeroAttr(elementOf(image))), 0);
  for (auto [position, size] : llvm::zip(at, sizes)) {
    Value inside = position;
    if (padding == Padding::reflection)
      inside = floorIndex(s, reflect(s, toFloat(s, like, position), size));
    Value last = arith::SubIOp::create(s, size, one);
    inside = arith::MinSIOp::create(s, inside, last);
    place.push_back(arith::MaxSIOp::create(s, inside, zero));
  }
  return tensor::ExtractOp::create(s, image, place);
}

Value GridSampler::sample(Scalar &s, ArrayRef<Value> lead,
                          ArrayRef<Value> grid) const {
  SmallVector<Taps> taps;
  SmallVector<Value> nearest;
  // The grid's first coordinate runs along the image's last dimension.
  for (auto [x, size] : llvm::zip(llvm::reverse(grid), sizes)) {
    Value place = denormalize(s, x, size);
    if (mode == Mode::nearest)
      place = math::RoundEvenOp::create(s, place);
    place = moveInside(s, place, size);
    if (mode == Mode::nearest)
      nearest.push_back(floorIndex(s, place));
    else
      taps.push_back(mode == Mode::linear ? linearTaps(s, place)
                                          : cubicTaps(s, place, -0.75));
  }
  if (mode == Mode::nearest)
    return read(s, lead, nearest);
  return combineTaps(s, taps,
                     [&](ArrayRef<Value> at) { return read(s, lead, at); });
}

static FailureOr<GridSampler> samplerOf(onnx::NodeOp node, Lowering &b) {
  GridSampler sampler;
  StringRef mode = node.getString("mode", "linear");
  StringRef padding = node.getString("padding_mode", "zeros");
  bool known = true;
  if (mode == "nearest")
    sampler.mode = Mode::nearest;
  else if (mode == "linear" || mode == "bilinear")
    sampler.mode = Mode::linear;
  else if (mode == "cubic" || mode == "bicubic")
    sampler.mode = Mode::cubic;
  else
    known = false;
  if (padding == "zeros")
    sampler.padding = Padding::zeros;
  else if (padding == "border")
    sampler.padding = Padding::border;
  else if (padding == "reflection")
    sampler.padding = Padding::reflection;
  else
    known = false;
  if (!known) {
    node.emitNodeError("the mode '")
        << mode << "' with padding_mode '" << padding << "' is not supported";
    return failure();
  }
  sampler.alignCorners = node.getInt("align_corners", 0) != 0;
  sampler.image = node.getInputs()[0];
  for (OpFoldResult size : ArrayRef(b.sizes(sampler.image)).drop_front(2)) {
    if (failed(b.requireSome(node, size)))
      return failure();
    sampler.sizes.push_back(b.toIndex(size));
  }
  return sampler;
}

static LogicalResult lowerGridSample(onnx::NodeOp node, Lowering &b) {
  Value image = node.getInputs()[0], grid = node.getInputs()[1];
  if (!isFloat(image) || elementOf(image) != elementOf(grid))
    return node.emitNodeError("is supported on an image and a grid of the same "
                              "type of floats only");
  int64_t rank = typeOf(image).getRank() - 2;
  if (rank < 1 || typeOf(grid).getRank() != rank + 2 ||
      typeOf(grid).getDimSize(rank + 1) != rank)
    return node.emitNodeError("requires a grid of as many coordinates as the "
                              "image has spatial dimensions");
  if (failed(b.requireEqual(node, b.size(image, 0), b.size(grid, 0),
                            "numbers of images and grids")))
    return failure();
  FailureOr<GridSampler> sampler = samplerOf(node, b);
  if (failed(sampler))
    return failure();
  SmallVector<OpFoldResult> sizes = {b.size(image, 0), b.size(image, 1)};
  for (int64_t dim = 0; dim < rank; ++dim)
    sizes.push_back(b.size(grid, dim + 1));
  b.replace(node,
            b.compute(sizes, elementOf(image),
                      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> ivs) {
                        Scalar s(inner.getLoc(), inner, node);
                        SmallVector<Value> from = {ivs[0]}, at;
                        llvm::append_range(from, ivs.drop_front(2));
                        from.push_back({});
                        for (int64_t dim = 0; dim < rank; ++dim) {
                          from.back() = arith::ConstantIndexOp::create(s, dim);
                          at.push_back(
                              tensor::ExtractOp::create(s, grid, from));
                        }
                        return sampler->sample(s, ivs.take_front(2), at);
                      }));
  return success();
}

/// theta times the homogeneous places of an image from -1 to 1.
static LogicalResult lowerAffineGrid(onnx::NodeOp node, Lowering &b) {
  Value theta = node.getInputs()[0];
  std::optional<SmallVector<Value>> listed = b.listed(node.getInputs()[1]);
  if (!listed)
    return node.emitNodeError("requires a size of known length");
  int64_t rank = static_cast<int64_t>(listed->size()) - 2;
  if (typeOf(theta).getRank() != 3 || rank < 1 ||
      typeOf(theta).getDimSize(1) != rank ||
      typeOf(theta).getDimSize(2) != rank + 1)
    return node.emitNodeError("requires a size of N, C and the spatial sizes, "
                              "and a theta that fits them");
  SmallVector<OpFoldResult> sizes = {b.size(theta, 0)};
  SmallVector<Value> lengths;
  for (Value size : ArrayRef(*listed).drop_front(2)) {
    sizes.push_back(b.requireSize(node, size));
    lengths.push_back(b.toIndex(sizes.back()));
  }
  if (failed(b.requireEqual(node, sizes[0], b.asSize(listed->front()),
                            "numbers of images")))
    return failure();
  sizes.push_back(b.getIndexAttr(rank));
  bool align = node.getInt("align_corners", 0) != 0;
  auto body = [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> ivs) -> Value {
    Scalar s(inner.getLoc(), inner, node);
    auto factor = [&](int64_t column) -> Value {
      Value at = arith::ConstantIndexOp::create(s, column);
      return tensor::ExtractOp::create(s, theta,
                                       ValueRange{ivs[0], ivs.back(), at});
    };
    Value total = factor(rank), one = s.number(total, 1);
    for (int64_t dim = 0; dim < rank; ++dim) {
      Value length = toFloat(s, total, lengths[dim]);
      Value place = toFloat(s, total, ivs[1 + dim]);
      Value twice = arith::AddFOp::create(s, place, place);
      // -1 + 2 i / (n - 1), or the middles of n parts.
      Value steps = align ? arith::SubFOp::create(s, length, one) : length;
      if (!align)
        twice = arith::AddFOp::create(s, twice, one);
      Value x =
          arith::SubFOp::create(s, arith::DivFOp::create(s, twice, steps), one);
      Value single = arith::CmpFOp::create(s, arith::CmpFPredicate::OEQ, steps,
                                           s.number(total, 0));
      x = arith::SelectOp::create(s, single, s.number(total, -1), x);
      // Theta's first column goes with the last dimension.
      total = arith::AddFOp::create(
          s, total, arith::MulFOp::create(s, factor(rank - 1 - dim), x));
    }
    return total;
  };
  b.replace(node, b.compute(sizes, elementOf(theta), body));
  return success();
}

void addGridSample(LoweringTable &table) {
  table.compute("AffineGrid", lowerAffineGrid);
  table.compute("GridSample", lowerGridSample);
}

} // namespace attune
