// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Which numbers a mask can hold.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_MASKVALUES_H
#define ATTUNE_DIALECTS_ATTN_CORE_MASKVALUES_H

#include "mlir/IR/Value.h"

namespace attune::attn {

/// The few numbers that elements of a tensor can be.
struct FewNumbers {
  llvm::SmallVector<double, 4> numbers;
  /// Whether that holds only if an input of the model is of zeros and ones.
  bool isAssumed = false;
};

/// Follows the element-wise operations and reshapes that compute `tensor` back
/// to constants, booleans and inputs of the model. Nothing if other operations
/// are found, or too many numbers.
std::optional<FewNumbers> fewNumbersOf(mlir::Value tensor);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_MASKVALUES_H
