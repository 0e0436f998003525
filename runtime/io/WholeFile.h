// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that are whole or absent.

#ifndef ATTUNE_RUNTIME_IO_WHOLEFILE_H
#define ATTUNE_RUNTIME_IO_WHOLEFILE_H

#include "runtime/File.h"

#include <string>

namespace attune {

/// Writes to a temporary beside a path, which is renamed at the end; removed
/// without a word if it never comes to that.
class WholeFile {
public:
  WholeFile() = default;
  WholeFile(const WholeFile &) = delete;
  WholeFile &operator=(const WholeFile &) = delete;
  ~WholeFile();

  /// `path` must be free or name a regular file.
  attune_status_t open(const std::string &path);
  bool write(const void *data, size_t bytes) const {
    return file.write(data, bytes);
  }
  attune_status_t commit();
  /// Why the last write failed, by errno.
  attune_status_t failure() const;

private:
  std::string path, temporary;
  File file;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_IO_WHOLEFILE_H
