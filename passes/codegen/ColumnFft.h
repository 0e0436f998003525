// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_COLUMNFFT_H
#define ATTUNE_PASSES_CODEGEN_COLUMNFFT_H

#include "passes/codegen/FftEmitter.h"

namespace attune {

/// Writes Fourier transforms of a panel's columns in place: a lane is a column,
/// so that a butterfly is arithmetic on whole rows. The length is known and has
/// no prime factors above 5. Spectra are in the order that in-place passes
/// leave; the inverse starts from it, so nothing is put in order between.
class ColumnFft {
public:
  /// `twiddles` is `2 x N` as `kernel.spectrum` defines it.
  ColumnFft(VectorEmitter &b, mlir::Value twiddles);

  /// Chooses panel `slot` of `panels`, `S x N x 2 x lanes`.
  void setPanel(mlir::Value panels, mlir::Value slot);

  ComplexVector load(mlir::Value row);
  void store(ComplexVector value, mlir::Value row);
  static ComplexVector multiply(VectorEmitter &b, ComplexVector left,
                                ComplexVector right);

  void forward();
  /// Forward, `change` on each row's number and value, and back, without the
  /// factor 1 / N. Where a panel does not fit the near caches, its parts are
  /// transformed, changed and transformed back one by one.
  void
  between(llvm::function_ref<ComplexVector(mlir::Value, ComplexVector)> change);

  const int64_t length;

private:
  struct Pass {
    int64_t span, radix;
  };
  void emitPass(Pass pass, mlir::Value begin, int64_t count, bool inverse);
  llvm::SmallVector<ComplexVector> transform(llvm::ArrayRef<ComplexVector> x,
                                             bool inverse);
  ComplexVector twiddle(mlir::Value j, int64_t step, bool inverse);

  VectorEmitter &b;
  mlir::Value twiddles, panels, slot;
  llvm::SmallVector<Pass> passes;
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_COLUMNFFT_H
