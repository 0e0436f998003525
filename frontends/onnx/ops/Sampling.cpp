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

static Value number(ImplicitLocOpBuilder &b, Value like, double value) {
  return arith::ConstantOp::create(b, b.getFloatAttr(like.getType(), value));
}

/// c[0] x^n + .. + c[n]
static Value polynomial(ImplicitLocOpBuilder &b, Value x,
                        ArrayRef<double> coefficients) {
  Value result = number(b, x, coefficients.front());
  for (double c : coefficients.drop_front())
    result = arith::AddFOp::create(b, arith::MulFOp::create(b, result, x),
                                   number(b, x, c));
  return result;
}

Value linearWeight(ImplicitLocOpBuilder &b, Value x) {
  Value rest =
      arith::SubFOp::create(b, number(b, x, 1), math::AbsFOp::create(b, x));
  return arith::MaximumFOp::create(b, rest, number(b, x, 0));
}

Value cubicWeight(ImplicitLocOpBuilder &b, Value x, double a) {
  Value size = math::AbsFOp::create(b, x);
  Value near = polynomial(b, size, {a + 2, -(a + 3), 0, 1});
  Value far = polynomial(b, size, {a, -5 * a, 8 * a, -4 * a});
  auto below = [&](double limit) -> Value {
    return arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, size,
                                 number(b, x, limit));
  };
  Value outer = arith::SelectOp::create(b, below(2), far, number(b, x, 0));
  return arith::SelectOp::create(b, below(1), near, outer);
}

Taps linearTaps(ImplicitLocOpBuilder &b, Value x) {
  Value low = floorIndex(b, x), step = arith::ConstantIndexOp::create(b, 1);
  Value after = arith::SubFOp::create(b, x, math::FloorOp::create(b, x));
  Value before = arith::SubFOp::create(b, number(b, x, 1), after);
  return {{low, before}, {arith::AddIOp::create(b, low, step), after}};
}

Taps cubicTaps(ImplicitLocOpBuilder &b, Value x, double a) {
  Value low = floorIndex(b, x);
  Value after = arith::SubFOp::create(b, x, math::FloorOp::create(b, x));
  Taps taps;
  for (int64_t step = -1; step <= 2; ++step) {
    Value offset = arith::ConstantIndexOp::create(b, step);
    Value distance = arith::SubFOp::create(
        b, number(b, x, static_cast<double>(step)), after);
    taps.push_back(
        {arith::AddIOp::create(b, low, offset), cubicWeight(b, distance, a)});
  }
  return taps;
}

Value combineTaps(ImplicitLocOpBuilder &b, ArrayRef<Taps> taps, ReadAt read) {
  SmallVector<Value> place;
  std::function<Value(ArrayRef<Taps>)> sum = [&](ArrayRef<Taps> rest) {
    if (rest.empty())
      return read(place);
    Value total;
    for (auto [position, weight] : rest.front()) {
      place.push_back(position);
      Value part = arith::MulFOp::create(b, weight, sum(rest.drop_front()));
      total = total ? arith::AddFOp::create(b, total, part).getResult() : part;
      place.pop_back();
    }
    return total;
  };
  return sum(taps);
}

Value interpolate(ImplicitLocOpBuilder &b, ArrayRef<Value> at, ReadAt read) {
  SmallVector<Taps> taps;
  for (Value x : at)
    taps.push_back(linearTaps(b, x));
  return combineTaps(b, taps, read);
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
