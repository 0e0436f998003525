// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Summary.h"
#include "runtime/Arguments.h"
#include "runtime/DType.h"
#include "runtime/Half.h"

#include <algorithm>
#include <cstdio>

namespace attune {

std::string describeTensor(const std::string &name, const DLTensor &tensor) {
  return name + ": " + dtypeName(tensor.dtype) + " " +
         shapeText(tensor.ndim, tensor.shape);
}

template <typename T> static double load(const char *at) {
  T value;
  std::memcpy(&value, at, sizeof(value));
  return static_cast<double>(value);
}

using Loader = double (*)(const char *at);

static Loader integerLoader(DLDataType dtype) {
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

static Loader loaderOf(DLDataType dtype) {
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

std::string describeElements(const DLTensor &tensor) {
  int64_t bytes = 0;
  DLDataType dtype = tensor.dtype;
  if (!tensorBytes(dtype, tensor.ndim, tensor.shape, bytes) || bytes == 0)
    return "no elements";
  if (dtype.bits < 8 || dtype.code > boolCode)
    return std::to_string(bytes) + " raw items";
  Loader load = loaderOf(dtype);
  const char *data = static_cast<const char *>(tensor.data);
  auto item = static_cast<int64_t>(dtypeBytes(dtype));
  double least = INFINITY, most = -INFINITY, sum = 0;
  int64_t numbers = 0, others = 0;
  for (int64_t at = 0; at < bytes; at += item) {
    double value = load(data + at);
    if (std::isnan(value)) {
      ++others;
      continue;
    }
    ++numbers;
    least = std::min(least, value);
    most = std::max(most, value);
    sum += value;
  }
  char text[160] = "";
  if (numbers)
    std::snprintf(text, sizeof(text), "min %.6g, mean %.6g, max %.6g", least,
                  sum / static_cast<double>(numbers), most);
  std::string summary = text;
  if (others)
    summary += (numbers ? ", " : "") + std::to_string(others) + " NaN";
  return summary;
}

} // namespace attune
