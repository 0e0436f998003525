// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Sampler.h"
#include "runtime/testing/Artifacts.h"

#include <cmath>
#include <map>

using namespace attune;

static const std::vector<float> logits = {0.5f, 2, -1, 1.5f, 2, 0, -3, 1};

/// How often each token is drawn at `count` places.
static std::map<int64_t, int> draw(const attune_sampling_t &options,
                                   uint32_t count) {
  std::map<int64_t, int> found;
  for (uint32_t position = 0; position < count; ++position) {
    int64_t token = -1;
    EXPECT_FINE(attune_sample(&options, logits.data(), logits.size(), nullptr,
                              0, position, 5, &token));
    ++found[token];
  }
  return found;
}

static attune_sampling_t warm() {
  attune_sampling_t options = ATTUNE_SAMPLING_INIT;
  options.temperature = 1;
  options.seed = 17;
  return options;
}

TEST(Sampler, PhiloxGivesTheKnownWords) {
  using Words = std::array<uint32_t, 4>;
  EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox({~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Sampler, ColdTakesTheLowestOfTheBest) {
  int64_t token = -1;
  EXPECT_FINE(attune_sample(nullptr, logits.data(), logits.size(), nullptr, 0,
                            0, 0, &token));
  EXPECT_EQ(token, 1);
}

TEST(Sampler, TopKKeepsThatMany) {
  attune_sampling_t options = warm();
  options.top_k = 3;
  std::map<int64_t, int> found = draw(options, 2000);
  EXPECT_EQ(found.size(), 3u);
  for (int64_t token : {1, 3, 4})
    EXPECT_TRUE(found.count(token)) << token;
  // Of two that are as good the lower one.
  options.top_k = 1;
  EXPECT_EQ(draw(options, 100), (std::map<int64_t, int>{{1, 100}}));
}

TEST(Sampler, TopPKeepsAtLeastOne) {
  attune_sampling_t options = warm();
  for (double share : {0.0, 1e-9, 0.2}) {
    options.top_p = share;
    EXPECT_EQ(draw(options, 100), (std::map<int64_t, int>{{1, 100}})) << share;
  }
}

TEST(Sampler, MinPKeepsWhatIsNear) {
  attune_sampling_t options = warm();
  options.min_p = 0.5;
  EXPECT_EQ(draw(options, 2000).size(), 3u);
  options.min_p = 1;
  EXPECT_EQ(draw(options, 2000).size(), 2u);
}

TEST(Sampler, DrawsAsOftenAsProbable) {
  constexpr int count = 100000;
  std::map<int64_t, int> found = draw(warm(), count);
  double total = 0, distance = 0;
  for (float logit : logits)
    total += std::exp(logit);
  for (size_t i = 0; i < logits.size(); ++i) {
    double wanted = count * std::exp(logits[i]) / total;
    double apart = found[static_cast<int64_t>(i)] - wanted;
    distance += apart * apart / wanted;
  }
  // Chi-square of 7 degrees: above 24.3 once in a thousand.
  EXPECT_LT(distance, 24.3);
}

TEST(Sampler, SeedsPlacesAndSequencesAllCount) {
  attune_sampling_t options = warm();
  auto text = [&](uint32_t sequence) {
    std::vector<int64_t> tokens(50);
    for (uint32_t position = 0; position < 50; ++position)
      EXPECT_FINE(attune_sample(&options, logits.data(), logits.size(), nullptr,
                                0, position, sequence, &tokens[position]));
    return tokens;
  };
  std::vector<int64_t> first = text(0);
  EXPECT_EQ(first, text(0));
  EXPECT_NE(first, text(1));
  options.seed ^= uint64_t(1) << 40;
  EXPECT_NE(first, text(0));
}

TEST(Sampler, BiasesAndPenaltiesMoveTheBest) {
  attune_sampling_t options = ATTUNE_SAMPLING_INIT;
  int64_t token, biased = 6, seen[] = {1, 4, 4};
  double bias = 9;
  options.bias_tokens = &biased;
  options.biases = &bias;
  options.bias_count = 1;
  auto pick = [&] {
    EXPECT_FINE(attune_sample(&options, logits.data(), logits.size(), seen, 3,
                              0, 0, &token));
    return token;
  };
  EXPECT_EQ(pick(), 6);
  options.bias_count = 0;
  options.repetition_penalty = 1.5;
  EXPECT_EQ(pick(), 3);
  options.repetition_penalty = 1;
  options.frequency_penalty = 0.2;
  EXPECT_EQ(pick(), 1);
  options.frequency_penalty = 0;
  options.presence_penalty = 1;
  EXPECT_EQ(pick(), 3);
}

TEST(Sampler, RefusesWhatIsNoDistribution) {
  int64_t token;
  for (float bad : {NAN, INFINITY}) {
    float some[] = {1, bad};
    EXPECT_STATUS(ATTUNE_INVALID_VALUE, "no distribution",
                  attune_sample(nullptr, some, 2, nullptr, 0, 0, 0, &token));
  }
  float none[] = {-INFINITY, -INFINITY};
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "all are",
                attune_sample(nullptr, none, 2, nullptr, 0, 0, 0, &token));
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "no logits",
                attune_sample(nullptr, none, 0, nullptr, 0, 0, 0, &token));
  attune_sampling_t options = warm();
  options.repetition_penalty = 0;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "repetition",
                attune_sample(&options, none, 2, nullptr, 0, 0, 0, &token));
}
