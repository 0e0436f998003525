// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

/// Combines what each window sees.
static Value pool(Lowering &b, Value padded, const Windows &windows,
                  Value start, Lowering::Body body) {
  int64_t rank = windows.rank(), loops = 2 + 2 * rank;
  SmallVector<OpFoldResult> sizes = {b.size(padded, 0), b.size(padded, 1)};
  llvm::append_range(sizes, windows.counts);
  SmallVector<AffineExpr> from = {b.getAffineDimExpr(0), b.getAffineDimExpr(1)};
  SmallVector<AffineExpr> inside;
  SmallVector<OpFoldResult> kernel;
  for (int64_t dim = 0; dim < rank; ++dim) {
    from.push_back(windows.place(b.getContext(), dim, 2 + dim, 2 + rank + dim));
    inside.push_back(b.getAffineDimExpr(2 + rank + dim));
    kernel.push_back(b.getIndexAttr(windows.kernel[dim]));
  }
  SmallVector<utils::IteratorType> iterators(2 + rank,
                                             utils::IteratorType::parallel);
  iterators.append(rank, utils::IteratorType::reduction);
  // The second operand only says how large the windows are.
  Value shape = b.empty(kernel, elementOf(padded));
  return b.generic({padded, shape},
                   {AffineMap::get(loops, 0, from, b.getContext()),
                    AffineMap::get(loops, 0, inside, b.getContext()),
                    AffineMap::getMultiDimIdentityMap(loops, b.getContext())
                        .getMajorSubMap(2 + rank)},
                   b.fill(sizes, start), iterators,
                   [&](OpBuilder &b, Location loc, ValueRange x) {
                     return body(b, loc, {x[0], x[2]});
                   });
}

static FailureOr<Windows> windowsOf(onnx::NodeOp node, Lowering &b) {
  std::optional<SmallVector<int64_t>> kernel = node.getInts("kernel_shape");
  if (!kernel) {
    node.emitNodeError("requires kernel_shape");
    return failure();
  }
  return Windows::of(node, b, node.getInputs()[0], *kernel);
}

static LogicalResult lowerMaxPool(onnx::NodeOp node, Lowering &b) {
  if (node.getOutputs().size() > 1 &&
      !isa<NoneType>(node.getOutputs()[1].getType()))
    return node.emitNodeError("the output Indices is not supported");
  Value input = node.getInputs()[0];
  if (!isFloat(input))
    return node.emitNodeError("is supported on floats only");
  FailureOr<Windows> windows = windowsOf(node, b);
  if (failed(windows))
    return failure();
  Value lowest =
      b.constant(elementOf(input), -std::numeric_limits<double>::infinity());
  b.replace(node, pool(b, windows->pad(b, input, lowest), *windows, lowest,
                       [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                         return arith::MaximumFOp::create(b, loc, x[1], x[0]);
                       }));
  return success();
}

static Value addTo(OpBuilder &b, Location loc, ValueRange x) {
  return arith::AddFOp::create(b, loc, x[1], x[0]);
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
  Value sums = pool(b, windows->pad(b, input, zero), *windows, zero, addTo);
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
  Value counts = pool(b, ones, *windows, zero, addTo);
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
