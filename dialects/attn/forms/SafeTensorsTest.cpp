// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/SafeTensors.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

using namespace attune;

namespace {

/// A file with a header and so many bytes of data.
class TestFile {
public:
  TestFile(llvm::StringRef header, size_t data, uint64_t length = 0) {
    int descriptor = -1;
    EXPECT_FALSE(llvm::sys::fs::createTemporaryFile("side", "safetensors",
                                                    descriptor, path));
    llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
    char prefix[8];
    llvm::support::endian::write64le(prefix, length ? length : header.size());
    stream.write(prefix, sizeof(prefix));
    stream << header << std::string(data, '\0');
  }
  ~TestFile() { llvm::sys::fs::remove(path); }

  llvm::SmallString<128> path;
};

} // namespace

static std::string errorOf(llvm::StringRef header, size_t data,
                           uint64_t length = 0) {
  TestFile file(header, data, length);
  llvm::Expected<StoredTensors> tensors = readSafeTensors(file.path);
  std::string message = tensors ? "" : llvm::toString(tensors.takeError());
  EXPECT_TRUE(message.empty() || llvm::StringRef(message).contains(file.path))
      << message;
  return message;
}

static std::string entry(const char *name, const char *dtype, const char *shape,
                         const char *offsets) {
  return std::string("\"") + name + "\":{\"dtype\":\"" + dtype +
         "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

TEST(SafeTensors, ReadsPlaces) {
  std::string header = "{\"__metadata__\":{\"format\":\"pt\"}," +
                       entry("b", "BF16", "[3]", "[24,30]") + "," +
                       entry("a", "F32", "[2,3]", "[0,24]") + "," +
                       entry("none", "F32", "[0,7]", "[24,24]") + "}";
  TestFile file(header, 30);
  StoredTensors tensors = llvm::cantFail(readSafeTensors(file.path));
  ASSERT_EQ(tensors.size(), 3u);
  EXPECT_EQ(tensors["a"].offset, 8 + header.size());
  EXPECT_EQ(tensors["a"].size, 24u);
  EXPECT_EQ(tensors["b"].offset, 8 + header.size() + 24);
  EXPECT_EQ(tensors["b"].dtype, "BF16");
  EXPECT_EQ(tensors["a"].shape, (llvm::SmallVector<int64_t>{2, 3}));
}

TEST(SafeTensors, RefusesWhatIsWrong) {
  auto one = [](const char *dtype, const char *shape, const char *offsets) {
    return "{" + entry("w", dtype, shape, offsets) + "}";
  };
  const std::pair<std::string, const char *> cases[] = {
      {one("F33", "[1]", "[0,8]"), "unknown dtype 'F33'"},
      {one("F32", "[-1]", "[0,8]"), "a size that is none"},
      {one("F32", "[1.5]", "[0,8]"), "a size that is none"},
      {one("F32", "[4294967296,4294967296]", "[0,8]"), "larger than 64 bits"},
      {one("F32", "[3]", "[0,8]"), "requires 12 bytes for its shape"},
      {one("F32", "[2]", "[4,12]"), "within the 8 bytes"},
      {one("F32", "[2]", "[8,0]"), "within the 8 bytes"},
      {one("F32", "[2]", "[-8,0]"), "within the 8 bytes"},
      {one("F32", "[2]", "[0]"), "two data_offsets"},
      {one("F32", "[2]", "[0,9223372036854775807]"), "within the 8 bytes"},
      {one("F32", "[1]", "[0,4]"), "4 bytes at its end belong to no tensor"},
      {one("F32", "[1]", "[4,8]"), "does not begin where"},
      {"{" + entry("v", "F32", "[2]", "[0,8]") + "," +
           entry("w", "F32", "[1]", "[4,8]") + "}",
       "overlaps another tensor"},
      {"{" + entry("w", "F32", "[2]", "[0,8]") + "," +
           entry("w", "F32", "[2]", "[0,8]") + "}",
       "given twice"},
      {"{\"w\":1}", "is no object"},
      {"[]", "the header is no object"},
      {"{\"w\":{\"dtype\":\"F32\"}}", "has no shape"},
      {std::string(5000, '['), "nested deeper"},
      {"{", "is no JSON"}};
  for (const auto &[header, reason] : cases)
    EXPECT_NE(errorOf(header, 8).find(reason), std::string::npos)
        << header << ": " << errorOf(header, 8);
}

TEST(SafeTensors, RefusesLengthsThatDoNotFit) {
  EXPECT_NE(errorOf("{}", 0, 3).find("does not fit"), std::string::npos);
  EXPECT_NE(errorOf("{}", 0, ~uint64_t(0)).find("does not fit"),
            std::string::npos);
  EXPECT_NE(errorOf("{}", 0, uint64_t(1) << 62).find("does not fit"),
            std::string::npos);
  EXPECT_EQ(errorOf("{}", 0), "");
  for (const char *path : {"/dev/zero", "/", "/nowhere/x"}) {
    llvm::Expected<StoredTensors> tensors = readSafeTensors(path);
    ASSERT_FALSE(tensors);
    llvm::consumeError(tensors.takeError());
  }
}
