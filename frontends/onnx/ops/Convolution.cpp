// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Windows.h"
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
                      const Windows &windows, int64_t groups) {
  SmallVector<OpFoldResult> s = b.sizes(seen), w = b.sizes(weight);
  OpFoldResult positions = b.product(windows.counts);
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

static LogicalResult lowerConv(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], weight = node.getInputs()[1];
  RankedTensorType type = typeOf(weight);
  int64_t groups = node.getInt("group", 1);
  if (!type.hasStaticShape() || groups < 1 ||
      type.getDimSize(0) % groups != 0 ||
      typeOf(input).getDimSize(1) != type.getDimSize(1) * groups)
    return node.emitNodeError("requires weights of constant sizes that fit the "
                              "channels and groups");
  FailureOr<Windows> windows =
      Windows::of(node, b, input, type.getShape().drop_front(2));
  if (failed(windows))
    return failure();
  Value padded = windows->pad(b, input, b.constant(elementOf(input), 0));
  Value seen = windowsOf(b, padded, *windows, groups);
  Value product = multiply(b, seen, weight, *windows, groups);
  OpFoldResult batch = b.size(input, 0);
  int64_t channels = type.getDimSize(0);
  // [g, n, p, c] -> [n, g, c, p]
  Value ordered = b.transpose(product, {1, 0, 3, 2});
  SmallVector<OpFoldResult> sizes = {batch, b.getIndexAttr(channels)};
  llvm::append_range(sizes, windows->counts);
  Value result = b.reshape(ordered, sizes);
  if (node.hasInput(2)) {
    SmallVector<OpFoldResult> column(sizes.size() - 1, b.getIndexAttr(1));
    column.front() = b.getIndexAttr(channels);
    result = b.elementwise(
        node, {result, b.reshape(node.getInput(2), column)}, elementOf(input),
        [](OpBuilder &b, Location loc, ValueRange x) -> Value {
          return arith::AddFOp::create(b, loc, x[0], x[1]);
        });
    if (!result)
      return failure();
  }
  b.replace(node, result);
  return success();
}

void addConvolution(LoweringTable &table) { table.compute("Conv", lowerConv); }

} // namespace attune
