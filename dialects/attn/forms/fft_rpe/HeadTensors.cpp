// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/HeadTensors.h"

using namespace mlir;

namespace attune::attn {

Value product(ImplicitLocOpBuilder &s, ValueRange x) {
  return arith::MulFOp::create(s, x[0], x[1]);
}

Value constantOf(ImplicitLocOpBuilder &s, float value) {
  return arith::ConstantOp::create(s, s.getF32FloatAttr(value));
}

Value HeadTensors::elementwise(ValueRange inputs, ArrayRef<AffineMap> maps,
                               Scalar body) {
  SmallVector<AffineMap> all(maps);
  all.push_back(maps.front());
  return generic(inputs, empty(sizes(inputs.front()), getF32Type()), all, {},
                 [&](ImplicitLocOpBuilder &s, ValueRange x) {
                   return SmallVector<Value>{body(s, x)};
                 })
      .front();
}

/// The sizes of a result, from the inputs that have the same loops.
SmallVector<OpFoldResult> HeadTensors::sizesOf(AffineMap result,
                                               ValueRange inputs,
                                               ArrayRef<AffineMap> maps) {
  SmallVector<OpFoldResult> found;
  for (AffineExpr loop : result.getResults())
    for (auto [input, map] : llvm::zip(inputs, maps))
      if (std::optional<unsigned> at = map.getResultPosition(loop)) {
        found.push_back(size(input, *at));
        break;
      }
  return found;
}

Value HeadTensors::sum(ValueRange inputs, ArrayRef<AffineMap> maps,
                       ArrayRef<unsigned> reduced, Scalar body) {
  Value zeros = filled(sizesOf(maps.back(), inputs, maps), getF32Type(), 0);
  return generic(inputs, zeros, maps, reduced,
                 [&](ImplicitLocOpBuilder &s, ValueRange x) {
                   Value next = arith::AddFOp::create(s, x.back(), body(s, x));
                   return SmallVector<Value>{next};
                 })
      .front();
}

Value HeadTensors::largest(Value tensor) {
  unsigned rank = typeOf(tensor).getRank();
  AffineMap all = getMultiDimIdentityMap(rank);
  AffineMap rows = all.dropResult(rank - 1);
  Value start = filled(sizesOf(rows, tensor, all), getF32Type(),
                       std::numeric_limits<float>::lowest());
  return generic(tensor, start, {all, rows}, {rank - 1},
                 [](ImplicitLocOpBuilder &s, ValueRange x) {
                   Value next = arith::MaximumFOp::create(s, x[1], x[0]);
                   return SmallVector<Value>{next};
                 })
      .front();
}

Value HeadTensors::plain(Heads heads) {
  if (heads.layout == ArrayRef<int64_t>{0, 1, 2, 3})
    return heads.tensor;
  SmallVector<int64_t> inverse;
  for (int64_t dim = 0; dim < 4; ++dim)
    inverse.push_back(heads.position(dim));
  return lay(heads.tensor, inverse);
}

Value HeadTensors::lay(Value tensor, ArrayRef<int64_t> layout) {
  if (layout == ArrayRef<int64_t>{0, 1, 2, 3})
    return tensor;
  // The result's loops in order; the operand's dimension d is result
  // dimension layout^-1 [d].
  SmallVector<unsigned> from(4);
  SmallVector<OpFoldResult> sizes;
  for (auto [position, dim] : llvm::enumerate(layout)) {
    from[dim] = position;
    sizes.push_back(size(tensor, dim));
  }
  return generic(tensor, empty(sizes, getF32Type()),
                 {pick(4, from), getMultiDimIdentityMap(4)}, {},
                 [](ImplicitLocOpBuilder &, ValueRange x) {
                   return SmallVector<Value>{x[0]};
                 })
      .front();
}

Value HeadTensors::slice(Value tensor, unsigned dim, OpFoldResult first,
                         OpFoldResult count) {
  SmallVector<OpFoldResult> counts = sizes(tensor);
  SmallVector<OpFoldResult> firsts(counts.size(), getIndexAttr(0));
  SmallVector<OpFoldResult> steps(counts.size(), getIndexAttr(1));
  firsts[dim] = first;
  counts[dim] = count;
  return tensor::ExtractSliceOp::create(*this, tensor, firsts, counts, steps);
}

Value HeadTensors::insert(Value part, Value whole, unsigned dim,
                          OpFoldResult first) {
  SmallVector<OpFoldResult> counts = sizes(part);
  SmallVector<OpFoldResult> firsts(counts.size(), getIndexAttr(0));
  SmallVector<OpFoldResult> steps(counts.size(), getIndexAttr(1));
  firsts[dim] = first;
  return tensor::InsertSliceOp::create(*this, part, whole, firsts, counts,
                                       steps);
}

} // namespace attune::attn
