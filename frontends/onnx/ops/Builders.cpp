// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {

Value Lowering::compute(ArrayRef<OpFoldResult> sizes, Type element,
                        IndexBody body) {
  int64_t rank = sizes.size();
  return generic(
      {}, getMultiDimIdentityMap(rank), empty(sizes, element),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location loc, ValueRange) {
        ImplicitLocOpBuilder b(loc, inner);
        SmallVector<Value> ivs;
        for (int64_t dim = 0; dim < rank; ++dim)
          ivs.push_back(linalg::IndexOp::create(b, dim));
        return body(b, ivs);
      });
}

static SmallVector<ReassociationIndices> oneGroup(int64_t rank) {
  SmallVector<ReassociationIndices> groups;
  if (rank > 0)
    groups.push_back(llvm::to_vector(llvm::seq<int64_t>(0, rank)));
  return groups;
}

Value Lowering::reshape(Value input, ArrayRef<OpFoldResult> sizes) {
  RankedTensorType type = typeOf(input);
  // There is nothing to keep, and views of nothing have rules of their own.
  if (llvm::is_contained(type.getShape(), 0))
    return empty(sizes, type.getElementType());
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  auto result = RankedTensorType::get(shape, type.getElementType());
  if (type.getRank() == 0)
    input = tensor::ExpandShapeOp::create(
        *this, RankedTensorType::get({1}, type.getElementType()), input,
        ArrayRef<ReassociationIndices>());
  else if (type.getRank() > 1)
    input = tensor::CollapseShapeOp::create(
        *this, input, ArrayRef<ReassociationIndices>(oneGroup(type.getRank())));
  int64_t count =
      result.hasStaticShape() ? result.getNumElements() : ShapedType::kDynamic;
  auto flat = RankedTensorType::get({count}, type.getElementType());
  input = createOrFold<tensor::CastOp>(flat, input);
  if (result.getRank() == 1)
    return input;
  if (result.getRank() == 0)
    return tensor::CollapseShapeOp::create(*this, result, input,
                                           ArrayRef<ReassociationIndices>());
  return tensor::ExpandShapeOp::create(*this, result, input,
                                       oneGroup(result.getRank()), sizes);
}

Value Lowering::transpose(Value input, ArrayRef<int64_t> permutation) {
  SmallVector<OpFoldResult> result;
  for (int64_t dim : permutation)
    result.push_back(size(input, dim));
  Value init = empty(result, elementOf(input));
  return linalg::TransposeOp::create(*this, input, init, permutation)
      ->getResult(0);
}

Value Lowering::fill(ArrayRef<OpFoldResult> sizes, Value value) {
  return linalg::FillOp::create(*this, value, empty(sizes, value.getType()))
      .getResult(0);
}

Value Lowering::convert(Value tensor, Type element) {
  if (elementOf(tensor) == element)
    return tensor;
  int64_t rank = typeOf(tensor).getRank();
  AffineMap identity = getMultiDimIdentityMap(rank);
  return generic(
      tensor, {identity, identity}, empty(sizes(tensor), element),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location loc, ValueRange x) {
        ImplicitLocOpBuilder b(loc, inner);
        return convertScalar(b, x[0], element, false, false);
      });
}

Value Lowering::scalar(Value tensor) {
  if (std::optional<SmallVector<Value>> known = elements(tensor);
      known && known->size() == 1)
    return known->front();
  SmallVector<Value> zeros(typeOf(tensor).getRank(),
                           constant(getIndexType(), 0));
  return tensor::ExtractOp::create(*this, tensor, zeros);
}

OpFoldResult Lowering::multiply(OpFoldResult left, OpFoldResult right) {
  std::optional<int64_t> l = getConstantIntValue(left);
  std::optional<int64_t> r = getConstantIntValue(right);
  if (l && r)
    return getIndexAttr(*l * *r);
  if (l == 1)
    return right;
  if (r == 1)
    return left;
  return getAsOpFoldResult(
      createOrFold<arith::MulIOp>(toIndex(left), toIndex(right)));
}

OpFoldResult Lowering::product(ArrayRef<OpFoldResult> sizes) {
  OpFoldResult all = getIndexAttr(1);
  for (OpFoldResult size : sizes)
    all = multiply(all, size);
  return all;
}

OpFoldResult Lowering::asSize(Value integer) {
  if (std::optional<int64_t> known = getConstantIntValue(integer))
    return getIndexAttr(*known);
  if (integer.getType().isIndex())
    return integer;
  return getAsOpFoldResult(
      createOrFold<arith::IndexCastOp>(getIndexType(), integer));
}

void Lowering::require(onnx::NodeOp node, Value condition, StringRef message) {
  if (matchPattern(condition, m_One()))
    return;
  cf::AssertOp::create(*this, condition,
                       ("node '" + node.getNodeName() + "' (" +
                        node.getOpType() + "): " + message)
                           .str());
}

LogicalResult Lowering::requireEqual(onnx::NodeOp node, OpFoldResult left,
                                     OpFoldResult right, StringRef what) {
  std::optional<int64_t> l = getConstantIntValue(left);
  std::optional<int64_t> r = getConstantIntValue(right);
  if (left == right || (l && r && *l == *r))
    return success();
  if (l && r)
    return node.emitNodeError("requires equal ")
           << what << ", but got " << *l << " and " << *r;
  require(node,
          arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, toIndex(left),
                                toIndex(right)),
          (what + " that are known at run time only must be equal here").str());
  return success();
}

LogicalResult Lowering::requireSome(onnx::NodeOp node, OpFoldResult size) {
  std::optional<int64_t> known = getConstantIntValue(size);
  if (known && *known < 1)
    return node.emitNodeError("requires sizes above 0, but got ") << *known;
  if (!known)
    require(node,
            arith::CmpIOp::create(*this, arith::CmpIPredicate::sgt,
                                  toIndex(size), constant(getIndexType(), 0)),
            "requires sizes above 0");
  return success();
}

LogicalResult Lowering::requireSome(onnx::NodeOp node,
                                    ArrayRef<OpFoldResult> sizes) {
  return success(llvm::all_of(sizes, [&](OpFoldResult size) {
    return succeeded(requireSome(node, size));
  }));
}

void Lowering::checkIndices(onnx::NodeOp node, Value indices,
                            ArrayRef<OpFoldResult> limits) {
  int64_t rank = typeOf(indices).getRank();
  Type element = elementOf(indices);
  SmallVector<Value> bounds;
  for (OpFoldResult limit : limits)
    bounds.push_back(
        arith::IndexCastOp::create(*this, element, toIndex(limit)));
  Value fine = generic(
      indices,
      {getMultiDimIdentityMap(rank), AffineMap::get(rank, 0, getContext())},
      fill({}, constant(getI1Type(), 1)),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::reduction),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder b(loc, inner);
        Value limit = selectByIndex(b, rank - 1, bounds);
        Value zero = arith::ConstantOp::create(b, b.getZeroAttr(element));
        Value lowest = arith::SubIOp::create(b, zero, limit);
        Value below =
            arith::CmpIOp::create(b, arith::CmpIPredicate::slt, x[0], limit);
        Value above =
            arith::CmpIOp::create(b, arith::CmpIPredicate::sge, x[0], lowest);
        return arith::AndIOp::create(b, x[1],
                                     arith::AndIOp::create(b, below, above));
      });
  require(node, scalar(fine), "an index is out of range");
}

} // namespace attune
