// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

SmallVector<AffineMap> WindowLoops::maps(MLIRContext *context) const {
  auto loop = [&](unsigned index) { return getAffineDimExpr(index, context); };
  SmallVector<AffineExpr> from = {loop(0), loop(1)}, to = from, within;
  for (int64_t dim = 0; dim < windows.rank(); ++dim) {
    from.push_back(windows.place(context, dim, position(dim), inside(dim)));
    within.push_back(loop(inside(dim)));
    to.push_back(loop(position(dim)));
  }
  SmallVector<AffineMap> all;
  for (ArrayRef<AffineExpr> exprs :
       {ArrayRef(from), ArrayRef(within), ArrayRef(to)})
    all.push_back(AffineMap::get(count(), 0, exprs, context));
  return all;
}

SmallVector<utils::IteratorType> WindowLoops::iterators() const {
  SmallVector<utils::IteratorType> all(count(), utils::IteratorType::parallel);
  for (int64_t dim = 0; dim < windows.rank(); ++dim)
    all[inside(dim)] = utils::IteratorType::reduction;
  return all;
}

/// Says how large the windows are: nothing is read.
static Value shapeOf(Lowering &b, const Windows &windows, Type element) {
  SmallVector<OpFoldResult> kernel;
  for (int64_t size : windows.kernel)
    kernel.push_back(b.getIndexAttr(size));
  return b.empty(kernel, element);
}

static SmallVector<OpFoldResult> pooledSizes(Lowering &b, Value padded,
                                             const Windows &windows) {
  SmallVector<OpFoldResult> sizes = {b.size(padded, 0), b.size(padded, 1)};
  llvm::append_range(sizes, windows.counts);
  return sizes;
}

Value pool(Lowering &b, Value padded, const Windows &windows, Value start,
           Lowering::Body body) {
  WindowLoops loops(windows);
  return b.generic({padded, shapeOf(b, windows, elementOf(padded))},
                   loops.maps(b.getContext()),
                   b.fill(pooledSizes(b, padded, windows), start),
                   loops.iterators(),
                   [&](OpBuilder &b, Location loc, ValueRange x) {
                     return body(b, loc, {x[0], x[2]});
                   });
}

Value poolSum(Lowering &b, Value padded, const Windows &windows) {
  return pool(b, padded, windows, b.constant(elementOf(padded), 0),
              [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                return arith::AddFOp::create(b, loc, x[1], x[0]);
              });
}

FailureOr<Windows> windowsOf(onnx::NodeOp node, Lowering &b) {
  std::optional<SmallVector<int64_t>> kernel = node.getInts("kernel_shape");
  if (!kernel) {
    node.emitNodeError("requires kernel_shape");
    return failure();
  }
  return Windows::of(node, b, node.getInputs()[0], *kernel);
}

/// What is below all values, or equal to the lowest.
static Value lowest(onnx::NodeOp node, Lowering &b, Type element) {
  if (isa<FloatType>(element))
    return b.constant(element, -std::numeric_limits<double>::infinity());
  unsigned width = element.getIntOrFloatBitWidth();
  APInt value = isUnsignedInput(node) ? APInt::getMinValue(width)
                                      : APInt::getSignedMinValue(width);
  return arith::ConstantOp::create(b, b.getIntegerAttr(element, value));
}

static Value larger(onnx::NodeOp node, OpBuilder &b, Location loc,
                    ValueRange x) {
  if (isFloat(x[0]))
    return arith::MaximumFOp::create(b, loc, x[1], x[0]);
  if (isUnsignedInput(node))
    return arith::MaxUIOp::create(b, loc, x[1], x[0]);
  return arith::MaxSIOp::create(b, loc, x[1], x[0]);
}

namespace {
/// Writes where the largest element of a window stands in the input.
struct PlaceWriter {
  bool columnMajor;
  const Windows &windows;
  ArrayRef<Value> low, sizes; // of the spatial dimensions
  Value channels;

  /// `x`: an element, (the window's shape,) the largest and its place so far.
  SmallVector<Value> operator()(Scalar &s, ValueRange x) const;
};
} // namespace

SmallVector<Value> PlaceWriter::operator()(Scalar &s, ValueRange x) const {
  WindowLoops loops(windows);
  auto mulAdd = [&](Value left, Value right, Value more) -> Value {
    return arith::AddIOp::create(s, arith::MulIOp::create(s, left, right),
                                 more);
  };
  Value plane = mulAdd(linalg::IndexOp::create(s, 0), channels,
                       linalg::IndexOp::create(s, 1));
  Value inside = arith::ConstantIntOp::create(s, 1, 1);
  SmallVector<Value> at;
  Value area = arith::ConstantIndexOp::create(s, 1);
  for (int64_t dim = 0; dim < windows.rank(); ++dim) {
    Value position =
        mulAdd(linalg::IndexOp::create(s, loops.position(dim)),
               arith::ConstantIndexOp::create(s, windows.strides[dim]),
               arith::MulIOp::create(
                   s, linalg::IndexOp::create(s, loops.inside(dim)),
                   arith::ConstantIndexOp::create(s, windows.dilations[dim])));
    at.push_back(arith::SubIOp::create(s, position, low[dim]));
    // Unsigned: positions before the input are large.
    Value within = arith::CmpIOp::create(s, arith::CmpIPredicate::ult,
                                         at.back(), sizes[dim]);
    inside = arith::AndIOp::create(s, inside, within);
    area = arith::MulIOp::create(s, area, sizes[dim]);
  }
  Value place = arith::ConstantIndexOp::create(s, 0);
  for (int64_t i = 0; i < windows.rank(); ++i) {
    int64_t dim = columnMajor ? windows.rank() - 1 - i : i;
    place = mulAdd(place, sizes[dim], at[dim]);
  }
  place =
      arith::IndexCastOp::create(s, s.getI64Type(), mulAdd(plane, area, place));
  Value first = arith::CmpIOp::create(s, arith::CmpIPredicate::slt, x[3],
                                      s.number(x[3], 0));
  Value better =
      arith::OrIOp::create(s, first, isBetter(s, x[0], x[2], /*largest=*/true));
  better = arith::AndIOp::create(s, better, inside);
  return {arith::SelectOp::create(s, better, x[0], x[2]),
          arith::SelectOp::create(s, better, place, x[3])};
}

