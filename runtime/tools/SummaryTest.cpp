// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Summary.h"
#include "runtime/DType.h"
#include "runtime/Half.h"

#include <gtest/gtest.h>
#include <vector>

using namespace attune;

template <typename T>
static std::string elementsOf(const char *dtype, std::vector<T> values) {
  int64_t shape[] = {static_cast<int64_t>(values.size())};
  DLTensor tensor = {values.data(), {kDLCPU, 0}, 1, findDType(dtype)->dtype,
                     shape,         nullptr,     0};
  return describeElements(tensor);
}

TEST(Summary, NamesTypeAndShape) {
  int64_t shape[] = {2, 3};
  DLTensor tensor = {nullptr, {kDLCPU, 0}, 2, findDType("bf16")->dtype,
                     shape,   nullptr,     0};
  EXPECT_EQ(describeTensor("y", tensor), "y: bf16 [2, 3]");
}

TEST(Summary, ReadsAllTypes) {
  const std::string expected = "min 1, mean 2, max 3";
  EXPECT_EQ(elementsOf<float>("f32", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<double>("f64", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<uint16_t>("f16", {0x4200, 0x3c00, 0x4000}), expected);
  EXPECT_EQ(elementsOf<uint16_t>("bf16", {0x4040, 0x3f80, 0x4000}), expected);
  EXPECT_EQ(elementsOf<int8_t>("i8", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<int16_t>("i16", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<int32_t>("i32", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<int64_t>("i64", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<uint8_t>("u8", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<uint16_t>("u16", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<uint32_t>("u32", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<uint64_t>("u64", {3, 1, 2}), expected);
  EXPECT_EQ(elementsOf<uint8_t>("i1", {0, 1, 1, 0}), "min 0, mean 0.5, max 1");
  EXPECT_EQ(elementsOf<int8_t>("i8", {-1}), "min -1, mean -1, max -1");
  EXPECT_EQ(elementsOf<uint8_t>("u8", {255}), "min 255, mean 255, max 255");
}

TEST(Summary, CountsWhatIsNoNumber) {
  EXPECT_EQ(elementsOf<float>("f32", {NAN, 2, NAN}),
            "min 2, mean 2, max 2, 2 NaN");
  EXPECT_EQ(elementsOf<float>("f32", {NAN}), "1 NaN");
  EXPECT_EQ(elementsOf<float>("f32", {INFINITY}), "min inf, mean inf, max inf");
  EXPECT_EQ(elementsOf<float>("f32", {}), "no elements");
}

TEST(Half, ConvertsBothWays) {
  EXPECT_EQ(halfToFloat(0x3c00), 1);
  EXPECT_EQ(halfToFloat(0xc100), -2.5f);
  EXPECT_EQ(halfToFloat(0x7bff), 65504);
  EXPECT_EQ(halfToFloat(0x0001), std::ldexp(1.0f, -24));
  EXPECT_EQ(halfToFloat(0xfc00), -INFINITY);
  EXPECT_TRUE(std::isnan(halfToFloat(0x7e00)));
  for (int i = -128; i < 128; ++i) {
    float value = static_cast<float>(i) / 128;
    EXPECT_EQ(halfToFloat(floatToHalf(value)), value);
    EXPECT_EQ(bfloat16ToFloat(floatToBfloat16(value)), value);
  }
}
