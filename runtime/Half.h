// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two 16-bit floats, to and from f32.

#ifndef ATTUNE_RUNTIME_HALF_H
#define ATTUNE_RUNTIME_HALF_H

#include <cmath>
#include <cstdint>
#include <cstring>

namespace attune {

inline float bfloat16ToFloat(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  float value;
  std::memcpy(&value, &wide, sizeof(value));
  return value;
}

/// Cuts off what does not fit.
inline uint16_t floatToBfloat16(float value) {
  uint32_t wide;
  std::memcpy(&wide, &value, sizeof(wide));
  return static_cast<uint16_t>(wide >> 16);
}

inline float halfToFloat(uint16_t bits) {
  int exponent = bits >> 10 & 31, fraction = bits & 1023;
  float value;
  if (exponent == 31)
    value = fraction ? NAN : INFINITY;
  else if (exponent == 0)
    value = std::ldexp(static_cast<float>(fraction), -24);
  else
    value = std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return bits & 0x8000 ? -value : value;
}

/// For finite values whose fraction fits; cuts off the rest. Values below
/// 2^-14 become zero.
inline uint16_t floatToHalf(float value) {
  int exponent;
  float fraction = std::frexp(std::fabs(value), &exponent);
  uint16_t sign = std::signbit(value) ? 0x8000 : 0;
  if (value == 0 || exponent < -13)
    return sign;
  auto bits = static_cast<int>(std::ldexp(fraction, 11)) - 1024;
  return static_cast<uint16_t>(sign | (exponent + 14) << 10 | bits);
}

} // namespace attune

#endif // ATTUNE_RUNTIME_HALF_H
