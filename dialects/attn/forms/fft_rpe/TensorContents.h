// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_TENSORCONTENTS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_TENSORCONTENTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"
#include "llvm/Support/MemoryBuffer.h"
#include <memory>

namespace attune::attn {

/// The elements of a constant tensor, where they lie: in the IR or in the file
/// that holds a weight.
class TensorContents {
public:
  /// Of `tensor`, if it is such a constant and its file can be read.
  static std::shared_ptr<TensorContents> of(mlir::Value tensor);

  /// Element `k`, row-major, as a number and as an attribute.
  double number(int64_t k) const;
  mlir::Attribute attribute(int64_t k) const;
  mlir::RankedTensorType type() const { return shape; }

private:
  mlir::RankedTensorType shape;
  mlir::DenseElementsAttr dense;            // or
  std::unique_ptr<llvm::MemoryBuffer> file; // of f32 or i64
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_TENSORCONTENTS_H
