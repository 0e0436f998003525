// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// How sums over lags are taken: directly or by Fourier transforms.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_LAGS_H
#define ATTUNE_DIALECTS_ATTN_CORE_LAGS_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace attune::attn {

/// The least number without prime factors above 5 that is at least `least`,
/// which is positive.
int64_t smoothLength(int64_t least);

/// Operations on one column that is transformed, multiplied and transformed
/// back; a transform takes two real columns at once.
double fourierFlops(int64_t length);

/// Whether transforms of `length` cost less time than `products` multiply-adds.
bool fourierIsCheaper(int64_t length, double products);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_LAGS_H
