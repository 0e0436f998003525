// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_RUNTIME_TOOLS_DRIFT_H
#define ATTUNE_RUNTIME_TOOLS_DRIFT_H

#include <cstdint>
#include <dlpack/dlpack.h>

namespace attune {

/// How far a tensor is from a reference.
struct Drift {
  /// The largest difference; infinity if there is one without a number.
  double maxAbs = 0;
  /// Length of the difference by that of the reference.
  double relativeL2 = 0;
  /// Of the angle between them; 1 if both are 0, NaN if it has no number.
  double cosine = 1;
  /// Share of rows whose largest element stands in one place; NaN where rows
  /// have less than two elements or are no floats.
  double argmaxAgreement = 0;
  /// Elements that are NaN or infinite in one of them and not so in the other.
  int64_t unmatched = 0;
};

/// Both have one shape; types may differ. Raw items are equal or not.
Drift driftOf(const DLTensor &tensor, const DLTensor &reference);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_DRIFT_H
