// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/io/Npy.h"
#include "runtime/DType.h"
#include "runtime/testing/Artifacts.h"

using namespace attune;

namespace {

std::string file(const std::string &dictionary, const std::string &elements,
                 int major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += '\0';
  size_t length = dictionary.size() + 1;
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    bytes += static_cast<char>(length >> 8 * i);
  return bytes + dictionary + "\n" + elements;
}

std::string dictionary(const std::string &descr, const std::string &shape,
                       const std::string &order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order +
         ", 'shape': " + shape + ", }";
}

attune_status_t parse(const std::string &bytes, NpyHeader &header) {
  return parseNpy("it", bytes.data(), bytes.size(), header);
}

void expectRefused(const char *text, const std::string &bytes) {
  NpyHeader header;
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, text, parse(bytes, header));
}

} // namespace

TEST(Npy, ReadsTypesThatNumpyLacks) {
  NpyHeader header;
  for (const char *name : {"i4", "u2", "f8e4m3fn", "f4e2m1fn", "f8e5m2"}) {
    EXPECT_FINE(parse(file(dictionary("<V1", "(3,)"), "abc"), header));
    EXPECT_TRUE(matches(header.type, findDType(name)->dtype)) << name;
    EXPECT_FALSE(matches(header.type, findDType("bf16")->dtype));
    EXPECT_FALSE(matches(header.type, findDType("i8")->dtype));
  }
  // What ml_dtypes calls its float8_e5m2, and nothing else.
  EXPECT_FINE(parse(file(dictionary("<f1", "(3,)"), "abc"), header));
  EXPECT_TRUE(matches(header.type, findDType("f8e5m2")->dtype));
  EXPECT_FALSE(matches(header.type, findDType("f8e4m3fn")->dtype));
}

TEST(Npy, ReadsAllVersions) {
  for (int version : {1, 2, 3}) {
    NpyHeader header;
    std::string bytes =
        file(dictionary("<i8", "(2, 1)"), std::string(16, 'x'), version);
    EXPECT_FINE(parse(bytes, header));
    EXPECT_EQ(npyTypeText(header.type), "i8");
    EXPECT_EQ(header.shape, (std::vector<int64_t>{2, 1}));
    EXPECT_EQ(header.dataBytes, 16u);
    EXPECT_EQ(header.dataOffset, bytes.size() - 16);
  }
  expectRefused("format 1 to 3", file(dictionary("<i8", "()"), "12345678", 4));
}

TEST(Npy, ReadsAllSpellings) {
  NpyHeader header;
  EXPECT_FINE(parse(file("{\"shape\":(3,),\"descr\":\"|b1\",\"fortran_order\":"
                         "False}   ",
                         "abc"),
                    header));
  EXPECT_EQ(header.shape, std::vector<int64_t>{3});
  EXPECT_FINE(parse(file(dictionary("|u1", "()"), "a"), header));
  EXPECT_TRUE(header.shape.empty());
  EXPECT_FINE(parse(file(dictionary("<f4", "(0, 5)"), ""), header));
  EXPECT_EQ(header.dataBytes, 0u);
  EXPECT_FINE(parse(file(dictionary("|u1", "(2,)", "True"), "ab"), header));
  for (const char *bf16 : {"<V2", "|V2"}) {
    EXPECT_FINE(parse(file(dictionary(bf16, "(1,)"), "ab"), header));
    EXPECT_TRUE(matches(header.type, findDType("bf16")->dtype));
    EXPECT_FALSE(matches(header.type, findDType("f16")->dtype));
  }
}

TEST(Npy, WritesWhatItReads) {
  const int64_t shape[] = {2, 3, 4, 5, 6};
  for (const DTypeEntry &entry : dtypeTable)
    for (int32_t rank = 0; rank <= 5; ++rank) {
      int64_t count = 1;
      for (int32_t i = 0; i < rank; ++i)
        count *= shape[i];
      std::string bytes = formatNpyHeader(npyTypeOf(entry.dtype), rank, shape);
      EXPECT_EQ(bytes.size() % 64, 0u);
      bytes.resize(bytes.size() + count * dtypeBytes(entry.dtype));
      NpyHeader header;
      EXPECT_FINE(parse(bytes, header));
      EXPECT_TRUE(matches(header.type, entry.dtype)) << entry.name;
      EXPECT_EQ(header.shape, std::vector<int64_t>(shape, shape + rank));
    }
}

TEST(Npy, RefusesTypesThatItCannotGiveTrue) {
  for (const char *descr :
       {">f4", "<c8", "|O", "|S4", "<U4", "<M8", "<f3", "=f4", "|f4", "<i16",
        "|V0", "<f", "f4", "<f44444444", "<b2", "<f-4"})
    expectRefused("", file(dictionary(descr, "(1,)"), std::string(16, 'x')));
  expectRefused("several fields",
                file("{'descr': [('a', '<f4')], 'fortran_order': False, "
                     "'shape': (1,), }",
                     "abcd"));
  expectRefused("Fortran order",
                file(dictionary("|u1", "(2, 2)", "True"), "abcd"));
}

TEST(Npy, RefusesSizesThatDoNotFit) {
  expectRefused("8 bytes of elements, but got 7",
                file(dictionary("<f4", "(2,)"), "1234567"));
  expectRefused("8 bytes of elements, but got 9",
                file(dictionary("<f4", "(2,)"), "123456789"));
  expectRefused("impossible shape",
                file(dictionary("<f4", "(4294967296, 4294967296)"), ""));
  expectRefused("impossible shape",
                file(dictionary("<f4", "(0, 4294967296, 4294967296)"), ""));
  expectRefused("cannot be read",
                file(dictionary("<f4", "(99999999999999999999,)"), ""));
  expectRefused("cannot be read", file(dictionary("<f4", "(-1,)"), ""));
}

TEST(Npy, RefusesBrokenHeaders) {
  for (const char *text :
       {"", "{", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [1]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}",
        "{'descr': '<f4"})
    expectRefused("cannot be read", file(text, "1234"));
  std::string deep = "(";
  for (int i = 0; i < 100; ++i)
    deep += "1,";
  expectRefused("cannot be read", file(dictionary("|u1", deep + ")"), "1"));
}

TEST(Npy, RefusesEveryTruncation) {
  std::string bytes = file(dictionary("<f4", "(2,)"), "12345678");
  for (size_t size = 0; size < bytes.size(); ++size)
    expectRefused("", bytes.substr(0, size));
  std::string longer = bytes;
  longer[9] = '\x7f';
  expectRefused("format 1 to 3", longer);
  expectRefused("format 1 to 3", file(std::string(70000, ' '), "", 2));
}
