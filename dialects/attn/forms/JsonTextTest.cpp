// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/JsonText.h"
#include "gtest/gtest.h"

using namespace attune;

static std::string errorOf(llvm::StringRef text) {
  llvm::Expected<JsonText> json = JsonText::parse("f", text);
  return json ? "" : llvm::toString(json.takeError());
}

TEST(JsonText, TellsWhereValuesStand) {
  JsonText json = llvm::cantFail(JsonText::parse(
      "f",
      "{\"a\": [1,\n  {\"b/c\": true , \"d\\\"\": \"x\\\"}\"}],\n\"e\": {}}"));
  EXPECT_EQ(json.placeOf(""), "f:1:1");
  EXPECT_EQ(json.placeOf("/a"), "f:1:7");
  EXPECT_EQ(json.placeOf("/a/0"), "f:1:8");
  EXPECT_EQ(json.placeOf("/a/1/b~1c"), "f:2:11");
  EXPECT_EQ(json.placeOf("/a/1/d\""), "f:2:25");
  EXPECT_EQ(json.placeOf("/e"), "f:3:6");
}

TEST(JsonText, TellsThePlaceAroundWhatIsMissing) {
  JsonText json =
      llvm::cantFail(JsonText::parse("f", "{\n \"a\": {\"b\": 1}}"));
  EXPECT_EQ(json.placeOf("/a/x/y"), "f:2:7");
  EXPECT_EQ(json.placeOf("/x"), "f:1:1");
  EXPECT_EQ(llvm::toString(json.errorAt("/a/b", "is bad")), "f:2:13: is bad");
}

TEST(JsonText, RefusesWhatIsWrong) {
  EXPECT_EQ(errorOf("{\"a\": 1,\n \"a\": 2}"), "f:2:2: a name is given twice");
  EXPECT_EQ(errorOf("{\"a\": 1, \"\\u0061\": 2}"),
            "f:1:10: a name is given twice");
  EXPECT_EQ(errorOf(std::string(100000, '[')),
            "f:1:33: is nested deeper than 32 levels");
  EXPECT_NE(errorOf("{\"a\": }").find("f:1:"), std::string::npos);
  EXPECT_NE(errorOf("{\"a\": }").find("is no JSON"), std::string::npos);
  EXPECT_NE(errorOf(""), "");
}
