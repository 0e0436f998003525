// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Fourier.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include <complex>

using namespace mlir;

namespace attune {

/// Longer tables would make the binary large.
constexpr int64_t longest = 1 << 16;

static std::optional<int64_t> constantSize(OpFoldResult size) {
  std::optional<int64_t> known = getConstantIntValue(size);
  return known && *known <= longest ? known : std::nullopt;
}

Value FourierTables::constant(ArrayRef<int64_t> shape,
                              ArrayRef<double> values) {
  auto type = RankedTensorType::get(shape, b.getF64Type());
  return arith::ConstantOp::create(b, DenseElementsAttr::get(type, values));
}

/// Cosines, then sines, of the angle of each column.
Value FourierTables::tabulate(
    OpFoldResult columns,
    llvm::function_ref<Value(ImplicitLocOpBuilder &, Value)> angle) {
  return b.compute({b.getIndexAttr(2), columns}, b.getF64Type(),
                   [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                     Value phi = angle(s, ivs[1]);
                     Value zero = arith::ConstantIndexOp::create(s, 0);
                     Value isReal = arith::CmpIOp::create(
                         s, arith::CmpIPredicate::eq, ivs[0], zero);
                     // Only one of them is computed.
                     auto branch = scf::IfOp::create(
                         s, isReal,
                         [&](OpBuilder &inner, Location loc) {
                           Value cosine = math::CosOp::create(inner, loc, phi);
                           scf::YieldOp::create(inner, loc, cosine);
                         },
                         [&](OpBuilder &inner, Location loc) {
                           Value sine = math::SinOp::create(inner, loc, phi);
                           scf::YieldOp::create(inner, loc, sine);
                         });
                     return branch.getResult(0);
                   });
}

/// -pi * part / whole
static Value angleOf(ImplicitLocOpBuilder &s, Value part, Value whole) {
  Type real = s.getF64Type();
  Value minusPi = arith::ConstantOp::create(s, s.getF64FloatAttr(-M_PI));
  Value ratio = arith::DivFOp::create(s, arith::SIToFPOp::create(s, real, part),
                                      arith::SIToFPOp::create(s, real, whole));
  return arith::MulFOp::create(s, minusPi, ratio);
}

static double angleOf(int64_t part, int64_t whole) {
  return -M_PI * static_cast<double>(part) / static_cast<double>(whole);
}

static SmallVector<std::complex<double>> twiddleList(int64_t size) {
  SmallVector<std::complex<double>> list(size);
  for (int64_t half = 1; half < size; half *= 2)
    for (int64_t j = 0; j < half; ++j)
      list[half + j] = std::polar(1.0, angleOf(j, half));
  return list;
}

static SmallVector<std::complex<double>> chirpList(int64_t length) {
  SmallVector<std::complex<double>> list;
  for (int64_t n = 0; n < length; ++n)
    list.push_back(std::polar(1.0, angleOf(n * n % (2 * length), length)));
  return list;
}

/// Real parts, then imaginary parts.
static SmallVector<double> rowsOf(ArrayRef<std::complex<double>> list) {
  SmallVector<double> rows;
  for (std::complex<double> value : list)
    rows.push_back(value.real());
  for (std::complex<double> value : list)
    rows.push_back(value.imag());
  return rows;
}

Value FourierTables::twiddles(OpFoldResult size) {
  if (std::optional<int64_t> known = constantSize(size))
    return constant({2, *known}, rowsOf(twiddleList(*known)));
  return tabulate(size, [](ImplicitLocOpBuilder &s, Value column) -> Value {
    Type wide = s.getI64Type();
    auto integer = [&](int64_t value) -> Value {
      return arith::ConstantIntOp::create(s, wide, value);
    };
    // Column 0 is not used.
    Value place = arith::MaxSIOp::create(
        s, arith::IndexCastOp::create(s, wide, column), integer(1));
    Value bits = arith::SubIOp::create(
        s, integer(63), math::CountLeadingZerosOp::create(s, place));
    Value half = arith::ShLIOp::create(s, integer(1), bits);
    return angleOf(s, arith::SubIOp::create(s, place, half), half);
  });
}

Value FourierTables::chirp() {
  if (std::optional<int64_t> known = constantSize(length))
    return constant({2, *known}, rowsOf(chirpList(*known)));
  Value whole =
      arith::IndexCastOp::create(b, b.getI64Type(), b.toIndex(length));
  return tabulate(length, [&](ImplicitLocOpBuilder &s, Value n) -> Value {
    Value place = arith::IndexCastOp::create(s, s.getI64Type(), n);
    // Whole turns go, so that the angle stays exact.
    Value turn = arith::AddIOp::create(s, whole, whole);
    Value square = arith::MulIOp::create(s, place, place);
    return angleOf(s, arith::RemUIOp::create(s, square, turn), whole);
  });
}

/// What kernel.fft does, in C++.
static void transformList(MutableArrayRef<std::complex<double>> list) {
  auto size = static_cast<int64_t>(list.size());
  SmallVector<std::complex<double>> twiddles = twiddleList(size);
  for (int64_t half = size / 2; half > 0; half /= 2)
    for (int64_t block = 0; block < size; block += 2 * half)
      for (int64_t j = block; j < block + half; ++j) {
        std::complex<double> low = list[j], high = list[j + half];
        list[j] = low + high;
        list[j + half] = (low - high) * twiddles[half + j - block];
      }
}

static SmallVector<double> filterRows(int64_t length, int64_t size) {
  SmallVector<std::complex<double>> list(size);
  double scale = 1.0 / static_cast<double>(size);
  for (auto [n, value] : llvm::enumerate(chirpList(length))) {
    list[n] = scale * std::conj(value);
    if (n > 0)
      list[size - n] = list[n];
  }
  transformList(list);
  return rowsOf(list);
}

Complex FourierTables::chirpSpectrum(OpFoldResult size, Value twiddles,
                                     Value chirp) {
  std::optional<int64_t> known = getConstantIntValue(length);
  if (std::optional<int64_t> columns = constantSize(size); known && columns) {
    SmallVector<double> rows = filterRows(*known, *columns);
    return {constant({1, *columns}, ArrayRef(rows).take_front(*columns)),
            constant({1, *columns}, ArrayRef(rows).drop_front(*columns))};
  }
  OpFoldResult one = b.getIndexAttr(1);
  Value all = b.toIndex(size), used = b.toIndex(length);
  auto filter = [&](ImplicitLocOpBuilder &s, Value, Value n) -> Complex {
    Value distance =
        arith::MinSIOp::create(s, n, arith::SubIOp::create(s, all, n));
    Value inside =
        arith::CmpIOp::create(s, arith::CmpIPredicate::slt, distance, used);
    Value first = arith::ConstantIndexOp::create(s, 0);
    Value second = arith::ConstantIndexOp::create(s, 1);
    Value at = arith::SelectOp::create(s, inside, distance, first);
    Value zero = arith::ConstantOp::create(s, s.getF64FloatAttr(0));
    Value count = arith::SIToFPOp::create(
        s, s.getF64Type(), arith::IndexCastOp::create(s, s.getI64Type(), all));
    auto part = [&](Value row) -> Value {
      Value value = tensor::ExtractOp::create(s, chirp, ValueRange{row, at});
      return arith::SelectOp::create(
          s, inside, arith::DivFOp::create(s, value, count), zero);
    };
    return {part(first), arith::NegFOp::create(s, part(second))};
  };
  return transform(b, complexRows(b, one, size, size, filter), twiddles);
}

} // namespace attune
