// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/Plan.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace attune;

/// Reads a plan of this text; `path` becomes what its file was called.
static llvm::Expected<llvm::SmallVector<FormSpec>>
readText(llvm::StringRef text, llvm::SmallString<128> &path) {
  int descriptor = -1;
  EXPECT_FALSE(
      llvm::sys::fs::createTemporaryFile("plan", "json", descriptor, path));
  {
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    stream << text;
  }
  auto specs = readPlan(path);
  llvm::sys::fs::remove(path);
  return specs;
}

/// What is wrong with a plan, without the name of its file.
static std::string errorOf(llvm::StringRef text) {
  llvm::SmallString<128> path;
  auto specs = readText(text, path);
  if (specs)
    return "";
  std::string message = llvm::toString(specs.takeError());
  EXPECT_TRUE(llvm::StringRef(message).starts_with(path)) << message;
  return message.substr(std::min(message.size(), path.size()));
}

TEST(Plan, SaysWhatTheShortWaySays) {
  llvm::SmallString<128> path;
  auto specs = llvm::cantFail(readText(
      "{\"version\": 1, \"layers\": [\n"
      " {\"layers\": \"0-1,3\", \"heads\": \"all\", \"form\": "
      "\"sliding_window\",\n  \"parameters\": {\"window\": 8, \"sinks\": 2}},\n"
      " {\"layers\": 2, \"heads\": 5, \"form\": \"linear\", \"parameters\": "
      "{\"eps\": 1e-3}}, {\"form\": \"local\"}]}",
      path));
  ASSERT_EQ(specs.size(), 3u);
  EXPECT_EQ(specs[0].form, "sliding_window");
  using Given = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(specs[0].parameters, (Given{{"sinks", "2"}, {"window", "8"}}));
  EXPECT_TRUE(specs[0].covers(3) && !specs[0].covers(2));
  EXPECT_TRUE(specs[0].coversHead(100));
  EXPECT_EQ(specs[0].line, 2u);
  EXPECT_EQ(specs[0].column, 2u);
  EXPECT_EQ(specs[0].file, path);
  EXPECT_TRUE(specs[1].covers(2) && !specs[1].covers(1));
  EXPECT_TRUE(specs[1].coversHead(5) && !specs[1].coversHead(4));
  EXPECT_EQ(std::stod(specs[1].parameters[0].second), 1e-3);
  EXPECT_TRUE(specs[2].covers(7) && specs[2].coversHead(7));
}

TEST(Plan, SaysWhereItIsWrong) {
  auto entry = [](const std::string &text) {
    return "{\"version\": 1,\n\"layers\": [\n{\"form\": \"linear\", " + text +
           "}]}";
  };
  const std::pair<std::string, const char *> cases[] = {
      {"[]", ":1:1: a plan is an object"},
      {"{\n\"layers\": []}", ":1:1: requires \"version\": 1"},
      {"{\"layers\": [],\n \"version\": 2}", ":2:13: requires \"version\": 1"},
      {"{\"version\": 1,\n\"layers\": 3}", ":2:11: requires \"layers\""},
      {"{\"version\": 1}", ":1:1: requires \"layers\""},
      {"{\"version\": 1, \"layers\": [],\n\"lairs\": 1}",
       ":2:10: there is no 'lairs' here; there are version, layers"},
      {"{\"version\": 1, \"layers\": [\n7]}", ":2:1: requires an object"},
      {"{\"version\": 1, \"layers\": [\n{}]}", ":2:1: requires the name"},
      {"{\"version\": 1, \"layers\": [{\"form\":\n \"x\"}]}",
       ":2:2: there is no form 'x'; the forms are "},
      {entry("\"layers\": \"3-1\""), ":3:30: '3-1' is an empty range"},
      {entry("\"heads\": \"x\""), ":3:29: 'x' is no head"},
      {entry("\"layers\": -1"), ":3:30: '-1' is no layer"},
      {entry("\"layers\": [1]"), ":3:30: requires \"all\""},
      {entry("\"parameters\": 1"), ":3:34: requires an object of"},
      {entry("\"parameters\": {\"eps\": true}"),
       ":3:42: form 'linear' requires a number for 'eps', but got 'true'"},
      {entry("\"parameters\": {\"eps\": []}"), ":3:42: form 'linear' requires"},
      {entry("\"parameters\": {\"epsilon\": 1}"),
       ":3:46: form 'linear' has no parameter 'epsilon'"},
      {entry("\"form\": \"local\""), ":3:20: a name is given twice"},
      {"{\"version\": 1,\n,}", ":2:"}};
  for (const auto &[text, reason] : cases)
    EXPECT_EQ(errorOf(text).substr(0, strlen(reason)), reason)
        << text << errorOf(text);
}

TEST(Plan, SaysThatThereIsNone) {
  for (const char *path : {"/nowhere/plan.json", "/", "/dev/zero"}) {
    auto specs = readPlan(path);
    ASSERT_FALSE(specs);
    EXPECT_NE(llvm::toString(specs.takeError()).find("cannot read the plan"),
              std::string::npos);
  }
}
