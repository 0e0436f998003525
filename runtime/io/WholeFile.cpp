// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/io/WholeFile.h"
#include "runtime/Status.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace attune {

WholeFile::~WholeFile() {
  if (!temporary.empty())
    unlink(temporary.c_str());
}

attune_status_t WholeFile::failure() const {
  return makeStatus(ATTUNE_IO_ERROR, "failed to write '%s': %s", path.c_str(),
                    std::strerror(errno));
}

attune_status_t WholeFile::open(const std::string &name) {
  path = name;
  struct stat info;
  // A rename would put a plain file in the place of a device or pipe.
  if (stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return makeStatus(ATTUNE_IO_ERROR,
                      "requires the path of a regular file, but got '%s'",
                      path.c_str());
  std::string pattern = path + ".XXXXXX";
  file = File(mkostemp(pattern.data(), O_CLOEXEC));
  if (file.descriptor() < 0)
    return failure();
  temporary = pattern;
  // mkostemp() keeps files private; give what open() would have given.
  mode_t mask = umask(0);
  umask(mask);
  if (fchmod(file.descriptor(), 0666 & ~mask) != 0)
    return failure();
  return nullptr;
}

attune_status_t WholeFile::commit() {
  if (std::rename(temporary.c_str(), path.c_str()) != 0)
    return failure();
  temporary.clear();
  return nullptr;
}

} // namespace attune
