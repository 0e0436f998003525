// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Status.h"
#include "runtime/io/Zip.h"
#include "runtime/io/ZipFormat.h"

#include <algorithm>
#include <memory>
#include <zlib.h>

namespace attune {

using namespace zip;

attune_status_t ZipReader::malformed(const std::string &reason) const {
  return makeStatus(ATTUNE_INVALID_VALUE, "'%s' %s", path.c_str(),
                    reason.c_str());
}

attune_status_t ZipReader::open(const std::string &name) {
  path = name;
  if (attune_status_t status = File::open(name.c_str(), file))
    return status;
  if (!readDirectory())
    return malformed("is no .npz file, or is damaged");
  return nullptr;
}

/// The end record lies at the end of the file, before a comment.
bool ZipReader::findDirectory(uint64_t &offset, uint64_t &size,
                              uint64_t &count) const {
  uint64_t tailSize = std::min<uint64_t>(file.size(), endSize + 0xffff);
  uint64_t tailStart = file.size() - tailSize;
  std::string tail(tailSize, '\0');
  if (tailSize < endSize || !file.read(tailStart, tail.data(), tailSize))
    return false;
  size_t at = tailSize - endSize;
  while (get32(&tail[at]) != endMagic ||
         get16(&tail[at + 20]) != tailSize - endSize - at)
    if (at-- == 0)
      return false;
  const char *end = &tail[at];
  uint64_t limit = tailStart + at;
  if (get16(end + 4) != 0 || get16(end + 6) != 0 ||
      get16(end + 8) != get16(end + 10))
    return false;
  count = get16(end + 10);
  size = get32(end + 12);
  offset = get32(end + 16);
  char locator[locatorSize], end64[end64Size];
  if (limit >= locatorSize &&
      file.read(limit - locatorSize, locator, locatorSize) &&
      get32(locator) == locatorMagic) {
    limit = get64(locator + 8);
    if (!file.read(limit, end64, end64Size) || get32(end64) != end64Magic ||
        get32(end64 + 16) != 0 || get32(end64 + 20) != 0 ||
        get64(end64 + 24) != get64(end64 + 32))
      return false;
    count = get64(end64 + 32);
    size = get64(end64 + 40);
    offset = get64(end64 + 48);
  }
  return offset <= limit && size <= limit - offset;
}

/// Sizes that do not fit 32 bits stand in an extra field.
static bool readExtra(const char *extra, size_t size, ZipEntry &entry) {
  uint64_t *wide[] = {&entry.size, &entry.compressed, &entry.offset};
  bool missing = false;
  for (uint64_t *field : wide)
    missing |= *field == wideMark;
  for (size_t at = 0; missing && size - at >= 4;) {
    size_t length = get16(extra + at + 2);
    if (size - at - 4 < length)
      return false;
    if (get16(extra + at) == wideExtra) {
      size_t from = at + 4, end = from + length;
      for (uint64_t *field : wide) {
        if (*field != wideMark)
          continue;
        if (end - from < 8)
          return false;
        *field = get64(extra + from);
        from += 8;
      }
      return true;
    }
    at += 4 + length;
  }
  return !missing;
}

bool ZipReader::readDirectory() {
  constexpr uint64_t maxDirectory = uint64_t(1) << 28;
  uint64_t size, count, total = 0;
  if (!findDirectory(directory, size, count) || size > maxDirectory ||
      count > size / centralSize)
    return false;
  std::string text(size, '\0');
  if (!file.read(directory, text.data(), size))
    return false;
  size_t at = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const char *head = text.data() + at;
    if (size - at < centralSize || get32(head) != centralMagic)
      return false;
    size_t name = get16(head + 28), extra = get16(head + 30);
    size_t whole = centralSize + name + extra + get16(head + 32);
    if (size - at < whole || (get16(head + 8) & encryptedFlag))
      return false;
    ZipEntry entry;
    entry.name.assign(head + centralSize, name);
    entry.method = get16(head + 10);
    entry.crc = get32(head + 16);
    entry.compressed = get32(head + 20);
    entry.size = get32(head + 24);
    entry.offset = get32(head + 42);
    if (!readExtra(head + centralSize + name, extra, entry))
      return false;
    // Entries do not overlap: few bytes must not become many arrays.
    if (__builtin_add_overflow(total, entry.compressed, &total) ||
        total > directory)
      return false;
    list.push_back(std::move(entry));
    at += whole;
  }
  return at == size;
}

/// Unpacks exactly what the entry promises.
static bool unpack(const File &file, uint64_t from, const ZipEntry &entry,
                   char *out) {
  z_stream stream = {};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
    throw std::bad_alloc();
  std::unique_ptr<z_stream, int (*)(z_stream *)> owner(&stream, inflateEnd);
  constexpr size_t chunk = 1 << 16;
  auto buffer = std::make_unique<char[]>(chunk);
  uint64_t left = entry.compressed, room = entry.size;
  int result = Z_OK;
  while (result == Z_OK) {
    if (stream.avail_in == 0 && left > 0) {
      size_t part = std::min<uint64_t>(chunk, left);
      if (!file.read(from, buffer.get(), part))
        return false;
      stream.next_in = reinterpret_cast<Bytef *>(buffer.get());
      stream.avail_in = static_cast<uInt>(part);
      from += part;
      left -= part;
    }
    // One byte past the end shows an entry that is longer than it says.
    Bytef beyond;
    uInt part = static_cast<uInt>(std::min<uint64_t>(room, 1u << 30));
    stream.next_out = part ? reinterpret_cast<Bytef *>(out) : &beyond;
    stream.avail_out = part ? part : 1;
    uInt before = stream.avail_out;
    result = inflate(&stream, Z_NO_FLUSH);
    uInt got = before - stream.avail_out;
    if (got > room)
      return false;
    out += got;
    room -= got;
  }
  return result == Z_STREAM_END && room == 0 && left == 0 &&
         stream.avail_in == 0;
}

static uint32_t checksum(const char *data, size_t bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef *>(data), bytes));
}

attune_status_t ZipReader::read(const ZipEntry &entry, char *out) const {
  std::string what = "has a damaged entry '" + entry.name + "'";
  char head[localSize];
  if (entry.offset > directory || directory - entry.offset < localSize ||
      !file.read(entry.offset, head, localSize) || get32(head) != localMagic)
    return malformed(what);
  uint64_t from =
      entry.offset + localSize + get16(head + 26) + get16(head + 28);
  if (from > directory || entry.compressed > directory - from)
    return malformed(what);
  if (entry.method == stored) {
    if (entry.compressed != entry.size || !file.read(from, out, entry.size))
      return malformed(what);
  } else if (entry.method == deflated) {
    if (!unpack(file, from, entry, out))
      return malformed(what);
  } else {
    return malformed("requires entries that are stored or deflated, but '" +
                     entry.name + "' is neither");
  }
  if (checksum(out, entry.size) != entry.crc)
    return malformed(what + ": the checksum is wrong");
  return nullptr;
}

} // namespace attune
