// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/ToeplitzBias.h"
#include <cmath>

using namespace llvm;

namespace attune::attn {

void ToeplitzBias::add(const ToeplitzBias &other) {
  if (other.heads > heads) {
    ToeplitzBias wide(other.heads, length);
    for (int64_t head = 0; head < wide.heads; ++head)
      llvm::copy(row(0), wide.values.begin() + head * (2 * length - 1));
    *this = wide;
  }
  for (int64_t head = 0; head < heads; ++head)
    for (int64_t lag = 1 - length; lag < length; ++lag)
      at(head, lag) += other.row(other.heads == 1 ? 0 : head)[lag + length - 1];
}

bool ToeplitzBias::hidesLater(float hidden) const {
  for (int64_t head = 0; head < heads; ++head)
    for (float value : row(head).drop_front(length))
      if (value > hidden)
        return false;
  return true;
}

/// The least and the largest sum of the rows from `first` to `length`, of
/// `sums` over lags before one.
static double shareOf(ArrayRef<double> sums, int64_t first, int64_t length,
                      int64_t origin, bool causal) {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (int64_t i = first; i < length; ++i) {
    int64_t end = causal ? 1 : length - i;
    double mass = sums[origin + end] - sums[origin - i];
    low = std::min(low, mass);
    high = std::max(high, mass);
  }
  return high > 0 ? low / high : 0;
}

double ToeplitzBias::leastShare(bool causal, int64_t headShare,
                                int64_t shortest) const {
  double least = 1;
  int64_t origin = length - 1;
  for (int64_t head = 0; head < heads; ++head) {
    ArrayRef<float> all =
        row(head).take_front(causal ? length : 2 * length - 1);
    double top = *llvm::max_element(all);
    std::vector<double> sums = {0};
    for (float x : all)
      sums.push_back(sums.back() + (std::isinf(top) ? 0 : std::exp(x - top)));
    if (!causal)
      least = std::min(least, shareOf(sums, 0, length, origin, false));
    for (int64_t part = length; causal && part >= shortest; part /= headShare)
      least =
          std::min(least, shareOf(sums, part / headShare, part, origin, true));
  }
  return least;
}

} // namespace attune::attn
