// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Regions.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

namespace {
/// The pixels [begin, end) of one bin along one dimension.
struct Span {
  Value begin, end;
};
} // namespace

/// Corners are rounded to pixels; a region has at least one.
static Span spanOf(Scalar &s, Value first, Value last, Value bin, int64_t bins,
                   Value size) {
  Value start = math::RoundOp::create(s, first);
  Value length = arith::AddFOp::create(
      s, arith::SubFOp::create(s, math::RoundOp::create(s, last), start),
      s.number(start, 1));
  length = arith::MaximumFOp::create(s, length, s.number(length, 1));
  Value step = arith::DivFOp::create(
      s, length, s.number(length, static_cast<double>(bins)));
  Value low = arith::MulFOp::create(s, toFloat(s, step, bin), step);
  Value one = arith::ConstantIndexOp::create(s, 1);
  Value next = arith::AddIOp::create(s, bin, one);
  Value high = arith::MulFOp::create(s, toFloat(s, step, next), step);
  auto clamp = [&](Value place) -> Value {
    Value moved = arith::AddFOp::create(s, place, start);
    Value zero = s.number(moved, 0), end = toFloat(s, moved, size);
    return toIndex(s, arith::MinNumFOp::create(
                          s, arith::MaxNumFOp::create(s, moved, zero), end));
  };
  return {clamp(math::FloorOp::create(s, low)),
          clamp(math::CeilOp::create(s, high))};
}

/// The largest pixel of a bin, or 0 where there is none.
static Value largestOf(Scalar &s, Value images, ArrayRef<Value> lead,
                       const Span &rows, const Span &columns) {
  Value zero = arith::ConstantIndexOp::create(s, 0);
  Value one = arith::ConstantIndexOp::create(s, 1);
  Type element = elementOf(images);
  Value none = arith::ConstantOp::create(s, s.getZeroAttr(element));
  Value lowest = s.number(none, -std::numeric_limits<double>::infinity());
  Value width = arith::MaxSIOp::create(
      s, arith::SubIOp::create(s, columns.end, columns.begin), zero);
  Value height = arith::MaxSIOp::create(
      s, arith::SubIOp::create(s, rows.end, rows.begin), zero);
  Value count = arith::MulIOp::create(s, width, height);
  onnx::NodeOp node = s.node;
  auto loop = scf::ForOp::create(
      s, zero, count, one, lowest,
      [&](OpBuilder &inner, Location loc, Value at, ValueRange carried) {
        Scalar s(loc, inner, node);
        Value row = arith::AddIOp::create(s, rows.begin,
                                          arith::DivUIOp::create(s, at, width));
        Value column = arith::AddIOp::create(
            s, columns.begin, arith::RemUIOp::create(s, at, width));
        Value pixel = tensor::ExtractOp::create(
            s, images, ValueRange{lead[0], lead[1], row, column});
        Value larger = arith::MaximumFOp::create(s, carried[0], pixel);
        scf::YieldOp::create(s, larger);
      });
  Value some = arith::CmpIOp::create(s, CmpIPredicate::sgt, count, zero);
  return arith::SelectOp::create(s, some, loop.getResult(0), none);
}

/// A region is the image, x1, y1, x2, y2.
LogicalResult lowerMaxRoiPool(onnx::NodeOp node, Lowering &b) {
  if (failed(checkRegions(node, b, 5)))
    return failure();
  Value images = node.getInputs()[0], regions = node.getInputs()[1];
  SmallVector<int64_t> bins =
      node.getInts("pooled_shape").value_or(SmallVector<int64_t>());
  if (bins.size() != 2 || bins[0] < 1 || bins[1] < 1)
    return node.emitNodeError("requires a pooled_shape of two positive sizes");
  OpFoldResult count = b.size(regions, 0);
  Value sizes[2] = {b.toIndex(b.size(images, 2)), b.toIndex(b.size(images, 3))};
  Value limit = b.toIndex(b.size(images, 0));
  requireAll(
      node, b, count,
      [&](Scalar &s, Value region) -> Value {
        Value image = readAt(s, regions, region, 0);
        Value low = arith::CmpFOp::create(s, CmpFPredicate::OGE, image,
                                          s.number(image, 0));
        Value high = arith::CmpFOp::create(s, CmpFPredicate::OLT, image,
                                           toFloat(s, image, limit));
        return arith::AndIOp::create(s, low, high);
      },
      "a batch index is out of range");
  double scale = node.getFloat("spatial_scale", 1);
  b.replace(node,
            b.compute({count, b.size(images, 1), b.getIndexAttr(bins[0]),
                       b.getIndexAttr(bins[1])},
                      elementOf(images),
                      [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> ivs) {
                        Scalar s(inner.getLoc(), inner, node);
                        auto corner = [&](int64_t column) -> Value {
                          Value given = readAt(s, regions, ivs[0], column);
                          return arith::MulFOp::create(s, given,
                                                       s.number(given, scale));
                        };
                        Span rows = spanOf(s, corner(2), corner(4), ivs[2],
                                           bins[0], sizes[0]);
                        Span columns = spanOf(s, corner(1), corner(3), ivs[3],
                                              bins[1], sizes[1]);
                        Value image = toIndex(s, readAt(s, regions, ivs[0], 0));
                        return largestOf(s, images, {image, ivs[1]}, rows,
                                         columns);
                      }));
  return success();
}

} // namespace attune
