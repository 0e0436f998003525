// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/FftEmitter.h"
#include "passes/codegen/Passes.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>

using namespace mlir;

namespace attune {

FftEmitter::FftEmitter(VectorEmitter &b, Value twiddles, Value length)
    : b(b), twiddles(twiddles), length(length),
      element(cast<MemRefType>(twiddles.getType()).getElementType()) {
  countPasses();
}

/// log2(length / lanes) halvings happen in memory: in pairs, and one alone if
/// their number is odd.
void FftEmitter::countPasses() {
  int64_t inside = llvm::Log2_64(b.lanes);
  Type wide = b.getI64Type();
  Value size = b.createOrFold<arith::IndexCastOp>(wide, length);
  Value bits = b.createOrFold<arith::IndexCastOp>(
      b.getIndexType(), b.createOrFold<math::CountTrailingZerosOp>(size));
  Value halvings = b.sub(bits, b.index(inside));
  fours = b.div(halvings, b.index(2));
  twos = b.rem(halvings, b.index(2));
}

void FftEmitter::setRow(Value re, Value im, Value row) {
  this->re = re;
  this->im = im;
  this->row = row;
}

ComplexVector FftEmitter::load(Value at) {
  return {b.load(re, {row, at}), b.load(im, {row, at})};
}

void FftEmitter::store(Complex value, Value at) {
  b.store(value.re, re, {row, at});
  b.store(value.im, im, {row, at});
}

/// e^(-pi i j / half) of `j` and its neighbours.
ComplexVector FftEmitter::twiddle(Value half, Value j) {
  Value column = b.add(half, j);
  return {b.load(twiddles, {b.index(0), column}),
          b.load(twiddles, {b.index(1), column})};
}

ComplexVector FftEmitter::add(Complex left, Complex right) {
  return {arith::AddFOp::create(b, left.re, right.re),
          arith::AddFOp::create(b, left.im, right.im)};
}

ComplexVector FftEmitter::sub(Complex left, Complex right) {
  return {arith::SubFOp::create(b, left.re, right.re),
          arith::SubFOp::create(b, left.im, right.im)};
}

ComplexVector FftEmitter::multiply(Complex left, Complex right) {
  Value minus =
      arith::NegFOp::create(b, arith::MulFOp::create(b, left.im, right.im));
  Value mixed = arith::MulFOp::create(b, left.im, right.re);
  return {vector::FMAOp::create(b, left.re, right.re, minus),
          vector::FMAOp::create(b, left.re, right.im, mixed)};
}

ComplexVector FftEmitter::conjugate(Complex value) {
  return {value.re, arith::NegFOp::create(b, value.im)};
}

ComplexVector FftEmitter::turn(Complex value, bool up) {
  if (up)
    return {arith::NegFOp::create(b, value.im), value.re};
  return {value.im, arith::NegFOp::create(b, value.re)};
}

void FftEmitter::forButterflies(Value span, Value step,
                                llvm::function_ref<void(Value, Value)> body) {
  b.loop(b.index(0), length, span, [&](Value block) {
    b.loop(b.index(0), step, b.index(b.lanes),
           [&](Value j) { body(b.add(block, j), j); });
  });
}

void FftEmitter::splitInTwo(Value half) {
  forButterflies(b.mul(half, b.index(2)), half, [&](Value at, Value j) {
    Value other = b.add(at, half);
    Complex low = load(at), high = load(other);
    store(add(low, high), at);
    store(multiply(sub(low, high), twiddle(half, j)), other);
  });
}

void FftEmitter::joinTwo(Value half) {
  forButterflies(b.mul(half, b.index(2)), half, [&](Value at, Value j) {
    Value other = b.add(at, half);
    Complex low = load(at);
    Complex high = multiply(load(other), conjugate(twiddle(half, j)));
    store(add(low, high), at);
    store(sub(low, high), other);
  });
}

/// Two halvings, at distances of 2 quarters and 1 quarter.
void FftEmitter::splitInFour(Value quarter) {
  Value half = b.mul(quarter, b.index(2));
  forButterflies(b.mul(half, b.index(2)), quarter, [&](Value at, Value j) {
    Value places[4] = {at, b.add(at, quarter), b.add(at, half),
                       b.add(b.add(at, half), quarter)};
    Complex x[4];
    for (int i = 0; i < 4; ++i)
      x[i] = load(places[i]);
    Complex wide = twiddle(half, j), narrow = twiddle(quarter, j);
    Complex sum = add(x[0], x[2]), otherSum = add(x[1], x[3]);
    // The twiddle of x[1] and x[3] is a quarter of the circle further.
    Complex rest = sub(x[0], x[2]), otherRest = turn(sub(x[1], x[3]), false);
    store(add(sum, otherSum), places[0]);
    store(multiply(sub(sum, otherSum), narrow), places[1]);
    store(multiply(add(rest, otherRest), wide), places[2]);
    store(multiply(multiply(sub(rest, otherRest), wide), narrow), places[3]);
  });
}

void FftEmitter::joinFour(Value quarter) {
  Value half = b.mul(quarter, b.index(2));
  forButterflies(b.mul(half, b.index(2)), quarter, [&](Value at, Value j) {
    Value places[4] = {at, b.add(at, quarter), b.add(at, half),
                       b.add(b.add(at, half), quarter)};
    Complex x[4];
    for (int i = 0; i < 4; ++i)
      x[i] = load(places[i]);
    Complex wide = conjugate(twiddle(half, j));
    Complex narrow = conjugate(twiddle(quarter, j));
    Complex second = multiply(x[1], narrow), fourth = multiply(x[3], narrow);
    Complex low = add(x[0], second), lowRest = sub(x[0], second);
    Complex high = multiply(add(x[2], fourth), wide);
    Complex highRest = turn(multiply(sub(x[2], fourth), wide), true);
    store(add(low, high), places[0]);
    store(add(lowRest, highRest), places[1]);
    store(sub(low, high), places[2]);
    store(sub(lowRest, highRest), places[3]);
  });
}

Value FftEmitter::constant(ArrayRef<double> lanes) {
  SmallVector<Attribute> values;
  for (double lane : lanes)
    values.push_back(b.getFloatAttr(element, lane));
  return arith::ConstantOp::create(
      b, DenseElementsAttr::get(b.vector(element), values));
}

/// One halving of blocks of 2 * half lanes: lanes whose bit `half` is not set
/// get the sum with their partner, the others the difference.
ComplexVector FftEmitter::stepWithin(Complex value, int64_t half,
                                     bool inverse) {
  SmallVector<int64_t> partners;
  SmallVector<double> signs, cosines, sines;
  for (int64_t lane = 0; lane < b.lanes; ++lane) {
    bool high = (lane & half) != 0;
    double angle = high ? M_PI * static_cast<double>(lane & (half - 1)) /
                              static_cast<double>(half)
                        : 0;
    partners.push_back(lane ^ half);
    signs.push_back(high ? -1 : 1);
    cosines.push_back(std::cos(angle));
    sines.push_back(inverse ? std::sin(angle) : -std::sin(angle));
  }
  auto butterfly = [&](Value x) -> Value {
    Value partner = vector::ShuffleOp::create(b, x, x, partners);
    return vector::FMAOp::create(b, x, constant(signs), partner);
  };
  Complex factor;
  if (half > 1)
    factor = {constant(cosines), constant(sines)};
  if (inverse && half > 1)
    value = multiply(value, factor);
  value = {butterfly(value.re), butterfly(value.im)};
  if (!inverse && half > 1)
    value = multiply(value, factor);
  return value;
}

void FftEmitter::withinVectors(bool inverse) {
  b.loop(b.index(0), length, b.index(b.lanes), [&](Value at) {
    Complex value = load(at);
    for (int64_t step = 1; step < b.lanes; step *= 2)
      value = stepWithin(value, inverse ? step : b.lanes / (2 * step), inverse);
    store(value, at);
  });
}

void FftEmitter::forward(Value re, Value im, Value row) {
  setRow(re, im, row);
  Value zero = b.index(0), one = b.index(1);
  b.loop(zero, fours, one, ValueRange(b.div(length, b.index(4))),
         [&](Value, ValueRange quarter) {
           splitInFour(quarter[0]);
           return SmallVector<Value>{b.div(quarter[0], b.index(4))};
         });
  b.loop(zero, twos, one, [&](Value) { splitInTwo(b.index(b.lanes)); });
  withinVectors(/*inverse=*/false);
}

void FftEmitter::inverse(Value re, Value im, Value row) {
  setRow(re, im, row);
  Value zero = b.index(0), one = b.index(1);
  withinVectors(/*inverse=*/true);
  b.loop(zero, twos, one, [&](Value) { joinTwo(b.index(b.lanes)); });
  Value first = b.mul(b.index(b.lanes), b.add(twos, one));
  b.loop(zero, fours, one, ValueRange(first), [&](Value, ValueRange quarter) {
    joinFour(quarter[0]);
    return SmallVector<Value>{b.mul(quarter[0], b.index(4))};
  });
}

} // namespace attune
