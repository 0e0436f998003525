// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Convolution.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// What each window sees, side by side: [batch, positions.., groups, channels
/// of a group, kernel..]. Where windows do not overlap this only reorders.
static Value windowsOf(Lowering &b, Value padded, const Windows &windows,
                       int64_t groups) {
  SmallVector<OpFoldResult> all = b.sizes(padded);
  int64_t rank = windows.rank(), channels = *getConstantIntValue(all[1]);
  int64_t loops = 3 + 2 * rank, own = channels / groups;
  SmallVector<OpFoldResult> sizes = {all[0]};
  llvm::append_range(sizes, windows.counts);
  sizes.append({b.getIndexAttr(groups), b.getIndexAttr(own)});
  for (int64_t size : windows.kernel)
    sizes.push_back(b.getIndexAttr(size));
  AffineExpr group = b.getAffineDimExpr(1 + rank);
  AffineExpr channel = b.getAffineDimExpr(2 + rank);
  SmallVector<AffineExpr> exprs = {b.getAffineDimExpr(0),
                                   group * own + channel};
  for (int64_t dim = 0; dim < rank; ++dim)
    exprs.push_back(
        windows.place(b.getContext(), dim, 1 + dim, 3 + rank + dim));
  return b.generic(
      padded,
      {AffineMap::get(loops, 0, exprs, b.getContext()),
       b.getMultiDimIdentityMap(loops)},
      b.empty(sizes, elementOf(padded)),
      SmallVector<utils::IteratorType>(loops, utils::IteratorType::parallel),
      [](OpBuilder &, Location, ValueRange x) { return x[0]; });
}

/// [groups, batch, positions, channels of a group] = windows x weights.
static Value multiply(Lowering &b, Value seen, Value weight,
                      OpFoldResult positions, int64_t groups) {
  SmallVector<OpFoldResult> s = b.sizes(seen), w = b.sizes(weight);
  OpFoldResult depth = b.product(ArrayRef(w).drop_front(1));
  int64_t columns = *getConstantIntValue(w[0]) / groups;
  AffineExpr g, n, p, c, k;
  bindDims(b.getContext(), g, n, p, c, k);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(5, 0, exprs, b.getContext());
  };
  if (groups == 1) {
    // A constant matrix on the right side can be packed; so no group there.
    AffineExpr d[4];
    bindDimsList(b.getContext(), MutableArrayRef<AffineExpr>(d));
    auto flat = [&](ArrayRef<AffineExpr> exprs) {
      return AffineMap::get(4, 0, exprs, b.getContext());
    };
    Value product =
        contract(b, b.reshape(seen, {s[0], positions, depth}),
                 b.reshape(weight, {w[0], depth}), flat({d[0], d[1], d[3]}),
                 flat({d[2], d[3]}), {s[0], positions, w[0]});
    return b.reshape(product, {b.getIndexAttr(1), s[0], positions, w[0]});
  }
  OpFoldResult count = b.getIndexAttr(groups), own = b.getIndexAttr(columns);
  return contract(b, b.reshape(seen, {s[0], positions, count, depth}),
                  b.reshape(weight, {count, own, depth}), map({n, p, g, k}),
                  map({g, c, k}), {count, s[0], positions, own});
}

Value multiplySeen(Lowering &b, Value seen, Value weight,
                   ArrayRef<OpFoldResult> positions, int64_t groups) {
  Value product = multiply(b, seen, weight, b.product(positions), groups);
  // [g, n, p, c] -> [n, g, c, p]
  Value ordered = b.transpose(product, {1, 0, 3, 2});
  SmallVector<OpFoldResult> sizes = {b.size(seen, 0), b.size(weight, 0)};
  llvm::append_range(sizes, positions);
  return b.reshape(ordered, sizes);
}

