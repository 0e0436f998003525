// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/DType.h"
#include "runtime/io/Arrays.h"
#include "runtime/io/Zip.h"
#include "runtime/io/ZipFormat.h"
#include "runtime/testing/Artifacts.h"
#include "runtime/testing/Tensors.h"

#include <filesystem>
#include <sys/stat.h>
#include <zlib.h>

using namespace attune;
using namespace attune::zip;
using attune::test::readFile;
using attune::test::writeFile;

namespace {

class Npz : public ::testing::Test {
protected:
  Npz() : x({2, 3}) {
    for (size_t i = 0; i < 6; ++i)
      x.data[i] = static_cast<float>(i);
    dl = x.dl();
  }
  attune_status_t read(const std::string &bytes) {
    writeFile(path, bytes);
    arrays.clear();
    return readNpz(path, arrays);
  }
  std::string good() {
    EXPECT_FINE(writeNpz(path, {{"x", &dl}, {"long name/\xc3\xa4", &dl}}));
    return readFile(path);
  }
  test::TemporaryFolder folder;
  std::string path = folder / "a.npz";
  test::Tensor x;
  DLTensor dl;
  std::vector<Array> arrays;
};

/// An archive of one entry, by hand.
struct OneEntry {
  std::string name = "x.npy", data;
  uint16_t flags = 0, method = stored;
  uint64_t size = 0;
  uint32_t crc = 0;
  bool wide = false;

  std::string bytes() const {
    std::string text = "PK\3\4";
    head(text);
    put(text, static_cast<uint16_t>(name.size()));
    put(text, uint16_t(0));
    text += name + data;
    size_t directory = text.size();
    text += "PK\1\2";
    put(text, uint16_t(20));
    head(text);
    put(text, static_cast<uint16_t>(name.size()));
    put(text, static_cast<uint16_t>(wide ? 20 : 0));
    text.append(10, '\0');
    put(text, uint32_t(0));
    text += name;
    if (wide) {
      put(text, wideExtra);
      put(text, uint16_t(16));
      put(text, size);
      put(text, uint64_t(data.size()));
    }
    size_t length = text.size() - directory;
    text += "PK\5\6";
    put(text, uint32_t(0));
    put(text, uint16_t(1));
    put(text, uint16_t(1));
    put(text, static_cast<uint32_t>(length));
    put(text, static_cast<uint32_t>(directory));
    put(text, uint16_t(0));
    return text;
  }
  void head(std::string &text) const {
    put(text, uint16_t(20));
    put(text, flags);
    put(text, method);
    put(text, uint32_t(0));
    put(text, crc);
    put(text, wide ? wideMark : static_cast<uint32_t>(data.size()));
    put(text, wide ? wideMark : static_cast<uint32_t>(size));
  }
};

/// A sound entry of `count` zeros.
OneEntry entryOf(size_t count, bool compressed) {
  const int64_t shape[] = {static_cast<int64_t>(count)};
  std::string file = formatNpyHeader({'u', 1}, 1, shape);
  file.resize(file.size() + count);
  OneEntry entry;
  auto *bytes = reinterpret_cast<const Bytef *>(file.data());
  entry.size = file.size();
  entry.crc = static_cast<uint32_t>(crc32_z(0, bytes, file.size()));
  entry.data = file;
  if (compressed) {
    entry.method = deflated;
    z_stream stream = {};
    deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    entry.data.resize(deflateBound(&stream, file.size()));
    stream.next_in = const_cast<Bytef *>(bytes);
    stream.avail_in = static_cast<uInt>(file.size());
    stream.next_out = reinterpret_cast<Bytef *>(entry.data.data());
    stream.avail_out = static_cast<uInt>(entry.data.size());
    EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
    entry.data.resize(stream.total_out);
    deflateEnd(&stream);
  }
  return entry;
}

} // namespace

TEST_F(Npz, ReadsWhatItWrites) {
  EXPECT_FINE(read(good()));
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays[0].name, "x");
  EXPECT_EQ(arrays[1].name, "long name/\xc3\xa4");
  for (const Array &array : arrays) {
    EXPECT_EQ(npyTypeText(array.type), "f4");
    EXPECT_EQ(array.shape, x.shape);
    EXPECT_EQ(std::memcmp(array.data, x.data.data(), 24), 0);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.data) % 64, 0u);
  }
}

TEST_F(Npz, SameArraysGiveSameBytes) { EXPECT_EQ(good(), good()); }

