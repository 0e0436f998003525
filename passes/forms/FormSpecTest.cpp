// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormSpec.h"
#include "gtest/gtest.h"

using namespace attune;

/// What is wrong with a specification, or "".
static std::string errorOf(llvm::StringRef text) {
  llvm::Expected<llvm::SmallVector<FormSpec>> specs = parseFormSpecs(text);
  return specs ? "" : llvm::toString(specs.takeError());
}

TEST(FormSpec, ReadsFormParametersAndLayers) {
  auto specs = llvm::cantFail(
      parseFormSpecs("linear{eps=1e-6,n=2}@layers=0-2,5;heads=all  other"));
  ASSERT_EQ(specs.size(), 2u);
  EXPECT_EQ(specs[0].form, "linear");
  ASSERT_EQ(specs[0].parameters.size(), 2u);
  EXPECT_EQ(specs[0].parameters[0].first, "eps");
  EXPECT_EQ(specs[0].parameters[0].second, "1e-6");
  EXPECT_EQ(specs[0].parameters[1].second, "2");
  std::string covered;
  for (unsigned layer = 0; layer < 7; ++layer)
    covered += specs[0].covers(layer) ? 'x' : '.';
  EXPECT_EQ(covered, "xxx..x.");
  EXPECT_TRUE(specs[0].coversHead(1000));
  EXPECT_EQ(specs[1].form, "other");
  EXPECT_TRUE(specs[1].covers(1000));
}

TEST(FormSpec, ReadsHeads) {
  auto specs = llvm::cantFail(parseFormSpecs("local@layers=1;heads=1-2,4"));
  std::string covered;
  for (unsigned head = 0; head < 6; ++head)
    covered += specs[0].coversHead(head) ? 'x' : '.';
  EXPECT_EQ(covered, ".xx.x.");
}

TEST(FormSpec, TakesCommasBetweenLayersAndHeads) {
  auto specs = llvm::cantFail(
      parseFormSpecs("a@layers=0-1,3,heads=2,4 b{f=x@y.z}@heads=all,layers=1"));
  ASSERT_EQ(specs.size(), 2u);
  std::string layers, heads;
  for (unsigned number = 0; number < 6; ++number) {
    layers += specs[0].covers(number) ? 'x' : '.';
    heads += specs[0].coversHead(number) ? 'x' : '.';
  }
  EXPECT_EQ(layers, "xx.x..");
  EXPECT_EQ(heads, "..x.x.");
  EXPECT_EQ(specs[1].parameters[0].second, "x@y.z");
  EXPECT_TRUE(specs[1].covers(1) && !specs[1].covers(0));
  EXPECT_TRUE(specs[1].coversHead(9));
}

TEST(FormSpec, TakesEmptyBracesAndAllLayers) {
  auto specs = llvm::cantFail(parseFormSpecs("linear{}@layers=all"));
  ASSERT_EQ(specs.size(), 1u);
  EXPECT_TRUE(specs[0].parameters.empty());
  EXPECT_TRUE(specs[0].covers(7));
  EXPECT_TRUE(llvm::cantFail(parseFormSpecs(" ")).empty());
}

TEST(FormSpec, SaysWhatIsWrong) {
  const std::pair<const char *, const char *> cases[] = {
      {"@layers=0", "the form's name is missing"},
      {"linear{eps=1", "not enclosed"},
      {"linear{eps=1}x", "not enclosed"},
      {"lineareps=1}", "closes no"},
      {"linear{eps}", "'eps' is no parameter"},
      {"linear{eps=}", "'eps=' is no parameter"},
      {"linear{a=1,a=2}", "'a' is given twice"},
      {"linear@", "'' selects nothing"},
      {"linear@rows=1", "'rows=1' selects nothing"},
      {"linear@layers=", "'' is no layer"},
      {"linear@layers=x", "'x' is no layer"},
      {"linear@layers=1-", "'1-' is no range"},
      {"linear@layers=3-1", "'3-1' is an empty range"},
      {"linear@layers=1;layers=2", "'layers' is given twice"},
      {"linear@layers=1,layers=2", "'layers' is given twice"},
      {"linear@1,layers=2", "'1' selects nothing"},
      {"linear@layers=1,,heads=2", "'' is no layer"},
      {"linear@heads=x", "'x' is no head"},
      {"linear@heads=3-1", "'3-1' is an empty range of heads"},
      {"linear@layers=99999999999", "is no layer"}};
  for (auto [text, reason] : cases)
    EXPECT_NE(errorOf(text).find(reason), std::string::npos)
        << text << ": " << errorOf(text);
}
