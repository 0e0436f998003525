// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_FFTEMITTER_H
#define ATTUNE_PASSES_CODEGEN_FFTEMITTER_H

#include "passes/codegen/VectorEmitter.h"

namespace attune {

/// A vector of complex numbers.
struct ComplexVector {
  mlir::Value re, im;
};

/// Writes Fourier transforms of rows in place, as `kernel.fft` defines them.
/// Two halvings of the transform's length are one pass over the row; the last
/// ones, below the width of a vector, happen within vectors. All passes read
/// and write neighbours together. The builder's lanes must be a power of two
/// and at most 16, which divides the length of every row.
class FftEmitter {
public:
  /// `twiddles` is the operand of `kernel.fft`, `length` that of a row.
  FftEmitter(VectorEmitter &b, mlir::Value twiddles, mlir::Value length);

  /// Natural to bit-reversed order, e^-.., on row `row` of two matrices.
  void forward(mlir::Value re, mlir::Value im, mlir::Value row);
  /// Bit-reversed to natural order, e^+.., without the factor 1 / length.
  void inverse(mlir::Value re, mlir::Value im, mlir::Value row);

private:
  using Complex = ComplexVector;
  void setRow(mlir::Value re, mlir::Value im, mlir::Value row);
  void countPasses();
  Complex load(mlir::Value at);
  void store(Complex value, mlir::Value at);
  Complex twiddle(mlir::Value half, mlir::Value j);
  Complex add(Complex left, Complex right);
  Complex sub(Complex left, Complex right);
  Complex multiply(Complex left, Complex right);
  Complex conjugate(Complex value);
  /// -i z, or i z.
  Complex turn(Complex value, bool up);

  /// body(position, j) for all places where a butterfly over `span` elements
  /// starts, a vector at once; `step` is the distance of its inputs.
  void forButterflies(mlir::Value span, mlir::Value step,
                      llvm::function_ref<void(mlir::Value, mlir::Value)> body);
  void splitInTwo(mlir::Value half);
  void joinTwo(mlir::Value half);
  void splitInFour(mlir::Value quarter);
  void joinFour(mlir::Value quarter);
  void withinVectors(bool inverse);
  Complex stepWithin(Complex value, int64_t half, bool inverse);
  mlir::Value constant(llvm::ArrayRef<double> lanes);

  VectorEmitter &b;
  mlir::Value twiddles, length;
  mlir::Type element;
  mlir::Value re, im, row; // that are being transformed
  mlir::Value fours, twos; // passes over memory of either kind
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_FFTEMITTER_H
