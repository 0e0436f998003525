// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/Ranges.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace attune;
using attn::PolyFunction;

/// Reads ranges of this text; `path` becomes what its file was called.
static llvm::Expected<Ranges> readText(llvm::StringRef text,
                                       llvm::SmallString<128> &path) {
  int descriptor = -1;
  EXPECT_FALSE(
      llvm::sys::fs::createTemporaryFile("ranges", "json", descriptor, path));
  {
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << text;
  }
  auto ranges = Ranges::read(path);
  llvm::sys::fs::remove(path);
  return ranges;
}

static Ranges read(const std::string &entries) {
  llvm::SmallString<128> path;
  return llvm::cantFail(readText(
      "{\"version\": 1, \"degree\": 9, \"tolerance\": 1e-3, \"ranges\": [" +
          entries + "]}",
      path));
}

/// What is wrong with a file, without its name.
static std::string errorOf(llvm::StringRef text) {
  llvm::SmallString<128> path;
  auto ranges = readText(text, path);
  if (ranges)
    return "";
  std::string message = llvm::toString(ranges.takeError());
  EXPECT_TRUE(llvm::StringRef(message).starts_with(path)) << message;
  return message.substr(std::min(message.size(), path.size()));
}

static std::string errorOfEntry(const std::string &entry) {
  return errorOf("{\"version\": 1, \"ranges\": [\n " + entry + "]}");
}

TEST(Ranges, EntriesHaveTheirOwnEffortOrTheFiles) {
  Ranges ranges = read("{\"node\": \"a\", \"function\": \"gelu\", \"low\": -2, "
                       "\"high\": 3.5, \"degree\": 5}, {\"node\": \"b\", "
                       "\"function\": \"gelu\", \"low\": -1, \"high\": 1}, "
                       "{\"node\": \"a\", \"function\": \"inverse\", "
                       "\"low\": 1, \"high\": 2, \"steps\": 7}");
  const RangeEntry *entry = ranges.find("a", PolyFunction::gelu);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->stand.low, -2);
  EXPECT_EQ(entry->stand.high, 3.5);
  EXPECT_EQ(entry->stand.effort, 5);
  EXPECT_EQ(ranges.find("b", PolyFunction::gelu)->stand.effort, 9);
  EXPECT_EQ(ranges.find("a", PolyFunction::inverse)->stand.effort, 7);
  EXPECT_FALSE(ranges.find("c", PolyFunction::gelu));
  EXPECT_FALSE(ranges.find("a", PolyFunction::exp));
}

TEST(Ranges, StepsFollowFromTheTolerance) {
  Ranges ranges =
      read("{\"node\": \"a\", \"function\": \"inverse_sqrt\", \"low\": 0.1, "
           "\"high\": 2}");
  attn::Stand stand = ranges.find("a", PolyFunction::inverse_sqrt)->stand;
  EXPECT_LE(stand.error(), 1e-3);
  --stand.effort;
  EXPECT_GT(stand.error(), 1e-3);
}

TEST(Ranges, AnEntryWithoutNodeIsForAllOthers) {
  Ranges ranges = read("{\"function\": \"exp\", \"low\": -2, \"high\": 2}, "
                       "{\"node\": \"a\", \"function\": \"exp\", \"low\": -1, "
                       "\"high\": 1}");
  EXPECT_EQ(ranges.find("a", PolyFunction::exp)->stand.low, -1);
  EXPECT_EQ(ranges.find("b", PolyFunction::exp)->stand.low, -2);
}

TEST(Ranges, SayWhatIsWrongWhere) {
  EXPECT_EQ(errorOf("[]"), ":1:1: ranges are an object");
  EXPECT_EQ(errorOf("{\"version\": 2}"), ":1:13: requires \"version\": 1");
  EXPECT_NE(errorOf("{\"version\": 1,\n \"rangse\": []}")
                .find(":2:12: there is no 'rangse' here"),
            std::string::npos);
  EXPECT_EQ(errorOf("{\"version\": 1, \"degree\": 0, \"ranges\": []}"),
            ":1:26: requires an integer from 1 to 255");
  EXPECT_EQ(errorOf("{\"version\": 1, \"tolerance\": 1, \"ranges\": []}"),
            ":1:29: requires a number between 0 and 1");
  EXPECT_EQ(
      errorOfEntry("{\"function\": \"gleu\"}")
          .find(":2:15: requires \"function\": one of inverse, inverse_sqrt, "),
      0u);
  EXPECT_EQ(errorOfEntry("{\"function\": \"exp\", \"low\": \"NaN\"}"),
            ":2:29: requires \"low\": a number");
}

TEST(Ranges, RefuseWhatIsNoRange) {
  auto fault = [](const std::string &function, const std::string &bounds) {
    return errorOfEntry("{\"function\": \"" + function + "\", " + bounds + "}");
  };
  EXPECT_EQ(fault("inverse", "\"low\": 0, \"high\": 1"),
            ":2:2: requires bounds above 0 for 'inverse', but got 0 and 1");
  EXPECT_EQ(fault("gelu", "\"low\": 2, \"high\": 2"),
            ":2:2: requires a lower bound below the upper one, but got 2 and "
            "2");
  EXPECT_NE(fault("gelu", "\"low\": 2, \"high\": 1e999").find("finite"),
            std::string::npos);
  EXPECT_EQ(fault("gelu", "\"low\": 1, \"high\": 2, \"steps\": 3"),
            ":2:53: 'gelu' has 'degree', not 'steps'");
  EXPECT_EQ(fault("inverse", "\"low\": 1, \"high\": 2, \"steps\": 33"),
            ":2:56: requires an integer from 1 to 32");
  EXPECT_NE(fault("inverse", "\"low\": 1e-300, \"high\": 2").find("too wide"),
            std::string::npos);
  EXPECT_NE(errorOfEntry("{\"function\": \"exp\", \"low\": 1, \"high\": 2},\n"
                         "{\"function\": \"exp\", \"low\": 1, \"high\": 2}")
                .find(":3:1: the same node and function have a range on line "
                      "2"),
            std::string::npos);
}
