// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Read-only files and mappings of them.

#ifndef ATTUNE_RUNTIME_FILE_H
#define ATTUNE_RUNTIME_FILE_H

#include "attune/attune.h"

namespace attune {

/// A file descriptor, closed with the object.
class File {
public:
  File() = default;
  explicit File(int descriptor) : fd(descriptor) {}
  File(File &&other) noexcept : fd(other.fd) { other.fd = -1; }
  File &operator=(File &&other) noexcept;
  ~File();

  /// Opens a regular file: ATTUNE_NOT_FOUND, or ATTUNE_IO_ERROR for all that is
  /// not a file that may be read.
  static attune_status_t open(const char *path, File &file);

  int descriptor() const { return fd; }
  uint64_t size() const { return bytes; }
  /// Reads exactly `count` bytes at `offset`; false if there are fewer.
  bool read(uint64_t offset, void *data, size_t count) const;
  /// Appends `count` bytes where the last write ended.
  bool write(const void *data, size_t count) const;

private:
  int fd = -1;
  uint64_t bytes = 0;
};

/// Bytes of a file, mapped for reading. The file must not shrink meanwhile.
class Mapping {
public:
  Mapping() = default;
  Mapping(const Mapping &) = delete;
  Mapping &operator=(const Mapping &) = delete;
  ~Mapping();

  /// `offset` is a multiple of the page size. False, with errno, on failure.
  bool map(const File &file, uint64_t offset, uint64_t size);
  /// Null if nothing is mapped.
  const void *data() const { return address; }

private:
  void *address = nullptr;
  size_t bytes = 0;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_FILE_H
