// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_FOURIER_H
#define ATTUNE_FRONTENDS_ONNX_OPS_FOURIER_H

#include "frontends/onnx/ops/Lowering.h"
#include <functional>

namespace attune {

/// A complex number, or a tensor of real and one of imaginary parts.
struct Complex {
  mlir::Value re, im;
};
/// The element of a matrix of f64 at a row and a column.
using ComplexAt = std::function<Complex(mlir::ImplicitLocOpBuilder &,
                                        mlir::Value row, mlir::Value column)>;

/// The discrete Fourier transform `X[r,k] = sum over n of x[r,n] *
/// e^(-2 pi i n k / length)` of rows of f64, of any length of at least 1. What
/// is returned builds an element of X.
ComplexAt fourier(Lowering &b, mlir::OpFoldResult rows,
                  mlir::OpFoldResult length, const ComplexAt &x);

/// Matrices of `rows x columns` with the elements of `values` where the column
/// is below `length`, else zeros.
Complex complexRows(Lowering &b, mlir::OpFoldResult rows,
                    mlir::OpFoldResult columns, mlir::OpFoldResult length,
                    const ComplexAt &values);

/// What the transforms need to know of their lengths: constants where these
/// are constant and not too long, else computed when the model runs.
class FourierTables {
public:
  FourierTables(Lowering &b, mlir::OpFoldResult length)
      : b(b), length(length) {}

  /// The operand of `kernel.fft` for rows of `size`.
  mlir::Value twiddles(mlir::OpFoldResult size);
  /// Two rows: e^(-pi i n^2 / length) of all n.
  mlir::Value chirp();
  /// What kernel.fft makes of one row of `size` that holds the conjugate of the
  /// chirp at n and at size - n, divided by size.
  Complex chirpSpectrum(mlir::OpFoldResult size, mlir::Value twiddles,
                        mlir::Value chirp);

private:
  mlir::Value tabulate(
      mlir::OpFoldResult columns,
      llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)>
          angle);
  mlir::Value constant(llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<double> values);

  Lowering &b;
  mlir::OpFoldResult length;
};

/// Transforms in place what lies in `data`.
Complex transform(Lowering &b, Complex data, mlir::Value twiddles,
                  bool inverse = false);

void addTransforms(LoweringTable &table);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_FOURIER_H
