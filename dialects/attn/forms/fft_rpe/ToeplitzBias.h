// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Biases whose elements depend on j - i only.

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_TOEPLITZBIAS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_TOEPLITZBIAS_H

#include "mlir/IR/BuiltinAttributes.h"
#include <vector>

namespace attune::attn {

/// A bias by j - i + L - 1, for one head or all of them one after the other.
struct ToeplitzBias {
  ToeplitzBias(int64_t heads, int64_t length)
      : heads(heads), length(length), values(heads * (2 * length - 1)) {}

  int64_t heads, length;
  std::vector<float> values; // heads x (2 length - 1)

  llvm::ArrayRef<float> row(int64_t head) const {
    int64_t lags = 2 * length - 1;
    return llvm::ArrayRef<float>(values).slice(head * lags, lags);
  }
  /// The element of j - i = `lag`.
  float &at(int64_t head, int64_t lag) {
    return values[head * (2 * length - 1) + lag + length - 1];
  }
  /// Adds a bias of the same length, of one head or as many.
  void add(const ToeplitzBias &other);
  /// Whether no query gives weight to a later key: each is `hidden` or less.
  bool hidesLater(float hidden) const;
  /// The least sum of a row of e^bias over the largest one of the same head,
  /// over the keys that are seen: rounding of transforms grows with its
  /// inverse. With `causal`, of rows from the first `1/headShare` of them on,
  /// of the whole and of every such first part down to `shortest`.
  double leastShare(bool causal, int64_t headShare, int64_t shortest) const;
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_TOEPLITZBIAS_H
