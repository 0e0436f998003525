// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Fourier.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace attune {

/// Lengths below this are sums of products where they are constant: that is
/// faster there than three transforms of the next power of two.
constexpr int64_t direct = 32;
/// The shortest rows of kernel.fft.
constexpr int64_t shortest = 16;

static Complex multiply(ImplicitLocOpBuilder &b, Complex left, Complex right) {
  auto times = [&](Value x, Value y) -> Value {
    return arith::MulFOp::create(b, x, y);
  };
  return {arith::SubFOp::create(b, times(left.re, right.re),
                                times(left.im, right.im)),
          arith::AddFOp::create(b, times(left.re, right.im),
                                times(left.im, right.re))};
}

/// An element of two matrices.
static Complex elementAt(ImplicitLocOpBuilder &b, Complex matrices, Value row,
                         Value column) {
  Value at[] = {row, column};
  return {tensor::ExtractOp::create(b, matrices.re, at),
          tensor::ExtractOp::create(b, matrices.im, at)};
}

/// An element of a table of two rows.
static Complex tableAt(ImplicitLocOpBuilder &b, Value table, Value column) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  return {tensor::ExtractOp::create(b, table, ValueRange{zero, column}),
          tensor::ExtractOp::create(b, table, ValueRange{one, column})};
}

Complex complexRows(Lowering &b, OpFoldResult rows, OpFoldResult columns,
                    OpFoldResult length, const ComplexAt &values) {
  Value bound = b.toIndex(length);
  bool isWhole = isEqualConstantIntOrValue(columns, length);
  auto part = [&](Value Complex::*which) {
    return b.compute(
        {rows, columns}, b.getF64Type(),
        [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
          if (isWhole)
            return values(s, ivs[0], ivs[1]).*which;
          Value inside = arith::CmpIOp::create(s, arith::CmpIPredicate::ult,
                                               ivs[1], bound);
          Value first = arith::ConstantIndexOp::create(s, 0);
          Value column = arith::SelectOp::create(s, inside, ivs[1], first);
          Value value = values(s, ivs[0], column).*which;
          Value zero = arith::ConstantOp::create(s, s.getF64FloatAttr(0));
          return arith::SelectOp::create(s, inside, value, zero);
        });
  };
  Value re = part(&Complex::re);
  return {re, part(&Complex::im)};
}

Complex transform(Lowering &b, Complex data, Value twiddles, bool inverse) {
  SmallVector<Value> init = {data.re, data.im};
  auto op = kernel::FftOp::create(b, ValueRange(init).getTypes(), twiddles,
                                  init, inverse);
  return {op.getResult()[0], op.getResult()[1]};
}

/// X[k] is the sum of x[n] * table[n k mod length].
static ComplexAt sumOfProducts(Lowering &b, OpFoldResult rows, int64_t length,
                               const ComplexAt &x) {
  OpFoldResult size = b.getIndexAttr(length);
  Complex data = complexRows(b, rows, size, size, x);
  SmallVector<double> values;
  for (bool imaginary : {false, true})
    for (int64_t n = 0; n < length; ++n) {
      double angle =
          -2 * M_PI * static_cast<double>(n) / static_cast<double>(length);
      values.push_back(imaginary ? std::sin(angle) : std::cos(angle));
    }
  auto type = RankedTensorType::get({2, length}, b.getF64Type());
  Value table = arith::ConstantOp::create(
      b, DenseElementsAttr::get(type, ArrayRef(values)));
  return [=](ImplicitLocOpBuilder &s, Value row, Value k) -> Complex {
    Value first = arith::ConstantIndexOp::create(s, 0);
    Value one = arith::ConstantIndexOp::create(s, 1);
    Value end = arith::ConstantIndexOp::create(s, length);
    Value zero = arith::ConstantOp::create(s, s.getF64FloatAttr(0));
    auto loop = scf::ForOp::create(
        s, first, end, one, ValueRange{zero, zero},
        [&](OpBuilder &inner, Location loc, Value n, ValueRange sums) {
          ImplicitLocOpBuilder s(loc, inner);
          Value turn =
              arith::RemUIOp::create(s, arith::MulIOp::create(s, n, k), end);
          Complex term =
              multiply(s, elementAt(s, data, row, n), tableAt(s, table, turn));
          scf::YieldOp::create(
              s, ValueRange{arith::AddFOp::create(s, sums[0], term.re),
                            arith::AddFOp::create(s, sums[1], term.im)});
        });
    return {loop.getResult(0), loop.getResult(1)};
  };
}

