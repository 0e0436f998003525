// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ZIP archives as far as .npz files need them: entries that are stored or
// deflated, of any size (ZIP64), without encryption.

#ifndef ATTUNE_RUNTIME_IO_ZIP_H
#define ATTUNE_RUNTIME_IO_ZIP_H

#include "runtime/File.h"
#include "runtime/io/WholeFile.h"

#include <string>
#include <vector>

namespace attune {

struct ZipEntry {
  std::string name;
  uint16_t method = 0;
  uint32_t crc = 0;
  uint64_t compressed = 0, size = 0;
  /// Of the entry's own header in the file.
  uint64_t offset = 0;
};

class ZipReader {
public:
  /// Reads the directory. ATTUNE_INVALID_VALUE if it is not sound.
  attune_status_t open(const std::string &path);
  const std::vector<ZipEntry> &entries() const { return list; }
  /// Writes the `entry.size` bytes of one of entries() to `out`, checked.
  attune_status_t read(const ZipEntry &entry, char *out) const;

private:
  bool findDirectory(uint64_t &offset, uint64_t &size, uint64_t &count) const;
  bool readDirectory();
  attune_status_t malformed(const std::string &reason) const;

  std::string path;
  File file;
  std::vector<ZipEntry> list;
  uint64_t directory = 0;
};

/// Writes entries one after another, stored.
class ZipWriter {
public:
  explicit ZipWriter(WholeFile &file) : file(file) {}
  /// One entry of two parts, the second of which may be large. False, with
  /// errno, if writing fails.
  bool add(const std::string &name, const std::string &front, const void *data,
           size_t bytes);
  /// Writes the directory; the last call.
  bool finish();

private:
  bool write(const std::string &bytes);
  WholeFile &file;
  std::vector<ZipEntry> list;
  uint64_t written = 0;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_IO_ZIP_H
