// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/SizeExpr.h"
#include "gtest/gtest.h"

namespace attune {
namespace {

SizeExpr size(llvm::StringRef text) { return *SizeExpr::parse(text); }

TEST(SizeExprTest, NamesAreReadAsTheyAreWritten) {
  for (llvm::StringRef text :
       {"batch", "{3*batch}", "{batch*past+batch*rows+2*past+5}", "{a*a+a}",
        "past_length + length", "{7}"})
    EXPECT_EQ(size(text).text(), text);
  EXPECT_EQ(size("{b+a}"), size("{a+b}"));
  EXPECT_EQ(size("{b*a+a*b}").text(), "{2*a*b}");
}

TEST(SizeExprTest, SumsLoseWhatCancels) {
  EXPECT_EQ(*add(size("p"), size("s")), size("{p+s}"));
  EXPECT_EQ(*add(size("{p+s}"), size("p"), -1), size("s"));
  EXPECT_TRUE(add(size("p"), size("p"), -1)->isConstant(0));
  EXPECT_FALSE(add(SizeExpr::of(INT64_MAX), SizeExpr::of(1)));
}

TEST(SizeExprTest, ProductsAreDividedAgain) {
  SizeExpr sum = size("{p+s+2}"), other = size("{b+p}");
  std::optional<SizeExpr> product = multiply(sum, other);
  ASSERT_TRUE(product);
  EXPECT_EQ(divide(*product, sum), other);
  EXPECT_EQ(divide(*product, other), sum);
  EXPECT_TRUE(divide(sum, sum)->isConstant(1));
  EXPECT_FALSE(divide(sum, size("p")));
  EXPECT_FALSE(divide(size("{3*b}"), SizeExpr::of(2)));
  EXPECT_FALSE(divide(sum, SizeExpr::of(0)));
  EXPECT_FALSE(divide(SizeExpr::of(INT64_MIN), SizeExpr::of(-1)));
}

TEST(SizeExprTest, OnlyLongExpressionsAreGivenUp) {
  SizeExpr power = size("a");
  for (int i = 1; i < 8; ++i)
    power = *multiply(power, size("a"));
  EXPECT_FALSE(multiply(power, size("a")));
  SizeExpr sum;
  for (char name = 'a'; name < 'i'; ++name)
    sum = *add(sum, SizeExpr::named(std::string(1, name)));
  EXPECT_FALSE(add(sum, size("z")));
}

TEST(SizeExprTest, EqualityIsSaidWhereItHoldsForAllSizes) {
  EXPECT_EQ(isEqual(size("{p+s}"), size("{s+p}")), true);
  EXPECT_EQ(isEqual(size("p"), SizeExpr::of(-1)), false);
  EXPECT_EQ(isEqual(size("{p+s+1}"), size("s")), false);
  EXPECT_EQ(isEqual(SizeExpr::of(2), SizeExpr::of(3)), false);
  EXPECT_EQ(isEqual(size("{p+s}"), size("s")), std::nullopt);
  EXPECT_EQ(isEqual(size("p"), SizeExpr::of(1)), std::nullopt);
}

TEST(SizeExprTest, SumsAreAtLeastTheirParts) {
  EXPECT_TRUE(isAtLeast(size("{p+s}"), size("s")));
  EXPECT_TRUE(isAtLeast(size("s"), size("s")));
  EXPECT_FALSE(isAtLeast(size("s"), size("{p+s}")));
  EXPECT_FALSE(isAtLeast(size("s"), SizeExpr::of(1)));
  EXPECT_FALSE(isAtLeast(std::nullopt, size("s")));
}

TEST(SizeExprTest, OnesAreBroadcast) {
  SizeExpr one = SizeExpr::of(1), sum = size("{p+s}");
  EXPECT_EQ(broadcast(one, sum), sum);
  EXPECT_EQ(broadcast(sum, sum), sum);
  EXPECT_EQ(broadcast(sum, SizeExpr::of(4)), SizeExpr::of(4));
  EXPECT_EQ(broadcast(sum, size("p")), std::nullopt);
}

} // namespace
} // namespace attune
