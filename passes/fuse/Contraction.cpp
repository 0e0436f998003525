// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/fuse/Contraction.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/LinalgInterfaces.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {

static bool startsAtZero(Value init) {
  auto fill = init.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.value(), m_AnyZeroFloat());
}

static bool allF32(linalg::LinalgOp op) {
  return llvm::all_of(op->getOperandTypes(), [](Type type) {
    return cast<ShapedType>(type).getElementType().isF32();
  });
}

/// The dimensions of `map`, which has nothing else, that are in `wanted`.
static SmallVector<unsigned> inOrderOf(AffineMap map,
                                       ArrayRef<unsigned> wanted) {
  SmallVector<unsigned> ordered;
  for (AffineExpr result : map.getResults()) {
    unsigned dim = cast<AffineDimExpr>(result).getPosition();
    if (llvm::is_contained(wanted, dim))
      ordered.push_back(dim);
  }
  return ordered;
}

FailureOr<Contraction> Contraction::match(linalg::LinalgOp op) {
  if (!linalg::isaContractionOpInterface(op) || !op.hasPureTensorSemantics() ||
      !allF32(op) || !startsAtZero(op.getDpsInitOperand(0)->get()))
    return failure();
  FailureOr<linalg::ContractionDimensions> dims =
      linalg::inferContractionDims(op);
  if (failed(dims) || dims->k.empty())
    return failure();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (AffineMap map : maps)
    if (!map.isProjectedPermutation())
      return failure();
  Contraction found;
  found.op = op;
  found.batch = inOrderOf(maps[2], dims->batch);
  found.m = inOrderOf(maps[2], dims->m);
  found.n = inOrderOf(maps[2], dims->n);
  found.k = inOrderOf(maps[0], dims->k);
  SmallVector<unsigned> expected(found.batch);
  llvm::append_range(expected, found.m);
  llvm::append_range(expected, found.n);
  SmallVector<unsigned> all;
  for (AffineExpr result : maps[2].getResults())
    all.push_back(cast<AffineDimExpr>(result).getPosition());
  if (all != expected)
    return failure();
  return found;
}

static SmallVector<ReassociationIndices>
reassociation(ArrayRef<unsigned> groups) {
  SmallVector<ReassociationIndices> indices;
  int64_t next = 0;
  for (unsigned size : groups) {
    if (size == 0)
      continue;
    ReassociationIndices &group = indices.emplace_back();
    for (unsigned i = 0; i < size; ++i)
      group.push_back(next++);
  }
  return indices;
}

/// How the dimensions that are not units stand among all groups: each real
/// dimension takes the units that follow it (the first takes leading ones).
static SmallVector<ReassociationIndices> unitGroups(ArrayRef<unsigned> groups) {
  SmallVector<ReassociationIndices> indices;
  ReassociationIndices pending;
  for (auto [position, size] : llvm::enumerate(groups)) {
    if (size > 0) {
      indices.push_back(indices.empty() ? pending : ReassociationIndices());
      pending.clear();
    }
    if (indices.empty())
      pending.push_back(position);
    else
      indices.back().push_back(position);
  }
  return indices;
}

Value regroup(OpBuilder &builder, Location loc, Value value,
              ArrayRef<unsigned> groups) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<ReassociationIndices> collapse = reassociation(groups);
  if (static_cast<int64_t>(collapse.size()) != type.getRank())
    value = tensor::CollapseShapeOp::create(builder, loc, value, collapse);
  if (collapse.size() == groups.size())
    return value;
  auto collapsed = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape;
  unsigned next = 0;
  for (unsigned size : groups)
    shape.push_back(size == 0 ? 1 : collapsed.getDimSize(next++));
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
      unitGroups(groups));
}

Value ungroup(OpBuilder &builder, Location loc, Value value,
              ArrayRef<unsigned> groups, Value like) {
  auto type = cast<RankedTensorType>(like.getType());
  SmallVector<ReassociationIndices> collapse = reassociation(groups);
  if (collapse.size() != groups.size())
    value = tensor::CollapseShapeOp::create(builder, loc, value,
                                            unitGroups(groups));
  if (static_cast<int64_t>(collapse.size()) == type.getRank())
    return value;
  auto element = cast<ShapedType>(value.getType()).getElementType();
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(type.getShape(), element), value,
      collapse, tensor::getMixedSizes(builder, loc, like));
}

Value reorder(OpBuilder &builder, Location loc, Value operand, AffineMap map,
              ArrayRef<unsigned> dims) {
  SmallVector<int64_t> permutation;
  for (unsigned dim : dims)
    permutation.push_back(
        *map.getResultPosition(getAffineDimExpr(dim, builder.getContext())));
  if (llvm::is_sorted(permutation))
    return operand;
  SmallVector<OpFoldResult> sizes;
  for (int64_t position : permutation)
    sizes.push_back(tensor::getMixedSize(builder, loc, operand, position));
  Value init = tensor::EmptyOp::create(
      builder, loc, sizes,
      cast<ShapedType>(operand.getType()).getElementType());
  return linalg::TransposeOp::create(builder, loc, operand, init, permutation)
      ->getResult(0);
}

} // namespace attune