/// The lowest `bits` bits of `k` from the last to the first.
static Value reverseBits(ImplicitLocOpBuilder &b, Value k, int64_t bits) {
  Type wide = b.getI64Type();
  auto integer = [&](uint64_t value) -> Value {
    return arith::ConstantIntOp::create(b, wide, static_cast<int64_t>(value));
  };
  Value x = arith::IndexCastOp::create(b, wide, k);
  // Halves of ever larger groups of bits change places.
  constexpr uint64_t groups[] = {0x5555555555555555, 0x3333333333333333,
                                 0x0f0f0f0f0f0f0f0f, 0x00ff00ff00ff00ff,
                                 0x0000ffff0000ffff, 0x00000000ffffffff};
  for (auto [level, mask] : llvm::enumerate(groups)) {
    Value by = integer(uint64_t(1) << level), low = integer(mask);
    Value up = arith::ShLIOp::create(b, arith::AndIOp::create(b, x, low), by);
    Value down =
        arith::AndIOp::create(b, arith::ShRUIOp::create(b, x, by), low);
    x = arith::OrIOp::create(b, up, down);
  }
  x = arith::ShRUIOp::create(b, x, integer(64 - bits));
  return arith::IndexCastOp::create(b, b.getIndexType(), x);
}

static ComplexAt radixTwo(Lowering &b, OpFoldResult rows, int64_t length,
                          const ComplexAt &x) {
  OpFoldResult size = b.getIndexAttr(length);
  Value twiddles = FourierTables(b, size).twiddles(size);
  Complex result = transform(b, complexRows(b, rows, size, size, x), twiddles);
  int64_t bits = llvm::Log2_64(length);
  return [=](ImplicitLocOpBuilder &s, Value row, Value k) {
    return elementAt(s, result, row, reverseBits(s, k, bits));
  };
}

/// The power of two that is at least 2 * length - 1.
static OpFoldResult roomFor(Lowering &b, OpFoldResult length) {
  if (std::optional<int64_t> known = getConstantIntValue(length))
    return b.getIndexAttr(
        std::max<int64_t>(shortest, llvm::PowerOf2Ceil(2 * *known - 1)));
  Type wide = b.getI64Type();
  Value one = b.constant(wide, 1);
  Value size = arith::IndexCastOp::create(b, wide, b.toIndex(length));
  Value last = arith::SubIOp::create(b, size, one);
  Value twice = arith::ShLIOp::create(b, last, one);
  Value bits = arith::SubIOp::create(
      b, b.constant(wide, 64), math::CountLeadingZerosOp::create(b, twice));
  Value power = arith::ShLIOp::create(b, one, bits);
  return b.asSize(arith::MaxSIOp::create(b, power, b.constant(wide, shortest)));
}

/// Bluestein: since n k = (n^2 + k^2 - (k - n)^2) / 2, the transform is a
/// convolution with the chirp e^(pi i n^2 / length), between two products.
static ComplexAt chirped(Lowering &b, OpFoldResult rows, OpFoldResult length,
                         const ComplexAt &x) {
  FourierTables tables(b, length);
  OpFoldResult size = roomFor(b, length);
  Value twiddles = tables.twiddles(size), chirp = tables.chirp();
  Complex filter = tables.chirpSpectrum(size, twiddles, chirp);
  auto turned = [&](ImplicitLocOpBuilder &s, Value row, Value n) {
    return multiply(s, x(s, row, n), tableAt(s, chirp, n));
  };
  Complex spectrum =
      transform(b, complexRows(b, rows, size, length, turned), twiddles);
  auto filtered = [&](ImplicitLocOpBuilder &s, Value row, Value k) {
    Value first = arith::ConstantIndexOp::create(s, 0);
    return multiply(s, elementAt(s, spectrum, row, k),
                    elementAt(s, filter, first, k));
  };
  Complex result = transform(b, complexRows(b, rows, size, size, filtered),
                             twiddles, /*inverse=*/true);
  return [=](ImplicitLocOpBuilder &s, Value row, Value k) {
    return multiply(s, elementAt(s, result, row, k), tableAt(s, chirp, k));
  };
}

ComplexAt fourier(Lowering &b, OpFoldResult rows, OpFoldResult length,
                  const ComplexAt &x) {
  std::optional<int64_t> known = getConstantIntValue(length);
  if (known && *known < direct)
    return sumOfProducts(b, rows, *known, x);
  if (known && llvm::isPowerOf2_64(*known))
    return radixTwo(b, rows, *known, x);
  return chirped(b, rows, length, x);
}

} // namespace attune
