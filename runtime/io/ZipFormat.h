// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The records of ZIP archives, after PKWARE's APPNOTE.TXT 6.3.

#ifndef ATTUNE_RUNTIME_IO_ZIPFORMAT_H
#define ATTUNE_RUNTIME_IO_ZIPFORMAT_H

#include <cstdint>
#include <cstring>
#include <string>

namespace attune::zip {

inline constexpr uint32_t localMagic = 0x04034b50, centralMagic = 0x02014b50,
                          endMagic = 0x06054b50, end64Magic = 0x06064b50,
                          locatorMagic = 0x07064b50;
inline constexpr size_t localSize = 30, centralSize = 46, endSize = 22,
                        end64Size = 56, locatorSize = 20;
inline constexpr uint16_t stored = 0, deflated = 8, encryptedFlag = 1;
/// Stands where a number of 32 bits is too small; the extra field has it.
inline constexpr uint32_t wideMark = 0xffffffff;
inline constexpr uint16_t wideExtra = 1;

inline uint16_t get16(const char *at) {
  uint16_t value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}
inline uint32_t get32(const char *at) {
  uint32_t value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}
inline uint64_t get64(const char *at) {
  uint64_t value;
  std::memcpy(&value, at, sizeof(value));
  return value;
}

/// Appends little-endian numbers.
template <typename T> void put(std::string &text, T value) {
  text.append(reinterpret_cast<const char *>(&value), sizeof(value));
}

} // namespace attune::zip

#endif // ATTUNE_RUNTIME_IO_ZIPFORMAT_H
