// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Elementwise.h"

using namespace mlir;

namespace attune::attn {

Value Elementwise::size(Value tensor, int64_t dim) {
  return getValueOrCreateConstantIndexOp(
      b, loc, tensor::getMixedSize(b, loc, tensor, dim));
}

Value Elementwise::constant(ImplicitLocOpBuilder &inner, double value) {
  return arith::ConstantOp::create(inner, inner.getFloatAttr(real, value));
}

/// `value` in the type `to`, both floats.
static Value convert(ImplicitLocOpBuilder &b, Value value, Type to) {
  Type from = value.getType();
  if (from == to || !isa<FloatType>(from))
    return value;
  if (from.getIntOrFloatBitWidth() < to.getIntOrFloatBitWidth())
    return arith::ExtFOp::create(b, to, value);
  return arith::TruncFOp::create(b, to, value);
}

Value Elementwise::generic(ValueRange inputs, ArrayRef<AffineMap> maps,
                           Value init, Body body) {
  AffineMap out = maps.back();
  SmallVector<utils::IteratorType> iterators(out.getNumDims(),
                                             utils::IteratorType::reduction);
  for (AffineExpr result : out.getResults())
    iterators[cast<AffineDimExpr>(result).getPosition()] =
        utils::IteratorType::parallel;
  bool sums = llvm::is_contained(iterators, utils::IteratorType::reduction);
  Type element = typeOf(init).getElementType();
  return linalg::GenericOp::create(
             b, loc, TypeRange(init.getType()), inputs, ValueRange(init), maps,
             iterators,
             [&](OpBuilder &builder, Location where, ValueRange arguments) {
               ImplicitLocOpBuilder inner(where, builder);
               SmallVector<Value> values;
               for (Value argument : arguments.drop_back())
                 values.push_back(convert(inner, argument, real));
               Value result = body(inner, values);
               if (sums)
                 result =
                     arith::AddFOp::create(inner, arguments.back(), result);
               linalg::YieldOp::create(inner, convert(inner, result, element));
             })
      .getResult(0);
}

Value Elementwise::map(ValueRange inputs, ArrayRef<AffineMap> maps,
                       Type element, Body body) {
  Value init = tensor::EmptyOp::create(
      b, loc, tensor::getMixedSizes(b, loc, inputs.front()), element);
  return generic(inputs, maps, init, body);
}

Value Elementwise::map(Value input, Body body) {
  AffineMap identity = b.getMultiDimIdentityMap(typeOf(input).getRank());
  return map(input, {identity, identity}, real, body);
}

Value Elementwise::sum(ValueRange inputs, ArrayRef<AffineMap> maps, Body body) {
  SmallVector<OpFoldResult> sizes;
  for (AffineExpr result : maps.back().getResults())
    sizes.push_back(tensor::getMixedSize(
        b, loc, inputs.front(), cast<AffineDimExpr>(result).getPosition()));
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(real));
  Value empty = tensor::EmptyOp::create(b, loc, sizes, real);
  Value init = linalg::FillOp::create(b, loc, zero, empty).getResult(0);
  return generic(inputs, maps, init, body);
}

} // namespace attune::attn
