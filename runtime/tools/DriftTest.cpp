// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Drift.h"
#include "runtime/DType.h"

#include <cmath>
#include <gtest/gtest.h>
#include <vector>

using namespace attune;

static const float infinity = INFINITY, none = NAN;

/// Of two matrices with rows of `width` elements.
static Drift drift(std::vector<float> own, std::vector<float> reference,
                   int64_t width = 1) {
  int64_t shape[] = {static_cast<int64_t>(own.size()) / width, width};
  auto tensor = [&](std::vector<float> &data) {
    return DLTensor{data.data(), {kDLCPU, 0}, 2, findDType("f32")->dtype,
                    shape,       nullptr,     0};
  };
  return driftOf(tensor(own), tensor(reference));
}

TEST(Drift, OfEqualTensorsIsNone) {
  Drift same = drift({1, -2, infinity, none}, {1, -2, infinity, none});
  EXPECT_EQ(same.maxAbs, 0);
  EXPECT_EQ(same.relativeL2, 0);
  EXPECT_EQ(same.cosine, 1);
  EXPECT_EQ(same.unmatched, 0);
}

TEST(Drift, MeasuresLengthAndAngle) {
  Drift turned = drift({0, 4}, {3, 0});
  EXPECT_DOUBLE_EQ(turned.maxAbs, 4);
  EXPECT_DOUBLE_EQ(turned.relativeL2, 5.0 / 3);
  EXPECT_EQ(turned.cosine, 0);
  Drift grown = drift({2, 4}, {1, 2});
  EXPECT_DOUBLE_EQ(grown.relativeL2, 1);
  EXPECT_DOUBLE_EQ(grown.cosine, 1);
  EXPECT_DOUBLE_EQ(drift({-1}, {1}).cosine, -1);
}

TEST(Drift, FromNothingHasNoBound) {
  Drift made = drift({1}, {0});
  EXPECT_EQ(made.relativeL2, infinity);
  EXPECT_EQ(made.cosine, 0);
  EXPECT_EQ(drift({}, {}).cosine, 1);
}

TEST(Drift, WithoutNumbersIsTheWorst) {
  for (auto [own, reference] : std::vector<std::pair<float, float>>{
           {none, 1}, {1, none}, {infinity, 1}, {infinity, -infinity}}) {
    Drift lost = drift({own, 5}, {reference, 5});
    EXPECT_EQ(lost.unmatched, 1);
    EXPECT_EQ(lost.maxAbs, infinity);
    EXPECT_EQ(lost.relativeL2, infinity);
    EXPECT_TRUE(std::isnan(lost.cosine));
  }
}

TEST(Drift, CountsRowsWithOneArgmax) {
  EXPECT_DOUBLE_EQ(
      drift({1, 2, 3, 4, 6, 5}, {0, 9, 9, 0, 7, 1}, 2).argmaxAgreement,
      2.0 / 3);
  EXPECT_TRUE(std::isnan(drift({1, 2}, {1, 2}).argmaxAgreement));
}

TEST(Drift, OfRawItemsIsEqualityOnly) {
  uint8_t own[] = {1, 2}, others[] = {1, 3};
  int64_t shape[] = {2};
  auto tensor = [&](uint8_t *data) {
    return DLTensor{data,  {kDLCPU, 0}, 1, findDType("f8e5m2")->dtype,
                    shape, nullptr,     0};
  };
  EXPECT_EQ(driftOf(tensor(own), tensor(own)).maxAbs, 0);
  EXPECT_EQ(driftOf(tensor(own), tensor(others)).unmatched, 1);
}

TEST(Drift, ReadsEachTypeByItself) {
  float own[] = {1, 2};
  uint16_t halves[] = {0x3c00, 0x4200};
  int64_t shape[] = {2};
  DLTensor a{own, {kDLCPU, 0}, 1, findDType("f32")->dtype, shape, nullptr, 0};
  DLTensor b{halves, {kDLCPU, 0}, 1, findDType("f16")->dtype,
             shape,  nullptr,     0};
  EXPECT_DOUBLE_EQ(driftOf(a, b).maxAbs, 1);
}
