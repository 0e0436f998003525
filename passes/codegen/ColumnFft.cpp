// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/ColumnFft.h"
#include "passes/codegen/Passes.h"
#include <cmath>

using namespace mlir;

namespace attune {

/// Rows of a part that stays in the near caches: 256 KB of 16 lanes.
static constexpr int64_t nearRows = 2048;

ColumnFft::ColumnFft(VectorEmitter &b, Value twiddles)
    : length(cast<MemRefType>(twiddles.getType()).getDimSize(1)), b(b),
      twiddles(twiddles) {
  int64_t span = length;
  for (int64_t radix : {4, 2, 3, 5})
    for (; span % radix == 0; span /= radix)
      passes.push_back({span, radix});
}

void ColumnFft::setPanel(Value panels, Value slot) {
  this->panels = panels;
  this->slot = slot;
}

ComplexVector ColumnFft::load(Value row) {
  Value zero = b.index(0);
  return {b.load(panels, {slot, row, zero, zero}),
          b.load(panels, {slot, row, b.index(1), zero})};
}

void ColumnFft::store(ComplexVector value, Value row) {
  Value zero = b.index(0);
  b.store(value.re, panels, {slot, row, zero, zero});
  b.store(value.im, panels, {slot, row, b.index(1), zero});
}

static ComplexVector add(VectorEmitter &b, ComplexVector left,
                         ComplexVector right) {
  return {arith::AddFOp::create(b, left.re, right.re),
          arith::AddFOp::create(b, left.im, right.im)};
}

static ComplexVector sub(VectorEmitter &b, ComplexVector left,
                         ComplexVector right) {
  return {arith::SubFOp::create(b, left.re, right.re),
          arith::SubFOp::create(b, left.im, right.im)};
}

/// -i z, or i z.
static ComplexVector turn(VectorEmitter &b, ComplexVector z, bool up) {
  if (up)
    return {arith::NegFOp::create(b, z.im), z.re};
  return {z.im, arith::NegFOp::create(b, z.re)};
}

static ComplexVector addScaled(VectorEmitter &b, ComplexVector sum,
                               double factor, ComplexVector z) {
  Value scale = b.splat(static_cast<float>(factor));
  return {vector::FMAOp::create(b, scale, z.re, sum.re),
          vector::FMAOp::create(b, scale, z.im, sum.im)};
}

ComplexVector ColumnFft::multiply(VectorEmitter &b, ComplexVector left,
                                  ComplexVector right) {
  Value minus =
      arith::NegFOp::create(b, arith::MulFOp::create(b, left.im, right.im));
  Value mixed = arith::MulFOp::create(b, left.im, right.re);
  return {vector::FMAOp::create(b, left.re, right.re, minus),
          vector::FMAOp::create(b, left.re, right.im, mixed)};
}

/// e^(-2 pi i j step / N), or its conjugate, in all lanes.
ComplexVector ColumnFft::twiddle(Value j, int64_t step, bool inverse) {
  Value at = b.mul(j, b.index(step));
  Value re = memref::LoadOp::create(b, twiddles, ValueRange{b.index(0), at});
  Value im = memref::LoadOp::create(b, twiddles, ValueRange{b.index(1), at});
  if (inverse)
    im = arith::NegFOp::create(b, im);
  return {b.splat(re), b.splat(im)};
}

/// An odd number of inputs: x[q] and x[r - q] have conjugate factors, so their
/// sum takes the cosine and their difference the sine.
static SmallVector<ComplexVector>
transformOdd(VectorEmitter &b, ArrayRef<ComplexVector> x, bool inverse) {
  auto radix = static_cast<int64_t>(x.size());
  SmallVector<ComplexVector> sums, differences, result;
  ComplexVector total = x[0];
  for (int64_t q = 1; q <= radix / 2; ++q) {
    sums.push_back(add(b, x[q], x[radix - q]));
    differences.push_back(sub(b, x[q], x[radix - q]));
    total = add(b, total, sums.back());
  }
  result.assign(radix, total);
  for (int64_t p = 1; p <= radix / 2; ++p) {
    ComplexVector even = x[0];
    ComplexVector odd = {b.splat(0.0f), b.splat(0.0f)};
    for (int64_t q = 1; q <= radix / 2; ++q) {
      double angle = 2 * M_PI * static_cast<double>(p * q % radix) /
                     static_cast<double>(radix);
      even = addScaled(b, even, std::cos(angle), sums[q - 1]);
      odd = addScaled(b, odd, std::sin(angle), differences[q - 1]);
    }
    odd = turn(b, odd, inverse);
    result[p] = add(b, even, odd);
    result[radix - p] = sub(b, even, odd);
  }
  return result;
}

SmallVector<ComplexVector> ColumnFft::transform(ArrayRef<ComplexVector> x,
                                                bool inverse) {
  if (x.size() == 2)
    return {add(b, x[0], x[1]), sub(b, x[0], x[1])};
  if (x.size() != 4)
    return transformOdd(b, x, inverse);
  ComplexVector low = add(b, x[0], x[2]), lowRest = sub(b, x[0], x[2]);
  ComplexVector high = add(b, x[1], x[3]);
  ComplexVector highRest = turn(b, sub(b, x[1], x[3]), inverse);
  return {add(b, low, high), add(b, lowRest, highRest), sub(b, low, high),
          sub(b, lowRest, highRest)};
}

/// The butterflies of one pass in the `count` rows from `begin` on. Forward,
/// the factors follow the small transforms; inverse, they go before.
void ColumnFft::emitPass(Pass pass, Value begin, int64_t count, bool inverse) {
  int64_t stride = pass.span / pass.radix, turns = length / pass.span;
  auto butterfly = [&](Value first, Value j) {
    SmallVector<Value> rows;
    SmallVector<ComplexVector> x;
    auto factor = [&](ComplexVector &value, int64_t p) {
      if (p > 0 && stride > 1)
        value = multiply(b, value, twiddle(j, p * turns, inverse));
    };
    for (int64_t q = 0; q < pass.radix; ++q) {
      rows.push_back(b.add(first, b.index(q * stride)));
      x.push_back(load(rows.back()));
      if (inverse)
        factor(x.back(), q);
    }
    x = transform(x, inverse);
    for (int64_t p = 0; p < pass.radix; ++p) {
      if (!inverse)
        factor(x[p], p);
      store(x[p], rows[p]);
    }
  };
  b.loop(begin, b.add(begin, b.index(count)), b.index(pass.span),
         [&](Value block) {
           b.loop(b.index(0), b.index(stride), b.index(1),
                  [&](Value j) { butterfly(b.add(block, j), j); });
         });
}

void ColumnFft::forward() {
  for (Pass pass : passes)
    emitPass(pass, b.index(0), length, /*inverse=*/false);
}

void ColumnFft::between(
    llvm::function_ref<ComplexVector(Value, ComplexVector)> change) {
  SmallVector<Pass> far, near;
  for (Pass pass : passes)
    (pass.span > nearRows ? far : near).push_back(pass);
  int64_t part = near.empty() ? 1 : near.front().span;
  for (Pass pass : far)
    emitPass(pass, b.index(0), length, /*inverse=*/false);
  b.loop(b.index(0), b.index(length), b.index(part), [&](Value begin) {
    for (Pass pass : near)
      emitPass(pass, begin, part, /*inverse=*/false);
    b.loop(begin, b.add(begin, b.index(part)), b.index(1),
           [&](Value row) { store(change(row, load(row)), row); });
    for (Pass pass : llvm::reverse(near))
      emitPass(pass, begin, part, /*inverse=*/true);
  });
  for (Pass pass : llvm::reverse(far))
    emitPass(pass, b.index(0), length, /*inverse=*/true);
}

} // namespace attune
