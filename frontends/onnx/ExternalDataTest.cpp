// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ExternalData.h"
#include "frontends/onnx/TestModels.h"

#include <sys/stat.h>

using namespace attune::model;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

std::string whyNot(const Folder &folder, const Entries &entries,
                   uint64_t needed = 4) {
  try {
    resolveExternal(folder.path(), entries, needed);
  } catch (const Failure &failure) {
    return failure.what();
  }
  return "";
}

TEST(ExternalData, FindsRange) {
  Folder folder;
  folder.write("w.bin", "0123456789");
  ExternalRange range = resolveExternal(
      folder.path(), {{"location", "w.bin"}, {"offset", "2"}, {"length", "4"}},
      4);
  EXPECT_EQ(range.path, folder / "w.bin");
  EXPECT_EQ(range.offset, 2u);
  EXPECT_EQ(range.size, 4u);
  EXPECT_EQ(openBelow(folder.path(), range.location).read(2, 4), "2345");
}

TEST(ExternalData, NamesWithDotsAreLegal) {
  Folder folder;
  for (std::string name : {"a..b.bin", "..a", "a..", "...", "d/./w.bin"}) {
    folder.write(name, "0123");
    EXPECT_EQ(whyNot(folder, {{"location", name}}), "") << name;
  }
}

TEST(ExternalData, RefusesToLeaveTheFolder) {
  Folder folder;
  folder.write("secret", "0123");
  folder.write("m/a/w.bin", "0123");
  fs::permissions(folder / "m", fs::perms::owner_all);
  for (std::string name :
       {"../secret", "a/../../secret", "a/../a/w.bin", ".."}) {
    std::string why;
    try {
      resolveExternal(folder / "m", {{"location", name}}, 4);
    } catch (const Failure &failure) {
      why = failure.what();
    }
    EXPECT_THAT(why, HasSubstr("leads out of the model's folder")) << name;
  }
  EXPECT_THAT(whyNot(folder, {{"location", folder / "secret"}}),
              HasSubstr("requires a relative location"));
}

TEST(ExternalData, RefusesLinks) {
  Folder folder;
  folder.write("w.bin", "0123");
  folder.write("real/w.bin", "0123");
  fs::create_symlink("w.bin", folder / "soft.bin");
  fs::create_directory_symlink("real", folder / "soft");
  EXPECT_THAT(whyNot(folder, {{"location", "soft.bin"}}),
              HasSubstr("'soft.bin' is a symbolic link"));
  EXPECT_THAT(whyNot(folder, {{"location", "soft/w.bin"}}),
              HasSubstr("'soft' is a symbolic link"));
  EXPECT_EQ(whyNot(folder, {{"location", "w.bin"}}), "");
  fs::create_hard_link(folder / "w.bin", folder / "hard.bin");
  EXPECT_THAT(whyNot(folder, {{"location", "hard.bin"}}),
              HasSubstr("several names"));
}

TEST(ExternalData, RefusesWhatIsNoFile) {
  Folder folder;
  fs::create_directory(folder / "d");
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(whyNot(folder, {{"location", "d"}}), HasSubstr("a directory"));
  EXPECT_THAT(whyNot(folder, {{"location", "pipe"}}),
              HasSubstr("not a regular file"));
  EXPECT_THAT(whyNot(folder, {{"location", "absent"}}),
              HasSubstr("No such file"));
  EXPECT_THAT(whyNot(folder, {{"location", "."}}), HasSubstr("is not a file"));
  EXPECT_THAT(whyNot(folder, {{"location", "d//w"}}),
              HasSubstr("empty component"));
  EXPECT_THAT(whyNot(folder, {{"location", ""}}), HasSubstr("empty"));
  EXPECT_THAT(whyNot(folder, {{"location", std::string("a\0b", 3)}}),
              HasSubstr("zero bytes"));
}

TEST(ExternalData, RefusesDevices) {
  if (!fs::exists("/dev/zero"))
    GTEST_SKIP() << "no /dev/zero";
  try {
    resolveExternal("/dev", {{"location", "zero"}}, 4);
    FAIL() << "a device was opened";
  } catch (const Failure &failure) {
    EXPECT_THAT(failure.what(), HasSubstr("not a regular file"));
  }
}

TEST(ExternalData, RefusesOddKeys) {
  Folder folder;
  folder.write("w.bin", "0123");
  EXPECT_THAT(whyNot(folder, {}), HasSubstr("has no location"));
  EXPECT_THAT(whyNot(folder, {{"offset", "0"}}), HasSubstr("has no location"));
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}, {"path", "x"}}),
              HasSubstr("unknown key 'path'"));
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}, {"location", "w.bin"}}),
              HasSubstr("'location' twice"));
  EXPECT_THAT(
      whyNot(folder, {{"location", "w.bin"}, {"offset", "0"}, {"offset", "1"}}),
      HasSubstr("'offset' twice"));
}

TEST(ExternalData, ChecksumIsAKnownKey) {
  // onnx.proto names it; it says nothing about where the data is.
  Folder folder;
  folder.write("w.bin", "0123");
  EXPECT_EQ(whyNot(folder, {{"location", "w.bin"}, {"checksum", "abc"}}), "");
}

TEST(ExternalData, RefusesOddNumbers) {
  Folder folder;
  folder.write("w.bin", "0123");
  for (std::string text :
       {"", "-1", "+1", " 1", "1 ", "0x1", "1e3", "18446744073709551616",
        "18446744073709551615", "9223372036854775808"})
    EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}, {"offset", text}}),
                HasSubstr("requires a decimal number"))
        << text;
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"},
                              {"offset", "9223372036854775807"}}),
              HasSubstr("too short"));
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}, {"length", "3"}}),
              HasSubstr("requires a length of 4 bytes, but got 3"));
}

TEST(ExternalData, RefusesShortFiles) {
  Folder folder;
  folder.write("w.bin", "0123");
  EXPECT_EQ(whyNot(folder, {{"location", "w.bin"}}, 4), "");
  EXPECT_EQ(whyNot(folder, {{"location", "w.bin"}, {"offset", "4"}}, 0), "");
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}}, 5),
              HasSubstr("requires 5 bytes at offset 0, but the file has 4"));
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}, {"offset", "1"}}, 4),
              HasSubstr("too short"));
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}, {"offset", "5"}}, 0),
              HasSubstr("too short"));
  EXPECT_THAT(whyNot(folder, {{"location", "w.bin"}}, UINT64_MAX),
              HasSubstr("too short"));
}

TEST(ExternalData, KnowsTheFolderOfAFile) {
  EXPECT_EQ(folderOf("m.onnx"), ".");
  EXPECT_EQ(folderOf("/m.onnx"), "/");
  EXPECT_EQ(folderOf("a/b/m.onnx"), "a/b");
}

} // namespace
