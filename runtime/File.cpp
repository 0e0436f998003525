// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/File.h"
#include "runtime/Status.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace attune {

File &File::operator=(File &&other) noexcept {
  std::swap(fd, other.fd);
  std::swap(bytes, other.bytes);
  return *this;
}

File::~File() {
  if (fd >= 0)
    close(fd);
}

attune_status_t File::open(const char *path, File &file) {
  // Opening a pipe would wait for a writer without O_NONBLOCK.
  File opened(::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (opened.fd < 0)
    return makeStatus(errno == ENOENT || errno == ENOTDIR ? ATTUNE_NOT_FOUND
                                                          : ATTUNE_IO_ERROR,
                      "failed to open '%s': %s", path, std::strerror(errno));
  struct stat info;
  if (fstat(opened.fd, &info) != 0)
    return makeStatus(ATTUNE_IO_ERROR, "failed to inspect '%s': %s", path,
                      std::strerror(errno));
  if (!S_ISREG(info.st_mode))
    return makeStatus(ATTUNE_IO_ERROR,
                      "requires a regular file, but '%s' is %s", path,
                      S_ISDIR(info.st_mode) ? "a directory" : "none");
  opened.bytes = static_cast<uint64_t>(info.st_size);
  file = std::move(opened);
  return nullptr;
}

bool File::read(uint64_t offset, void *data, size_t count) const {
  auto *out = static_cast<char *>(data);
  while (count > 0) {
    ssize_t got = pread(fd, out, count, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      return false;
    out += got;
    offset += static_cast<uint64_t>(got);
    count -= static_cast<size_t>(got);
  }
  return true;
}

bool File::write(const void *data, size_t count) const {
  const auto *in = static_cast<const char *>(data);
  while (count > 0) {
    ssize_t put = ::write(fd, in, count);
    if (put < 0 && errno == EINTR)
      continue;
    if (put <= 0)
      return false;
    in += put;
    count -= static_cast<size_t>(put);
  }
  return true;
}

Mapping::~Mapping() {
  if (address)
    munmap(address, bytes);
}

bool Mapping::map(const File &file, uint64_t offset, uint64_t size) {
  if (size == 0)
    return true;
  void *mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(),
                      static_cast<off_t>(offset));
  if (mapped == MAP_FAILED)
    return false;
  address = mapped;
  bytes = size;
  return true;
}

} // namespace attune
