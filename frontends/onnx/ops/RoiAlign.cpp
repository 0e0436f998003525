// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Regions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

/// Samples of a bin along one dimension; more would be a run without end.
constexpr int64_t mostSamples = 1 << 14;

namespace {

/// The samples of one region along one dimension.
struct Extent {
  Value start, bin; // where the region starts, and the size of a bin
  Value samples;    // how many samples a bin has, as an index
};

/// Averages or maxima of samples between pixels.
struct RoiAlign {
  RoiAlign(onnx::NodeOp node, Lowering &b);

  Extent extentOf(Scalar &s, Value region, int64_t dim) const;
  /// The place of a sample in pixels.
  Value placeOf(Scalar &s, const Extent &extent, Value bin, Value sample) const;
  Value sampleAt(Scalar &s, Value image, Value channel,
                 ArrayRef<Value> place) const;
  Value poolBin(Scalar &s, ArrayRef<Value> ivs) const;

  onnx::NodeOp node;
  Value images, regions, batch;
  double scale;
  int64_t bins[2], ratio;
  bool isHalfPixel, isMax;
  Value sizes[2]; // height and width of the images
};

} // namespace

RoiAlign::RoiAlign(onnx::NodeOp node, Lowering &b)
    : node(node), images(node.getInputs()[0]), regions(node.getInputs()[1]),
      batch(node.getInputs()[2]), scale(node.getFloat("spatial_scale", 1)),
      bins{node.getInt("output_height", 1), node.getInt("output_width", 1)},
      ratio(node.getInt("sampling_ratio", 0)),
      isHalfPixel(node.getVersion() >= 16 &&
                  node.getString("coordinate_transformation_mode",
                                 "half_pixel") == "half_pixel"),
      isMax(node.getString("mode", "avg") == "max") {
  for (int64_t dim : {0, 1})
    sizes[dim] = b.toIndex(b.size(images, 2 + dim));
}

Extent RoiAlign::extentOf(Scalar &s, Value region, int64_t dim) const {
  // A region is x1, y1, x2, y2.
  auto corner = [&](int64_t column) -> Value {
    Value given = readAt(s, regions, region, column);
    Value scaled = arith::MulFOp::create(s, given, s.number(given, scale));
    return arith::SubFOp::create(s, scaled,
                                 s.number(given, isHalfPixel ? 0.5 : 0));
  };
  Value start = corner(1 - dim), end = corner(3 - dim);
  Value length = arith::SubFOp::create(s, end, start);
  if (!isHalfPixel)
    length = arith::MaximumFOp::create(s, length, s.number(length, 1));
  Value count = s.number(length, static_cast<double>(bins[dim]));
  Value bin = arith::DivFOp::create(s, length, count);
  Value samples = arith::ConstantIndexOp::create(s, ratio);
  if (ratio == 0) {
    Value none = arith::ConstantIndexOp::create(s, 0);
    Value all = toIndex(s, math::CeilOp::create(s, bin));
    samples = arith::MaxSIOp::create(s, all, none);
  }
  return {start, bin, samples};
}

Value RoiAlign::placeOf(Scalar &s, const Extent &extent, Value bin,
                        Value sample) const {
  Value first =
      arith::MulFOp::create(s, toFloat(s, extent.bin, bin), extent.bin);
  Value middle = arith::AddFOp::create(s, toFloat(s, extent.bin, sample),
                                       s.number(extent.bin, 0.5));
  Value inside =
      arith::DivFOp::create(s, arith::MulFOp::create(s, middle, extent.bin),
                            toFloat(s, extent.bin, extent.samples));
  return arith::AddFOp::create(s, arith::AddFOp::create(s, extent.start, first),
                               inside);
}

/// The interpolated value, or, for maxima, the largest of the four weighted
/// pixels; 0 where the place is a pixel or more beyond the image.
Value RoiAlign::sampleAt(Scalar &s, Value image, Value channel,
                         ArrayRef<Value> place) const {
  Value inside = arith::ConstantIntOp::create(s, 1, 1);
  Value pixels[2][2], weights[2][2];
  for (int64_t dim : {0, 1}) {
    Value x = place[dim], zero = s.number(x, 0);
    Value size = toFloat(s, x, sizes[dim]);
    Value last = arith::SubFOp::create(s, size, s.number(x, 1));
    for (Value fits :
         {arith::CmpFOp::create(s, CmpFPredicate::OGE, x, s.number(x, -1))
              .getResult(),
          arith::CmpFOp::create(s, CmpFPredicate::OLE, x, size).getResult()})
      inside = arith::AndIOp::create(s, inside, fits);
    x = arith::MinNumFOp::create(s, arith::MaxNumFOp::create(s, x, zero), last);
    Value floor = math::FloorOp::create(s, x);
    Value low = toIndex(s, floor), one = arith::ConstantIndexOp::create(s, 1);
    Value end = arith::SubIOp::create(s, sizes[dim], one);
    pixels[dim][0] = low;
    pixels[dim][1] =
        arith::MinSIOp::create(s, arith::AddIOp::create(s, low, one), end);
    weights[dim][1] = arith::SubFOp::create(s, x, floor);
    weights[dim][0] = arith::SubFOp::create(s, s.number(x, 1), weights[dim][1]);
  }
  Value total;
  for (int row : {0, 1})
    for (int column : {0, 1}) {
      Value pixel = tensor::ExtractOp::create(
          s, images,
          ValueRange{image, channel, pixels[0][row], pixels[1][column]});
      Value weight =
          arith::MulFOp::create(s, weights[0][row], weights[1][column]);
      Value part = arith::MulFOp::create(s, weight, pixel);
      if (!total)
        total = part;
      else if (isMax)
        total = arith::MaximumFOp::create(s, total, part);
      else
        total = arith::AddFOp::create(s, total, part);
    }
  return arith::SelectOp::create(s, inside, total, s.number(total, 0));
}

