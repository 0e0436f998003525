// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/io/Zip.h"
#include "runtime/io/ZipFormat.h"

#include <zlib.h>

namespace attune {

using namespace zip;

// Readers of version 4.5 know ZIP64.
static constexpr uint16_t version = 45;
// Midnight of 1 January 1980: the same arrays give the same bytes.
static constexpr uint32_t noTime = 0x00210000;

static bool isWide(const ZipEntry &entry) {
  return entry.size >= wideMark || entry.offset >= wideMark;
}

// What the two headers of an entry have in common.
static void putCommon(std::string &text, const ZipEntry &entry, bool wide,
                      size_t extra) {
  uint32_t size = wide ? wideMark : static_cast<uint32_t>(entry.size);
  put(text, version);
  put(text, uint16_t(0x800)); // names are UTF-8
  put(text, stored);
  put(text, noTime);
  put(text, entry.crc);
  put(text, size);
  put(text, size);
  put(text, static_cast<uint16_t>(entry.name.size()));
  put(text, static_cast<uint16_t>(extra));
}

static std::string localHeader(const ZipEntry &entry) {
  bool wide = isWide(entry);
  std::string text;
  put(text, localMagic);
  putCommon(text, entry, wide, wide ? 20 : 0);
  text += entry.name;
  if (wide) {
    put(text, wideExtra);
    put(text, uint16_t(16));
    put(text, entry.size);
    put(text, entry.size);
  }
  return text;
}

static std::string centralHeader(const ZipEntry &entry) {
  bool wide = isWide(entry);
  std::string text;
  put(text, centralMagic);
  put(text, version);
  putCommon(text, entry, wide, wide ? 28 : 0);
  put(text, uint16_t(0)); // no comment
  put(text, uint16_t(0)); // disk
  put(text, uint16_t(0)); // internal attributes
  put(text, uint32_t(0)); // external attributes
  put(text, wide ? wideMark : static_cast<uint32_t>(entry.offset));
  text += entry.name;
  if (wide) {
    put(text, wideExtra);
    put(text, uint16_t(24));
    put(text, entry.size);
    put(text, entry.size);
    put(text, entry.offset);
  }
  return text;
}

bool ZipWriter::write(const std::string &bytes) {
  written += bytes.size();
  return file.write(bytes.data(), bytes.size());
}

bool ZipWriter::add(const std::string &name, const std::string &front,
                    const void *data, size_t bytes) {
  ZipEntry entry;
  entry.name = name;
  entry.size = entry.compressed = front.size() + bytes;
  entry.offset = written;
  uLong crc =
      crc32_z(0, reinterpret_cast<const Bytef *>(front.data()), front.size());
  entry.crc = static_cast<uint32_t>(
      bytes ? crc32_z(crc, static_cast<const Bytef *>(data), bytes) : crc);
  list.push_back(entry);
  written += bytes;
  return write(localHeader(entry)) && write(front) && file.write(data, bytes);
}

bool ZipWriter::finish() {
  uint64_t offset = written;
  for (const ZipEntry &entry : list)
    if (!write(centralHeader(entry)))
      return false;
  uint64_t size = written - offset, count = list.size();
  std::string text;
  bool wide = offset >= wideMark || size >= wideMark || count >= 0xffff;
  if (wide) {
    put(text, end64Magic);
    put(text, uint64_t(end64Size - 12));
    put(text, version);
    put(text, version);
    put(text, uint32_t(0));
    put(text, uint32_t(0));
    put(text, count);
    put(text, count);
    put(text, size);
    put(text, offset);
    put(text, locatorMagic);
    put(text, uint32_t(0));
    put(text, written);
    put(text, uint32_t(1));
  }
  put(text, endMagic);
  put(text, uint32_t(0));
  uint16_t shortCount = wide ? 0xffff : static_cast<uint16_t>(count);
  put(text, shortCount);
  put(text, shortCount);
  put(text, wide ? wideMark : static_cast<uint32_t>(size));
  put(text, wide ? wideMark : static_cast<uint32_t>(offset));
  put(text, uint16_t(0));
  return write(text);
}

} // namespace attune