TEST_F(Npz, MayBeEmpty) {
  EXPECT_FINE(writeNpz(path, {}));
  EXPECT_EQ(std::filesystem::file_size(path), 22u);
  EXPECT_FINE(read(readFile(path)));
  EXPECT_TRUE(arrays.empty());
}

TEST_F(Npz, ReadsStoredAndDeflatedEntries) {
  for (bool compressed : {false, true})
    for (size_t count : {0, 1, 1000, 300000}) {
      OneEntry entry = entryOf(count, compressed);
      EXPECT_FINE(read(entry.bytes()));
      ASSERT_EQ(arrays.size(), 1u);
      EXPECT_EQ(arrays[0].shape[0], static_cast<int64_t>(count));
      entry.wide = true;
      EXPECT_FINE(read(entry.bytes()));
    }
}

TEST_F(Npz, AcceptsAComment) {
  std::string bytes = good();
  bytes[bytes.size() - 2] = 5;
  EXPECT_FINE(read(bytes + "hello"));
}

TEST_F(Npz, RefusesSizesThatLie) {
  for (bool compressed : {false, true})
    for (int64_t change : {-1, 1, -1000, 100000}) {
      OneEntry entry = entryOf(5000, compressed);
      entry.size = static_cast<uint64_t>(int64_t(entry.size) + change);
      EXPECT_STATUS(ATTUNE_INVALID_VALUE, "", read(entry.bytes()));
    }
  OneEntry bomb = entryOf(5000, true);
  bomb.wide = true;
  bomb.size = uint64_t(1) << 60;
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "than the file can hold",
                read(bomb.bytes()));
  OneEntry tail = entryOf(5000, true);
  tail.data += "x";
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "damaged entry", read(tail.bytes()));
}

TEST_F(Npz, RefusesEntriesThatItCannotRead) {
  OneEntry entry = entryOf(10, false);
  entry.crc ^= 1;
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "checksum is wrong", read(entry.bytes()));
  entry = entryOf(10, false);
  entry.flags = encryptedFlag;
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "no .npz file", read(entry.bytes()));
  entry = entryOf(10, false);
  entry.method = 12;
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "stored or deflated",
                read(entry.bytes()));
  entry = entryOf(10, false);
  entry.name = "x.txt";
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "end in .npy, but got 'x.txt'",
                read(entry.bytes()));
  EXPECT_FINE(writeNpz(path, {{"x", &dl}, {"x", &dl}}));
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "two arrays 'x'", read(readFile(path)));
}

TEST_F(Npz, RefusesFilesThatAreNone) {
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "no .npz", read(""));
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "no .npz", read("text"));
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "no .npz",
                read(std::string(100000, 'P')));
  EXPECT_STATUS(ATTUNE_NOT_FOUND, "none.npz",
                readNpz(folder / "none.npz", arrays));
  Array array;
  EXPECT_STATUS(ATTUNE_NOT_FOUND, "none.npy",
                readNpy(folder / "none.npy", array));
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "format 1 to 3", readNpy(path, array));
}

TEST_F(Npz, EveryTruncationAndFlipIsHarmless) {
  std::string bytes = good() + entryOf(400, true).bytes();
  for (size_t size = 0; size < bytes.size(); size += 3)
    attune_status_release(read(bytes.substr(0, size)));
  for (const std::string &whole : {good(), entryOf(400, true).bytes()})
    for (size_t at = 0; at < whole.size(); ++at)
      for (unsigned char mask : {0x01, 0x80, 0xff}) {
        std::string changed = whole;
        changed[at] = static_cast<char>(changed[at] ^ mask);
        attune_status_release(read(changed));
      }
}

TEST_F(Npz, FlippedElementsAreNoticed) {
  std::string bytes = good();
  size_t at = bytes.find(std::string("\0\0\x80\x3f", 4)); // 1.0f
  ASSERT_NE(at, std::string::npos);
  bytes[at] ^= 1;
  EXPECT_STATUS(ATTUNE_INVALID_VALUE, "checksum", read(bytes));
}

TEST_F(Npz, FilesAreWholeOrAbsent) {
  writeFile(path, "old");
  {
    WholeFile file;
    EXPECT_FINE(file.open(path));
    EXPECT_TRUE(file.write("new", 3));
  }
  EXPECT_EQ(readFile(path), "old");
  std::filesystem::directory_iterator entries(folder / ".");
  EXPECT_EQ(std::distance(begin(entries), end(entries)), 1);
  EXPECT_STATUS(ATTUNE_IO_ERROR, "failed to write",
                writeNpz(folder / "none/a.npz", {}));
  EXPECT_STATUS(ATTUNE_IO_ERROR, "regular file", writeNpz("/dev/null", {}));
}
