// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One array as NumPy's .npy format has it: a header in Python's syntax, then
// the elements, here always little endian and in C order.

#ifndef ATTUNE_RUNTIME_IO_NPY_H
#define ATTUNE_RUNTIME_IO_NPY_H

#include "attune/attune.h"

#include <string>
#include <vector>

namespace attune {

/// Element type as the format names it.
struct NpyType {
  /// b: bool, i: signed, u: unsigned, f: float, V: raw bytes, the way in which
  /// types that NumPy lacks travel.
  char kind = 'V';
  /// Of one element.
  uint32_t bytes = 1;
};

/// "f4", "V2".
std::string npyTypeText(NpyType type);
/// Raw bytes stand for the types that NumPy lacks (bfloat16) if sizes agree.
bool matches(NpyType type, DLDataType dtype);
NpyType npyTypeOf(DLDataType dtype);

struct NpyHeader {
  NpyType type;
  std::vector<int64_t> shape;
  /// Of the elements, from the start of the file, and how many bytes they are.
  size_t dataOffset = 0, dataBytes = 0;
};

/// Reads the header at the front of `size` bytes and checks that the elements
/// are the rest. ATTUNE_INVALID_VALUE, naming `what`, if anything is off.
attune_status_t parseNpy(const std::string &what, const char *bytes,
                         size_t size, NpyHeader &header);

/// The bytes before the elements.
std::string formatNpyHeader(NpyType type, int32_t rank, const int64_t *shape);

} // namespace attune

#endif // ATTUNE_RUNTIME_IO_NPY_H
