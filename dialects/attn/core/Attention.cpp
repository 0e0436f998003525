// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;

namespace attune::attn {

/// Where in memory logical dimension `dim` lies.
static unsigned position(ArrayRef<int64_t> layout, int64_t dim) {
  return llvm::find(layout, dim) - layout.begin();
}

int64_t AttentionOp::logicalSize(Value operand, ArrayRef<int64_t> layout,
                                 int64_t dim) {
  return cast<ShapedType>(operand.getType())
      .getDimSize(position(layout, dim));
}

static bool agree(int64_t left, int64_t right) {
  return ShapedType::isDynamic(left) || ShapedType::isDynamic(right) ||
         left == right;
}

static bool divides(int64_t heads, int64_t queryHeads) {
  return ShapedType::isDynamic(heads) || ShapedType::isDynamic(queryHeads) ||
         (heads > 0 && queryHeads % heads == 0);
}

namespace {
/// Logical sizes of one operand: batch, heads, length, width.
struct Sizes {
  Sizes(Value operand, ArrayRef<int64_t> layout) {
    for (int64_t dim = 0; dim < 4; ++dim)
      size[dim] = AttentionOp::logicalSize(operand, layout, dim);
  }
  int64_t size[4];
};
} // namespace

static LogicalResult verifyShapes(AttentionOp op) {
  Sizes q(op.getQuery(), op.getQueryLayout());
  Sizes k(op.getKey(), op.getKeyLayout());
  Sizes v(op.getValue(), op.getValueLayout());
  Sizes o(op.getResult(), op.getOutputLayout());
  // C2
  if (!agree(q.size[0], k.size[0]) || !agree(q.size[0], v.size[0]))
    return op.emitOpError("requires equal batch sizes, but got ")
           << q.size[0] << ", " << k.size[0] << " and " << v.size[0];
  if (!divides(k.size[1], q.size[1]) || !divides(v.size[1], q.size[1]))
    return op.emitOpError(
               "requires key and value heads that divide the query's, but got ")
           << q.size[1] << ", " << k.size[1] << " and " << v.size[1];
  // C3
  if (!agree(q.size[3], k.size[3]))
    return op.emitOpError("requires query and key of equal width, but got ")
           << q.size[3] << " and " << k.size[3];
  if (!agree(k.size[2], v.size[2]))
    return op.emitOpError("requires key and value of equal length, but got ")
           << k.size[2] << " and " << v.size[2];
  for (int64_t dim = 0; dim < 4; ++dim)
    if (!agree(o.size[dim], dim == 3 ? v.size[dim] : q.size[dim]))
      return op.emitOpError("requires a result of the query's batch, heads and "
                            "length and the value's width, but got ")
             << op.getType();
  return success();
}

static LogicalResult verifyRegion(AttentionOp op) {
  unsigned captures = op.getCaptures().size();
  if (op.getCaptureMaps().size() != captures)
    return op.emitOpError("requires one map for each capture, but got ")
           << op.getCaptureMaps().size() << " for " << captures;
  for (auto [map, capture] :
       llvm::zip(op.getCaptureMaps().getAsValueRange<AffineMapAttr>(),
                 op.getCaptures())) {
    auto type = cast<RankedTensorType>(capture.getType());
    if (map.getNumDims() != 4 || map.getNumResults() != type.getRank())
      return op.emitOpError("requires a map from (b,h,i,j) to ")
             << type << ", but got " << AffineMapAttr::get(map);
    for (AffineExpr result : map.getResults())
      if (!isa<AffineDimExpr, AffineConstantExpr>(result))
        return op.emitOpError("requires dimensions or zeros in ")
               << AffineMapAttr::get(map);
  }
  Block &body = op.getScore().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  if (body.getNumArguments() != captures + 1 || yield.getValues().size() != 1)
    return op.emitOpError("requires a region with ")
           << captures + 1 << " arguments that yields one score";
  return success();
}

LogicalResult AttentionOp::verify() {
  // C1
  for (ArrayRef<int64_t> layout : {getQueryLayout(), getKeyLayout(),
                                   getValueLayout(), getOutputLayout()})
    if (layout.size() != 4 || !isPermutationVector(layout))
      return emitOpError("requires layouts that permute 0, 1, 2, 3");
  if (failed(verifyShapes(*this)))
    return failure();
  // C4
  return verifyRegion(*this);
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  SmallVector<OpFoldResult> shape;
  for (int64_t dim : getOutputLayout()) {
    Value source = dim == 3 ? getValue() : getQuery();
    ArrayRef<int64_t> layout = dim == 3 ? getValueLayout() : getQueryLayout();
    shape.push_back(tensor::getMixedSize(builder, getLoc(), source,
                                         position(layout, dim)));
  }
  shapes.push_back(shape);
  return success();
}

Cost AttentionOp::getCost(int64_t size) {
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  Sizes q(getQuery(), getQueryLayout());
  Sizes v(getValue(), getValueLayout());
  double rows = known(q.size[0]) * known(q.size[1]) * known(q.size[2]);
  double keys = known(v.size[2]) * (getCausal() ? 0.5 : 1.0);
  Cost cost;
  cost.flops = 2 * rows * keys * (known(q.size[3]) + known(v.size[3]));
  for (Value operand : {getQuery(), getKey(), getValue(), getResult()}) {
    auto type = cast<RankedTensorType>(operand.getType());
    double bytes = type.getElementTypeBitWidth() / 8.0;
    for (int64_t dim : type.getShape())
      bytes *= known(dim);
    cost.bytes += bytes;
  }
  return cost;
}

} // namespace attune::attn