/// `ivs` are region, channel, row and column of the result.
Value RoiAlign::poolBin(Scalar &s, ArrayRef<Value> ivs) const {
  Value image = arith::IndexCastOp::create(
      s, s.getIndexType(), tensor::ExtractOp::create(s, batch, ivs[0]));
  Extent rows = extentOf(s, ivs[0], 0), columns = extentOf(s, ivs[0], 1);
  Value zero = arith::ConstantIndexOp::create(s, 0);
  Value one = arith::ConstantIndexOp::create(s, 1);
  Value none = s.number(rows.start, 0);
  Value lowest = s.number(none, -std::numeric_limits<double>::infinity());
  Value count = arith::MulIOp::create(s, rows.samples, columns.samples);
  auto loop = scf::ForOp::create(
      s, zero, count, one, isMax ? lowest : none,
      [&](OpBuilder &inner, Location loc, Value sample, ValueRange carried) {
        Scalar s(loc, inner, node);
        Value row = arith::DivUIOp::create(s, sample, columns.samples);
        Value column = arith::RemUIOp::create(s, sample, columns.samples);
        Value place[] = {placeOf(s, rows, ivs[2], row),
                         placeOf(s, columns, ivs[3], column)};
        Value value = sampleAt(s, image, ivs[1], place), total = carried[0];
        if (isMax)
          total = arith::MaximumFOp::create(s, total, value);
        else
          total = arith::AddFOp::create(s, total, value);
        scf::YieldOp::create(s, total);
      });
  Value some = arith::CmpIOp::create(s, CmpIPredicate::sgt, count, zero);
  Value result = loop.getResult(0);
  if (!isMax)
    result = arith::DivFOp::create(s, result, toFloat(s, none, count));
  return arith::SelectOp::create(s, some, result, none);
}

LogicalResult lowerRoiAlign(onnx::NodeOp node, Lowering &b) {
  if (failed(checkRegions(node, b, 4)))
    return failure();
  RoiAlign align(node, b);
  StringRef mode = node.getString("mode", "avg");
  StringRef transformation =
      node.getString("coordinate_transformation_mode", "half_pixel");
  if (transformation != "half_pixel" && transformation != "output_half_pixel")
    return node.emitNodeError("requires a coordinate_transformation_mode of "
                              "half_pixel or output_half_pixel");
  if ((mode != "avg" && mode != "max") || align.ratio < 0 ||
      align.ratio > mostSamples || align.bins[0] < 1 || align.bins[1] < 1)
    return node.emitNodeError("requires a mode of avg or max, positive sizes "
                              "of the output and a sampling_ratio from 0 to ")
           << mostSamples;
  OpFoldResult count = b.size(align.regions, 0);
  if (typeOf(align.batch).getRank() != 1 ||
      failed(b.requireEqual(node, b.size(align.batch, 0), count,
                            "numbers of regions and of batch_indices")))
    return failure();
  Value limit = b.toIndex(b.size(align.images, 0));
  requireAll(
      node, b, count,
      [&](Scalar &s, Value region) -> Value {
        Value image = arith::IndexCastOp::create(
            s, s.getIndexType(),
            tensor::ExtractOp::create(s, align.batch, region));
        // Unsigned: negative ones are large.
        return arith::CmpIOp::create(s, CmpIPredicate::ult, image, limit);
      },
      "a batch index is out of range");
  if (align.ratio == 0)
    requireAll(
        node, b, count,
        [&](Scalar &s, Value region) -> Value {
          Value fits[2];
          for (int64_t dim : {0, 1}) {
            Value bin = align.extentOf(s, region, dim).bin;
            fits[dim] = arith::CmpFOp::create(
                s, CmpFPredicate::OLE, bin,
                s.number(bin, static_cast<double>(mostSamples)));
          }
          return arith::AndIOp::create(s, fits[0], fits[1]);
        },
        "a region is too large or not a number");
  b.replace(
      node,
      b.compute({count, b.size(align.images, 1), b.getIndexAttr(align.bins[0]),
                 b.getIndexAttr(align.bins[1])},
                elementOf(align.images),
                [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> ivs) {
                  Scalar s(inner.getLoc(), inner, node);
                  return align.poolBin(s, ivs);
                }));
  return success();
}

} // namespace attune
