// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Sampling.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

Value floorIndex(ImplicitLocOpBuilder &b, Value x) {
  Value integer = convertScalar(b, math::FloorOp::create(b, x), b.getI64Type(),
                                /*fromUnsigned=*/false, /*toUnsigned=*/false);
  return arith::IndexCastOp::create(b, b.getIndexType(), integer);
}

Value interpolate(ImplicitLocOpBuilder &b, ArrayRef<Value> at, ReadAt read) {
  Type element = at.front().getType();
  Value one = arith::ConstantOp::create(b, b.getFloatAttr(element, 1));
  Value step = arith::ConstantIndexOp::create(b, 1);
  SmallVector<Value> low, high, before, after;
  for (Value x : at) {
    low.push_back(floorIndex(b, x));
    high.push_back(arith::AddIOp::create(b, low.back(), step));
    after.push_back(arith::SubFOp::create(b, x, math::FloorOp::create(b, x)));
    before.push_back(arith::SubFOp::create(b, one, after.back()));
  }
  Value total = arith::ConstantOp::create(b, b.getFloatAttr(element, 0));
  for (unsigned corner = 0; corner < (1u << at.size()); ++corner) {
    SmallVector<Value> place;
    Value weight = one;
    for (size_t dim = 0; dim < at.size(); ++dim) {
      bool upper = (corner >> dim) & 1;
      place.push_back(upper ? high[dim] : low[dim]);
      weight =
          arith::MulFOp::create(b, weight, upper ? after[dim] : before[dim]);
    }
    total = arith::AddFOp::create(
        b, total, arith::MulFOp::create(b, weight, read(place)));
  }
  return total;
}

Value readOrZero(ImplicitLocOpBuilder &b, Value tensor, ArrayRef<Value> lead,
                 ArrayRef<Value> at, ArrayRef<Value> sizes) {
  Value inside = arith::ConstantIntOp::create(b, 1, 1);
  Value first = arith::ConstantIndexOp::create(b, 0);
  SmallVector<Value> place(lead);
  for (auto [position, size] : llvm::zip(at, sizes)) {
    // Unsigned: positions before the tensor are large.
    Value within =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ult, position, size);
    inside = arith::AndIOp::create(b, inside, within);
    place.push_back(arith::SelectOp::create(b, within, position, first));
  }
  Value found = tensor::ExtractOp::create(b, tensor, place);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(elementOf(tensor)));
  return arith::SelectOp::create(b, inside, found, zero);
}

} // namespace attune
