// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// Elements of a list of sizes, picked by constant indices.
static bool gatherElements(onnx::NodeOp node, Lowering &b) {
  std::optional<SmallVector<Value>> list = b.elements(node.getInputs()[0]);
  std::optional<SmallVector<int64_t>> indices = b.integers(node.getInputs()[1]);
  auto type = typeOf(node.getOutputs()[0]);
  if (!list || !indices || !Lowering::isSmall(type))
    return false;
  SmallVector<Value> picked;
  int64_t count = list->size();
  for (int64_t index : *indices) {
    index = fromEnd(index, count);
    if (index < 0 || index >= count)
      return false;
    picked.push_back((*list)[index]);
  }
  b.replace(node, b.fromElements(type, picked));
  return true;
}

static LogicalResult lowerGather(onnx::NodeOp node, Lowering &b) {
  if (gatherElements(node, b))
    return success();
  Value data = node.getInputs()[0], indices = node.getInputs()[1];
  int64_t rank = typeOf(data).getRank(), axis = axisOf(node, rank);
  int64_t indexRank = typeOf(indices).getRank();
  OpFoldResult limit = b.size(data, axis);
  b.checkIndices(node, indices, limit);
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim != axis) {
      sizes.push_back(b.size(data, dim));
      continue;
    }
    for (int64_t own = 0; own < indexRank; ++own) {
      exprs.push_back(b.getAffineDimExpr(axis + own));
      sizes.push_back(b.size(indices, own));
    }
  }
  int64_t loops = sizes.size();
  Value bound = b.toIndex(limit);
  Value result = b.generic(
      indices,
      {AffineMap::get(loops, 0, exprs, b.getContext()),
       b.getMultiDimIdentityMap(loops)},
      b.empty(sizes, elementOf(data)),
      SmallVector<utils::IteratorType>(loops, utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder b(loc, inner);
        SmallVector<Value> at;
        for (int64_t dim = 0; dim < rank; ++dim) {
          int64_t loop = dim < axis ? dim : dim + indexRank - 1;
          at.push_back(dim == axis
                           ? wrapIndex(b, x[0], bound)
                           : linalg::IndexOp::create(b, loop).getResult());
        }
        return tensor::ExtractOp::create(b, data, at);
      });
  b.replace(node, result);
  return success();
}

LogicalResult checkSmaller(onnx::NodeOp node, Lowering &b, Value indices,
                           Value data, int64_t axis) {
  for (int64_t dim = 0; dim < typeOf(data).getRank(); ++dim) {
    OpFoldResult own = b.size(indices, dim), limit = b.size(data, dim);
    std::optional<int64_t> o = getConstantIntValue(own);
    std::optional<int64_t> l = getConstantIntValue(limit);
    if (dim == axis || own == limit || (o && l && *o <= *l))
      continue;
    if (o && l)
      return node.emitNodeError("requires indices no larger than the data, but "
                                "got sizes ")
             << *o << " and " << *l << " at dimension " << dim;
    b.require(node,
              arith::CmpIOp::create(b, arith::CmpIPredicate::ule,
                                    b.toIndex(own), b.toIndex(limit)),
              "the indices must not be larger than the data");
  }
  return success();
}

static LogicalResult lowerGatherElements(onnx::NodeOp node, Lowering &b) {
  Value data = node.getInputs()[0], indices = node.getInputs()[1];
  int64_t axis = axisOf(node, typeOf(data).getRank());
  if (failed(checkSmaller(node, b, indices, data, axis)))
    return failure();
  OpFoldResult limit = b.size(data, axis);
  b.checkIndices(node, indices, limit);
  Value bound = b.toIndex(limit);
  b.replace(
      node,
      b.compute(b.sizes(indices), elementOf(data),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                  Value found = tensor::ExtractOp::create(b, indices, ivs);
                  SmallVector<Value> at(ivs);
                  at[axis] = wrapIndex(b, found, bound);
                  return tensor::ExtractOp::create(b, data, at).getResult();
                }));
  return success();
}

static LogicalResult lowerGatherND(onnx::NodeOp node, Lowering &b) {
  Value data = node.getInputs()[0], indices = node.getInputs()[1];
  int64_t batch = node.getInt("batch_dims", 0);
  RankedTensorType type = typeOf(indices);
  int64_t last = type.getRank() - 1, depth = type.getDimSize(last);
  if (ShapedType::isDynamic(depth))
    return node.emitNodeError("requires indices whose last size is constant");
  SmallVector<OpFoldResult> all = b.sizes(data), sizes, limits;
  for (int64_t dim = 0; dim < last; ++dim)
    sizes.push_back(b.size(indices, dim));
  for (int64_t dim = 0; dim < batch; ++dim)
    if (failed(b.requireEqual(node, sizes[dim], all[dim], "batch sizes")))
      return failure();
  SmallVector<Value> bounds;
  for (int64_t dim = batch; dim < batch + depth; ++dim) {
    limits.push_back(all[dim]);
    bounds.push_back(b.toIndex(all[dim]));
  }
  for (size_t dim = batch + depth; dim < all.size(); ++dim)
    sizes.push_back(all[dim]);
  if (depth > 0)
    b.checkIndices(node, indices, limits);
  b.replace(
      node,
      b.compute(sizes, elementOf(data),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                  SmallVector<Value> at(ivs.take_front(batch));
                  SmallVector<Value> where(ivs.take_front(last));
                  where.push_back({});
                  for (auto [k, bound] : llvm::enumerate(bounds)) {
                    where[last] = arith::ConstantIndexOp::create(b, k);
                    at.push_back(wrapIndex(
                        b, tensor::ExtractOp::create(b, indices, where),
                        bound));
                  }
                  llvm::append_range(at, ivs.drop_front(last));
                  return tensor::ExtractOp::create(b, data, at).getResult();
                }));
  return success();
}

void addGather(LoweringTable &table) {
  table.move("Gather", lowerGather);
  table.move("GatherElements", lowerGatherElements);
  table.move("GatherND", lowerGatherND);
}

} // namespace attune