/// The largest elements and where they stand.
static std::pair<Value, Value> poolWithPlaces(onnx::NodeOp node, Lowering &b,
                                              Value input,
                                              const Windows &windows) {
  Type element = elementOf(input);
  Value start = lowest(node, b, element);
  Value padded = windows.pad(b, input, start);
  SmallVector<OpFoldResult> result = pooledSizes(b, padded, windows);
  SmallVector<Value> low, sizes;
  for (int64_t dim = 0; dim < windows.rank(); ++dim) {
    low.push_back(b.toIndex(windows.low[dim]));
    sizes.push_back(b.toIndex(b.size(input, dim + 2)));
  }
  PlaceWriter writer{node.getInt("storage_order", 0) != 0, windows, low, sizes,
                     b.toIndex(b.size(input, 1))};
  WindowLoops loops(windows);
  SmallVector<AffineMap> maps = loops.maps(b.getContext());
  maps.push_back(maps.back());
  Value values = b.fill(result, start);
  // -1 stands for nothing seen yet.
  Value places = b.fill(result, b.constant(b.getI64Type(), -1));
  auto op = linalg::GenericOp::create(
      b, TypeRange{values.getType(), places.getType()},
      ValueRange{padded, shapeOf(b, windows, element)},
      ValueRange{values, places}, maps, loops.iterators(),
      [&](OpBuilder &inner, Location loc, ValueRange x) {
        Scalar s(loc, inner, node);
        linalg::YieldOp::create(s, writer(s, x));
      });
  return {op.getResult(0), op.getResult(1)};
}

static LogicalResult lowerMaxPool(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  FailureOr<Windows> windows = windowsOf(node, b);
  if (failed(windows))
    return failure();
  if (node.getOutputs().size() > 1 &&
      !isa<NoneType>(node.getOutputs()[1].getType())) {
    auto [values, places] = poolWithPlaces(node, b, input, *windows);
    b.replace(node, values, 0);
    b.replace(node, places, 1);
    return success();
  }
  Value start = lowest(node, b, elementOf(input));
  b.replace(node, pool(b, windows->pad(b, input, start), *windows, start,
                       [&](OpBuilder &b, Location loc, ValueRange x) {
                         return larger(node, b, loc, x);
                       }));
  return success();
}

/// Sums over counts. Pads count if the file says so; what ceil_mode adds
/// beyond them does not.
static LogicalResult lowerAveragePool(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  FailureOr<Windows> windows = windowsOf(node, b);
  if (failed(windows))
    return failure();
  Type element = elementOf(input);
  Value zero = b.constant(element, 0), one = b.constant(element, 1);
  Value sums = poolSum(b, windows->pad(b, input, zero), *windows);
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  sizes[0] = sizes[1] = b.getIndexAttr(1);
  Windows beyond = *windows;
  if (node.getInt("count_include_pad", 0) != 0) {
    SmallVector<int64_t> pads = node.getInts("pads").value_or(
        SmallVector<int64_t>(2 * windows->rank(), 0));
    bool given = node.getString("auto_pad", "NOTSET") == "NOTSET";
    for (int64_t dim = 0; dim < windows->rank(); ++dim) {
      OpFoldResult high =
          given ? OpFoldResult(b.getIndexAttr(pads[dim + windows->rank()]))
                : windows->high[dim];
      Value size = b.createOrFold<arith::AddIOp>(
          b.createOrFold<arith::AddIOp>(b.toIndex(sizes[2 + dim]),
                                        b.toIndex(windows->low[dim])),
          b.toIndex(high));
      sizes[2 + dim] = getAsOpFoldResult(size);
      beyond.low[dim] = b.getIndexAttr(0);
      beyond.high[dim] = getAsOpFoldResult(b.createOrFold<arith::SubIOp>(
          b.toIndex(windows->high[dim]), b.toIndex(high)));
    }
  }
  Value ones = beyond.pad(b, b.fill(sizes, one), zero);
  Value counts = poolSum(b, ones, *windows);
  Value result =
      b.elementwise(node, {sums, counts}, element,
                    [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                      return arith::DivFOp::create(b, loc, x[0], x[1]);
                    });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

template <bool isMax>
static LogicalResult lowerGlobalPool(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  Axes axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  Value result = isMax
                     ? maximum(b, input, axes)
                     : divide(b, sum(b, input, axes), countOf(b, input, axes));
  b.replace(node, keepDims(b, result, axes, rank));
  return success();
}

void addPooling(LoweringTable &table) {
  table.compute("AveragePool", lowerAveragePool);
  table.compute("GlobalAveragePool", lowerGlobalPool<false>);
  table.compute("GlobalMaxPool", lowerGlobalPool<true>);
  table.compute("MaxPool", lowerMaxPool);
}

} // namespace attune
