// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Named arrays in files: .npz archives and single .npy files.

#ifndef ATTUNE_RUNTIME_IO_ARRAYS_H
#define ATTUNE_RUNTIME_IO_ARRAYS_H

#include "runtime/io/Npy.h"

#include <cstdlib>
#include <memory>

namespace attune {

/// Memory aligned to 64 bytes.
struct FreeMemory {
  void operator()(char *data) const { std::free(data); }
};
using AlignedBytes = std::unique_ptr<char[], FreeMemory>;
/// Throws std::bad_alloc.
AlignedBytes allocateAligned(size_t bytes);

/// An array and its memory.
struct Array {
  std::string name;
  NpyType type;
  std::vector<int64_t> shape;
  AlignedBytes memory;
  /// Points into `memory`, aligned to an element.
  char *data = nullptr;
};

/// Reads all arrays of an archive, in its order; names are unique.
attune_status_t readNpz(const std::string &path, std::vector<Array> &arrays);
/// Reads one array; its name stays empty.
attune_status_t readNpy(const std::string &path, Array &array);

struct NamedTensor {
  std::string name;
  /// Row-major without gaps.
  const DLTensor *tensor;
};
/// Writes an archive that is whole or absent.
attune_status_t writeNpz(const std::string &path,
                         const std::vector<NamedTensor> &tensors);

} // namespace attune

#endif // ATTUNE_RUNTIME_IO_ARRAYS_H
