// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Heads.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace attune::attn {

bool agree(int64_t left, int64_t right) {
  return ShapedType::isDynamic(left) || ShapedType::isDynamic(right) ||
         left == right;
}

static bool divides(int64_t heads, int64_t queryHeads) {
  return ShapedType::isDynamic(heads) || ShapedType::isDynamic(queryHeads) ||
         (heads > 0 && queryHeads % heads == 0);
}

LogicalResult verifyLayouts(Operation *op,
                            ArrayRef<ArrayRef<int64_t>> layouts) {
  for (ArrayRef<int64_t> layout : layouts)
    if (layout.size() != 4 || !isPermutationVector(layout))
      return op->emitOpError("requires layouts that permute 0, 1, 2, 3");
  return success();
}

static LogicalResult verifyHeads(Operation *op, Heads q, Heads k, Heads v) {
  if (!agree(q.size(0), k.size(0)) || !agree(q.size(0), v.size(0)) ||
      !agree(k.size(0), v.size(0)))
    return op->emitOpError("requires equal batch sizes, but got ")
           << q.size(0) << ", " << k.size(0) << " and " << v.size(0);
  if (!divides(k.size(1), q.size(1)) || !divides(v.size(1), q.size(1)))
    return op->emitOpError(
               "requires key and value heads that divide the query's, but got ")
           << q.size(1) << ", " << k.size(1) << " and " << v.size(1);
  return success();
}

static LogicalResult verifySizes(Operation *op, Heads q, Heads k, Heads v,
                                 Heads o) {
  if (!agree(q.size(3), k.size(3)))
    return op->emitOpError("requires query and key of equal width, but got ")
           << q.size(3) << " and " << k.size(3);
  if (!agree(k.size(2), v.size(2)))
    return op->emitOpError("requires key and value of equal length, but got ")
           << k.size(2) << " and " << v.size(2);
  for (int64_t dim = 0; dim < 4; ++dim)
    if (!agree(o.size(dim), dim == 3 ? v.size(dim) : q.size(dim)))
      return op->emitOpError(
                 "requires a result of the query's batch, heads and "
                 "length and the value's width, but got ")
             << o.tensor.getType();
  return success();
}

LogicalResult verifyAttentionHeads(Operation *op, const AttentionHeads &x) {
  return failure(failed(verifyLayouts(op, {x.query.layout, x.key.layout,
                                           x.value.layout, x.result.layout})) ||
                 failed(verifyHeads(op, x.query, x.key, x.value)) ||
                 failed(verifySizes(op, x.query, x.key, x.value, x.result)));
}

SmallVector<OpFoldResult> reifyHeads(OpBuilder &builder, Location loc,
                                     Heads query, Heads value,
                                     ArrayRef<int64_t> resultLayout) {
  SmallVector<OpFoldResult> shape;
  for (int64_t dim : resultLayout) {
    Heads source = dim == 3 ? value : query;
    shape.push_back(tensor::getMixedSize(builder, loc, source.tensor,
                                         source.position(dim)));
  }
  return shape;
}

double bytesOf(ArrayRef<Value> tensors, int64_t size) {
  double total = 0;
  for (Value tensor : tensors) {
    if (!tensor)
      continue;
    auto type = cast<RankedTensorType>(tensor.getType());
    double bytes = type.getElementTypeBitWidth() / 8.0;
    for (int64_t dim : type.getShape())
      bytes *= ShapedType::isDynamic(dim) ? size : dim;
    total += bytes;
  }
  return total;
}

} // namespace attune::attn
