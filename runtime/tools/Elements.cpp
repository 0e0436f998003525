// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Elements.h"
#include "runtime/DType.h"
#include "runtime/Half.h"

#include <cstring>

namespace attune {

template <typename T> static double load(const char *at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return static_cast<double>(value);
}

static ElementLoader integerLoader(DLDataType dtype) {
  bool isSigned = dtype.code == kDLInt;
  switch (dtype.bits) {
  case 8:
    return isSigned ? load<int8_t> : load<uint8_t>;
  case 16:
    return isSigned ? load<int16_t> : load<uint16_t>;
  case 32:
    return isSigned ? load<int32_t> : load<uint32_t>;
  default:
    return isSigned ? load<int64_t> : load<uint64_t>;
  }
}

ElementLoader elementLoader(DLDataType dtype) {
  if (dtype.bits < 8 || dtype.code > boolCode)
    return nullptr;
  if (dtype.code == kDLBfloat)
    return [](const char *at) -> double {
      uint16_t bits;
      std::memcpy(&bits, at, sizeof(bits));
      return bfloat16ToFloat(bits);
    };
  if (dtype.code != kDLFloat)
    return integerLoader(dtype);
  if (dtype.bits == 16)
    return [](const char *at) -> double {
      uint16_t bits;
      std::memcpy(&bits, at, sizeof(bits));
      return halfToFloat(bits);
    };
  return dtype.bits == 32 ? load<float> : load<double>;
}

} // namespace attune