/// Neighbouring positions are computed together.
Value multiplyDirectly(Lowering &b, Value padded, Value weight,
                       const Windows &windows, int64_t groups) {
  WindowLoops inner(windows);
  RankedTensorType type = typeOf(weight);
  int64_t own = type.getDimSize(1), columns = type.getDimSize(0) / groups;
  // One loop more: over the channels of a group, before those of a window.
  unsigned loops = inner.count() + 1, split = inner.inside(0);
  auto loop = [&](unsigned old) {
    return b.getAffineDimExpr(old < split ? old : old + 1);
  };
  AffineExpr within = b.getAffineDimExpr(split);
  SmallVector<AffineExpr> from = {loop(0),
                                  loop(1).floorDiv(columns) * own + within};
  SmallVector<AffineExpr> by = {loop(1), within}, to = {loop(0), loop(1)};
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  iterators[split] = utils::IteratorType::reduction;
  for (int64_t dim = 0; dim < windows.rank(); ++dim) {
    from.push_back(loop(inner.position(dim)) * windows.strides[dim] +
                   loop(inner.inside(dim)) * windows.dilations[dim]);
    by.push_back(loop(inner.inside(dim)));
    to.push_back(loop(inner.position(dim)));
    iterators[inner.inside(dim) + 1] = utils::IteratorType::reduction;
  }
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(loops, 0, exprs, b.getContext());
  };
  SmallVector<OpFoldResult> sizes = {b.size(padded, 0), b.size(weight, 0)};
  llvm::append_range(sizes, windows.counts);
  return b.generic(
      {padded, weight}, {map(from), map(by), map(to)},
      b.fill(sizes, b.constant(elementOf(padded), 0)), iterators,
      [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        if (!isFloat(x[0]))
          return arith::AddIOp::create(
              b, loc, x[2], arith::MulIOp::create(b, loc, x[0], x[1]));
        auto fused = arith::FastMathFlags::contract;
        Value product = arith::MulFOp::create(b, loc, x[0], x[1], fused);
        return arith::AddFOp::create(b, loc, x[2], product, fused);
      });
}

LogicalResult checkWeights(onnx::NodeOp node, Value input, Value weight) {
  RankedTensorType type = typeOf(weight);
  int64_t groups = node.getInt("group", 1);
  if (!type.hasStaticShape() || groups < 1 ||
      type.getDimSize(0) % groups != 0 ||
      typeOf(input).getDimSize(1) != type.getDimSize(1) * groups)
    return node.emitNodeError("requires weights of constant sizes that fit the "
                              "channels and groups");
  std::optional<SmallVector<int64_t>> kernel = node.getInts("kernel_shape");
  if (kernel && ArrayRef<int64_t>(*kernel) != type.getShape().drop_front(2))
    return node.emitNodeError("requires a kernel_shape that is the weights'");
  return success();
}

LogicalResult finishConvolution(onnx::NodeOp node, Lowering &b, Value result,
                                unsigned index) {
  if (node.hasInput(index)) {
    SmallVector<OpFoldResult> column(typeOf(result).getRank() - 1,
                                     b.getIndexAttr(1));
    column.front() = b.size(result, 1);
    Value bias = b.reshape(node.getInput(index), column);
    result =
        b.elementwise(node, {result, bias}, elementOf(result),
                      [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                        return arith::AddFOp::create(b, loc, x[0], x[1]);
                      });
    if (!result)
      return failure();
  }
  b.replace(node, result);
  return success();
}

static LogicalResult lowerConv(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], weight = node.getInputs()[1];
  if (failed(checkWeights(node, input, weight)))
    return failure();
  RankedTensorType type = typeOf(weight);
  int64_t groups = node.getInt("group", 1);
  FailureOr<Windows> windows =
      Windows::of(node, b, input, type.getShape().drop_front(2));
  if (failed(windows))
    return failure();
  Value padded = windows->pad(b, input, b.constant(elementOf(input), 0));
  bool isThin = groups > 1 &&
                (type.getDimSize(1) == 1 || type.getDimSize(0) / groups <= 4);
  Value result = isThin
                     ? multiplyDirectly(b, padded, weight, *windows, groups)
                     : multiplySeen(b, windowsOf(b, padded, *windows, groups),
                                    weight, windows->counts, groups);
  return finishConvolution(node, b, result, 2);
}

void addConvolution(LoweringTable &table) { table.compute("Conv", lowerConv); }

} // namespace attune
