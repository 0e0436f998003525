// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Element types: manifest names and DLPack codes.

#ifndef ATTUNE_RUNTIME_DTYPE_H
#define ATTUNE_RUNTIME_DTYPE_H

#include <cstddef>
#include <cstring>
#include <dlpack/dlpack.h>

namespace attune {

struct DTypeEntry {
  const char *name;
  DLDataType dtype;
};

/// Code of booleans in DLPack 0.8, ATTUNE_DL_BOOL.
inline constexpr uint8_t boolCode = 6;

inline constexpr DTypeEntry dtypeTable[] = {
    {"f32", {kDLFloat, 32, 1}}, {"f64", {kDLFloat, 64, 1}},
    {"f16", {kDLFloat, 16, 1}}, {"bf16", {kDLBfloat, 16, 1}},
    {"i8", {kDLInt, 8, 1}},     {"i16", {kDLInt, 16, 1}},
    {"i32", {kDLInt, 32, 1}},   {"i64", {kDLInt, 64, 1}},
    {"u8", {kDLUInt, 8, 1}},    {"u16", {kDLUInt, 16, 1}},
    {"u32", {kDLUInt, 32, 1}},  {"u64", {kDLUInt, 64, 1}},
    {"i1", {boolCode, 8, 1}},
};

inline bool operator==(DLDataType a, DLDataType b) {
  return a.code == b.code && a.bits == b.bits && a.lanes == b.lanes;
}

/// Null for a name that no artifact uses.
inline const DTypeEntry *findDType(const char *name) {
  for (const DTypeEntry &entry : dtypeTable)
    if (std::strcmp(entry.name, name) == 0)
      return &entry;
  return nullptr;
}

/// "unknown" for a type without a name.
inline const char *dtypeName(DLDataType dtype) {
  for (const DTypeEntry &entry : dtypeTable)
    if (entry.dtype == dtype)
      return entry.name;
  return "unknown";
}

inline size_t dtypeBytes(DLDataType dtype) {
  return (static_cast<size_t>(dtype.bits) * dtype.lanes + 7) / 8;
}

} // namespace attune

#endif // ATTUNE_RUNTIME_DTYPE_H
