// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Limits.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace attune;

static std::string refusal(const std::string &text) {
  Limit limit;
  std::string reason;
  return parseLimit(text, limit, reason) ? "" : reason;
}

static Limit parsed(const std::string &text) {
  Limit limit;
  std::string reason;
  EXPECT_TRUE(parseLimit(text, limit, reason)) << reason;
  return limit;
}

TEST(Limits, HaveTwoSides) {
  Limit upper = parsed("max_abs>1e-3"), lower = parsed("cosine<0.5");
  EXPECT_TRUE(upper.isBroken(0.002));
  EXPECT_FALSE(upper.isBroken(0.001));
  EXPECT_TRUE(lower.isBroken(0.4));
  EXPECT_FALSE(lower.isBroken(0.5));
}

TEST(Limits, AreBrokenByWhatIsNoNumber) {
  EXPECT_TRUE(parsed("max_abs>1").isBroken(NAN));
  EXPECT_TRUE(parsed("cosine<1").isBroken(NAN));
}

TEST(Limits, NameParts) {
  Limit limit = parsed("layers.relative_l2>0");
  EXPECT_EQ(limit.part, "layers");
  EXPECT_EQ(limit.metric, "relative_l2");
  EXPECT_EQ(parsed("speedup<1").part, "");
}

TEST(Limits, RefuseWhatTheyDoNotMean) {
  EXPECT_NE(refusal("max_abs").find("neither"), std::string::npos);
  EXPECT_NE(refusal("max_rel>1").find("none of max_abs"), std::string::npos);
  EXPECT_NE(refusal("layer.max_abs>1").find("'layers.'"), std::string::npos);
  EXPECT_NE(refusal("layers.speedup<1").find("'layers.'"), std::string::npos);
  for (const char *text : {"max_abs>", "max_abs>x", "max_abs>1e-3x",
                           "max_abs>inf", "max_abs>=1", "cosine<nan"})
    EXPECT_NE(refusal(text).find("is no number"), std::string::npos) << text;
}
