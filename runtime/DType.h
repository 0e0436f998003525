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

/// Codes of DLPack 1.1, which later headers have names for.
inline constexpr uint8_t float8E4M3Code = 10, float8E4M3FnuzCode = 11,
                         float8E5M2Code = 12, float8E5M2FnuzCode = 13,
                         float8E8M0Code = 14, float6E2M3Code = 15,
                         float6E3M2Code = 16, float4E2M1Code = 17;

inline constexpr DTypeEntry dtypeTable[] = {
    {"f32", {kDLFloat, 32, 1}},
    {"f64", {kDLFloat, 64, 1}},
    {"f16", {kDLFloat, 16, 1}},
    {"bf16", {kDLBfloat, 16, 1}},
    {"i8", {kDLInt, 8, 1}},
    {"i16", {kDLInt, 16, 1}},
    {"i32", {kDLInt, 32, 1}},
    {"i64", {kDLInt, 64, 1}},
    {"u8", {kDLUInt, 8, 1}},
    {"u16", {kDLUInt, 16, 1}},
    {"u32", {kDLUInt, 32, 1}},
    {"u64", {kDLUInt, 64, 1}},
    {"i1", {boolCode, 8, 1}},
    {"i4", {kDLInt, 4, 1}},
    {"u4", {kDLUInt, 4, 1}},
    {"i2", {kDLInt, 2, 1}},
    {"u2", {kDLUInt, 2, 1}},
    {"f8e4m3fn", {float8E4M3Code, 8, 1}},
    {"f8e4m3fnuz", {float8E4M3FnuzCode, 8, 1}},
    {"f8e5m2", {float8E5M2Code, 8, 1}},
    {"f8e5m2fnuz", {float8E5M2FnuzCode, 8, 1}},
    {"f8e8m0fnu", {float8E8M0Code, 8, 1}},
    {"f6e2m3fn", {float6E2M3Code, 6, 1}},
    {"f6e3m2fn", {float6E3M2Code, 6, 1}},
    {"f4e2m1fn", {float4E2M1Code, 4, 1}},
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

/// Elements of less than a byte take a whole one.
inline size_t dtypeBytes(DLDataType dtype) {
  return (static_cast<size_t>(dtype.bits) * dtype.lanes + 7) / 8;
}

} // namespace attune

#endif // ATTUNE_RUNTIME_DTYPE_H
