// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_HEADTENSORS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_HEADTENSORS_H

#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"

namespace attune::attn {

/// Writes arithmetic on f32 tensors of heads: batch, heads, length, width.
class HeadTensors : public Tensors {
public:
  using Tensors::Tensors;
  using Scalar = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                                mlir::ValueRange)>;

  /// The map from `loops` loops to those that are listed.
  mlir::AffineMap pick(unsigned loops, llvm::ArrayRef<unsigned> kept) {
    return mlir::AffineMap::getMultiDimMapWithTargets(loops, kept,
                                                      getContext());
  }
  /// `body` at every element of the first input, whose map is the identity.
  mlir::Value elementwise(mlir::ValueRange inputs,
                          llvm::ArrayRef<mlir::AffineMap> maps, Scalar body);
  /// Sums of `body`; the last map, the result's, leaves `reduced` out.
  mlir::Value sum(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps,
                  llvm::ArrayRef<unsigned> reduced, Scalar body);
  /// The largest elements over the last dimension; at least the lowest finite
  /// number.
  mlir::Value largest(mlir::Value tensor);
  /// The tensor with the layout 0, 1, 2, 3, or from that in `layout`.
  mlir::Value plain(Heads heads);
  mlir::Value lay(mlir::Value plain, llvm::ArrayRef<int64_t> layout);
  /// `count` elements of dimension `dim` from `first` on.
  mlir::Value slice(mlir::Value tensor, unsigned dim, mlir::OpFoldResult first,
                    mlir::OpFoldResult count);
  /// `part` in the place of as many elements of dimension `dim` from `first`
  /// on.
  mlir::Value insert(mlir::Value part, mlir::Value whole, unsigned dim,
                     mlir::OpFoldResult first);

private:
  llvm::SmallVector<mlir::OpFoldResult>
  sizesOf(mlir::AffineMap result, mlir::ValueRange inputs,
          llvm::ArrayRef<mlir::AffineMap> maps);
};

/// Left times right.
mlir::Value product(mlir::ImplicitLocOpBuilder &s, mlir::ValueRange x);
mlir::Value constantOf(mlir::ImplicitLocOpBuilder &s, float value);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_HEADTENSORS_H
