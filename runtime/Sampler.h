// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Picks a token by its logits: the same one on any machine, at any batch.

#ifndef ATTUNE_RUNTIME_SAMPLER_H
#define ATTUNE_RUNTIME_SAMPLER_H

#include "attune/attune.h"

#include <array>
#include <unordered_map>
#include <vector>

namespace attune {

/// Philox-4x32-10: random words that depend on counter and key alone.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                               std::array<uint32_t, 2> key);

/// How often each token has been seen.
using TokenCounts = std::unordered_map<int64_t, int64_t>;

/// Where a token is picked: its position in its sequence, and which sequence.
struct DrawPlace {
  uint32_t position, sequence;
};

/// ATTUNE_INVALID_ARGUMENT, naming it, if an option is out of range.
attune_status_t checkSampling(const attune_sampling_t &options);

/// Picks a token. Keeps scratch memory from call to call.
class Sampler {
public:
  /// `logits` are changed. ATTUNE_INVALID_VALUE if they are no distribution:
  /// one is NaN or infinity, or all are -infinity.
  attune_status_t pick(const attune_sampling_t &options,
                       std::vector<double> &logits, const TokenCounts &seen,
                       DrawPlace place, int64_t &token);

private:
  void keepFirst(const attune_sampling_t &options,
                 const std::vector<double> &logits);

  /// What may be picked: the best ones first, ties by the lower token.
  std::vector<size_t> kept;
  std::vector<double> weights;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_SAMPLER_H
