// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Sampler.h"
#include "runtime/Status.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace attune {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter,
                               std::array<uint32_t, 2> key) {
  constexpr uint64_t first = 0xD2511F53, second = 0xCD9E8D57;
  for (int round = 0; round < 10; ++round) {
    uint64_t left = first * counter[0], right = second * counter[2];
    counter = {static_cast<uint32_t>(right >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(right),
               static_cast<uint32_t>(left >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(left)};
    key = {key[0] + 0x9E3779B9, key[1] + 0xBB67AE85};
  }
  return counter;
}

static attune_status_t refuse(const char *what, double got) {
  return makeStatus(ATTUNE_INVALID_ARGUMENT, "sampling requires %s, but got %g",
                    what, got);
}

attune_status_t checkSampling(const attune_sampling_t &options) {
  // Written so that NaN is out of range.
  if (options.struct_size < sizeof(attune_sampling_t))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "sampling requires initialised options");
  if (!(options.temperature >= 0 && std::isfinite(options.temperature)))
    return refuse("a temperature of at least 0", options.temperature);
  if (options.top_k < 0)
    return refuse("a top-k of at least 0", double(options.top_k));
  if (!(options.top_p >= 0 && options.top_p <= 1))
    return refuse("a top-p between 0 and 1", options.top_p);
  if (!(options.min_p >= 0 && options.min_p <= 1))
    return refuse("a min-p between 0 and 1", options.min_p);
  if (!(options.repetition_penalty > 0 &&
        std::isfinite(options.repetition_penalty)))
    return refuse("a repetition penalty above 0", options.repetition_penalty);
  for (double penalty : {options.presence_penalty, options.frequency_penalty})
    if (!std::isfinite(penalty))
      return refuse("finite penalties", penalty);
  if (options.bias_count && (!options.bias_tokens || !options.biases))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "sampling requires tokens and values of biases");
  return nullptr;
}

/// Biases, then penalties on what was seen.
static attune_status_t adjust(const attune_sampling_t &options,
                              std::vector<double> &logits,
                              const TokenCounts &seen) {
  auto isToken = [&](int64_t token) {
    return token >= 0 && static_cast<size_t>(token) < logits.size();
  };
  for (size_t i = 0; i < options.bias_count; ++i) {
    if (!isToken(options.bias_tokens[i]))
      return refuse("biases of tokens of the model",
                    double(options.bias_tokens[i]));
    logits[static_cast<size_t>(options.bias_tokens[i])] += options.biases[i];
  }
  bool penalises = options.repetition_penalty != 1 ||
                   options.presence_penalty != 0 ||
                   options.frequency_penalty != 0;
  if (penalises)
    for (auto [token, count] : seen) {
      if (!isToken(token))
        continue;
      double &logit = logits[static_cast<size_t>(token)];
      logit = logit > 0 ? logit / options.repetition_penalty
                        : logit * options.repetition_penalty;
      logit -= options.presence_penalty +
               options.frequency_penalty * static_cast<double>(count);
    }
  bool any = false;
  for (double logit : logits) {
    if (std::isnan(logit) || logit == INFINITY)
      return makeStatus(ATTUNE_INVALID_VALUE,
                        "the logits are no distribution: one of them is %g",
                        logit);
    any |= std::isfinite(logit);
  }
  return any ? nullptr
             : makeStatus(ATTUNE_INVALID_VALUE,
                          "the logits are no distribution: all are -infinity");
}

/// Fills `kept` and their `weights`: the best `top_k`, of these the fewest
/// whose share before each is below `top_p`, of these those of `min_p`.
void Sampler::keepFirst(const attune_sampling_t &options,
                        const std::vector<double> &logits) {
  auto worse = [&](size_t left, size_t right) {
    return logits[left] != logits[right] ? logits[left] < logits[right]
                                         : left > right;
  };
  size_t most = logits.size();
  if (options.top_k > 0)
    most = std::min(most, static_cast<size_t>(options.top_k));
  std::vector<size_t> &heap = kept;
  heap.resize(logits.size());
  std::iota(heap.begin(), heap.end(), 0);
  double best = *std::max_element(logits.begin(), logits.end());
  auto weightOf = [&](size_t token) {
    return std::exp((logits[token] - best) / options.temperature);
  };
  bool ordered = most < logits.size() || options.top_p < 1;
  if (ordered) {
    std::partial_sort(
        heap.begin(), heap.begin() + static_cast<ptrdiff_t>(most), heap.end(),
        [&](size_t left, size_t right) { return worse(right, left); });
    heap.resize(most);
  }
  weights.clear();
  double total = 0, before = 0;
  for (size_t token : heap) {
    weights.push_back(weightOf(token));
    total += weights.back();
  }
  size_t count = ordered ? 0 : heap.size();
  if (ordered)
    for (; count < heap.size() && (count == 0 || before < options.top_p);
         ++count)
      before += weights[count] / total;
  // The largest weight is 1.
  size_t last = 0;
  for (size_t i = 0; i < count; ++i)
    if (weights[i] >= options.min_p) {
      heap[last] = heap[i];
      weights[last++] = weights[i];
    }
  heap.resize(last);
  weights.resize(last);
}

attune_status_t Sampler::pick(const attune_sampling_t &options,
                              std::vector<double> &logits,
                              const TokenCounts &seen, DrawPlace place,
                              int64_t &token) {
  if (logits.empty())
    return makeStatus(ATTUNE_INVALID_VALUE, "there are no logits");
  if (attune_status_t status = adjust(options, logits, seen))
    return status;
  if (options.temperature == 0) {
    token = std::max_element(logits.begin(), logits.end()) - logits.begin();
    return nullptr;
  }
  keepFirst(options, logits);
  // The order of summation is that of the tokens.
  std::fill(logits.begin(), logits.end(), 0);
  double total = 0;
  for (size_t i = 0; i < kept.size(); ++i)
    logits[kept[i]] = weights[i];
  for (double weight : logits)
    total += weight;
  auto word = philox({place.position, place.sequence, 0, 0},
                     {static_cast<uint32_t>(options.seed),
                      static_cast<uint32_t>(options.seed >> 32)})[0];
  double limit = (word + 0.5) / 4294967296.0 * total, sum = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] == 0)
      continue;
    token = static_cast<int64_t>(i);
    sum += logits[i];
    if (sum > limit)
      break;
  }
  return nullptr;
}

} // namespace attune

using namespace attune;

attune_status_t attune_sample(const attune_sampling_t *options,
                              const float *logits, size_t count,
                              const int64_t *seen, size_t seen_count,
                              uint32_t position, uint32_t sequence,
                              int64_t *token) {
  if (!logits || !token || (!seen && seen_count))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_sample requires logits and a result");
  const attune_sampling_t defaults = ATTUNE_SAMPLING_INIT;
  const attune_sampling_t &chosen = options ? *options : defaults;
  if (attune_status_t status = checkSampling(chosen))
    return status;
  return guarded([&] {
    TokenCounts counts;
    for (size_t i = 0; i < seen_count; ++i)
      ++counts[seen[i]];
    std::vector<double> values(logits, logits + count);
    return Sampler().pick(chosen, values, counts, {position, sequence}, *token);
  });
}
