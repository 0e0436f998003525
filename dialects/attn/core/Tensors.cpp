// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Tensors.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;

namespace attune::attn {

OpFoldResult Tensors::size(Value tensor, int64_t dim) {
  return tensor::getMixedSize(*this, getLoc(), tensor, dim);
}

SmallVector<OpFoldResult> Tensors::sizes(Value tensor) {
  return tensor::getMixedSizes(*this, getLoc(), tensor);
}

Value Tensors::toIndex(OpFoldResult size) {
  return getValueOrCreateConstantIndexOp(*this, getLoc(), size);
}

OpFoldResult Tensors::ceilDiv(OpFoldResult size, int64_t by) {
  return affine::makeComposedFoldedAffineApply(
      *this, getLoc(), getAffineDimExpr(0).ceilDiv(by), {size});
}

Value Tensors::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

Value Tensors::integer(int64_t value) {
  return arith::ConstantOp::create(
      *this, getI32IntegerAttr(static_cast<int32_t>(value)));
}

Value Tensors::number(Type like, double value) {
  return arith::ConstantOp::create(*this, getFloatAttr(like, value));
}

Value Tensors::empty(Sizes sizes, Type element) {
  return tensor::EmptyOp::create(*this, sizes, element);
}

Value Tensors::filled(Sizes sizes, Type element, double value) {
  TypedAttr start;
  if (isa<FloatType>(element))
    start = getFloatAttr(element, value);
  else
    start = getIntegerAttr(element, static_cast<int64_t>(value));
  Value scalar = arith::ConstantOp::create(*this, start);
  return linalg::FillOp::create(*this, scalar, empty(sizes, element))
      .getResult(0);
}

SmallVector<Value> Tensors::generic(ValueRange inputs, ValueRange inits,
                                    ArrayRef<AffineMap> maps,
                                    ArrayRef<unsigned> reduced, Body body) {
  SmallVector<utils::IteratorType> iterators(maps.front().getNumDims(),
                                             utils::IteratorType::parallel);
  for (unsigned loop : reduced)
    iterators[loop] = utils::IteratorType::reduction;
  auto op = linalg::GenericOp::create(
      *this, inits.getTypes(), inputs, inits, maps, iterators,
      [&](OpBuilder &builder, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder inner(loc, builder);
        linalg::YieldOp::create(inner, body(inner, arguments));
      });
  return SmallVector<Value>(op.getResults());
}

Value Tensors::compute(Sizes sizes, Type element, At at) {
  auto rank = static_cast<int64_t>(sizes.size());
  return generic({}, empty(sizes, element), getMultiDimIdentityMap(rank), {},
                 [&](ImplicitLocOpBuilder &b, ValueRange) {
                   SmallVector<Value> place;
                   for (int64_t dim = 0; dim < rank; ++dim)
                     place.push_back(linalg::IndexOp::create(b, dim));
                   return SmallVector<Value>{at(b, place)};
                 })
      .front();
}

Value Tensors::convert(
    Value input, Type element,
    llvm::function_ref<Value(ImplicitLocOpBuilder &, Value)> code) {
  AffineMap identity = getMultiDimIdentityMap(typeOf(input).getRank());
  return generic(input, empty(sizes(input), element), {identity, identity}, {},
                 [&](ImplicitLocOpBuilder &b, ValueRange x) {
                   return SmallVector<Value>{code(b, x[0])};
                 })
      .front();
}

OpFoldResult Tensors::product(Sizes sizes) {
  OpFoldResult all = getIndexAttr(1);
  for (OpFoldResult size : sizes)
    all = affine::makeComposedFoldedAffineApply(
        *this, getLoc(), getAffineDimExpr(0) * getAffineSymbolExpr(0),
        {all, size});
  return all;
}

static ReassociationIndices allOf(int64_t rank) {
  return llvm::to_vector(llvm::seq<int64_t>(0, rank));
}

Value Tensors::reshape(Value tensor, Sizes sizes) {
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  Type element = typeOf(tensor).getElementType();
  if (typeOf(tensor).getRank() > 1)
    tensor = tensor::CollapseShapeOp::create(
        *this, tensor,
        ArrayRef<ReassociationIndices>{allOf(typeOf(tensor).getRank())});
  auto result = RankedTensorType::get(shape, element);
  int64_t count =
      result.hasStaticShape() ? result.getNumElements() : ShapedType::kDynamic;
  tensor = castTo(tensor, RankedTensorType::get({count}, element));
  if (shape.size() == 1)
    return tensor;
  return tensor::ExpandShapeOp::create(
      *this, result, tensor,
      ArrayRef<ReassociationIndices>{allOf(result.getRank())}, sizes);
}

Value Tensors::castTo(Value tensor, Type type) {
  if (tensor.getType() == type)
    return tensor;
  return tensor::CastOp::create(*this, type, tensor);
}

/// Merging takes memory for two lists of positions; a heap of few needs none.
static OpFoldResult scratchFor(Tensors &b, OpFoldResult items,
                               OpFoldResult count) {
  Value all = b.toIndex(items);
  Value many = b.createOrFold<arith::MulIOp>(b.toIndex(count), b.index(16));
  Value isFew =
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sle, many, all);
  return getAsOpFoldResult(b.createOrFold<arith::SelectOp>(
      isFew, b.index(0), b.createOrFold<arith::MulIOp>(all, b.index(2))));
}

Value Tensors::sortedPositions(Value keys, OpFoldResult count, Before before) {
  OpFoldResult rows = size(keys, 0), items = size(keys, 1);
  Type element = typeOf(keys).getElementType();
  keys = reshape(keys, {rows, items, getIndexAttr(1)});
  SmallVector<Value> inits = {
      empty({rows, count}, getI64Type()),
      empty({rows, scratchFor(*this, items, count)}, getI64Type())};
  auto op =
      kernel::SortOp::create(*this, ValueRange(inits).getTypes(), keys, inits);
  OpBuilder::InsertionGuard guard(*this);
  Block *body = createBlock(&op.getBefore(), {}, {element, element},
                            {getLoc(), getLoc()});
  Value first = before(*this, body->getArgument(0), body->getArgument(1));
  kernel::YieldOp::create(*this, ValueRange(first));
  return op.getResult()[0];
}

Value elementAt(ImplicitLocOpBuilder &b, Value tensor, ArrayRef<Value> at) {
  return tensor::ExtractOp::create(b, tensor, at);
}

Value indexCast(ImplicitLocOpBuilder &b, Value value, Type type) {
  if (value.getType() == type)
    return value;
  return arith::IndexCastOp::create(b, type, value);
}

Value convertFloat(ImplicitLocOpBuilder &b, Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  if (value.getType() == type)
    return value;
  if (from < type.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, type, value);
  return arith::TruncFOp::create(b, type, value);
}

Value widen(ImplicitLocOpBuilder &b, Value value) {
  return value.getType().isF64() ? value
                                 : convertFloat(b, value, b.getF32Type());
}

} // namespace attune::attn
