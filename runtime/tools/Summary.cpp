// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Summary.h"
#include "runtime/Arguments.h"
#include "runtime/DType.h"
#include "runtime/tools/Elements.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace attune {

std::string describeTensor(const std::string &name, const DLTensor &tensor) {
  return name + ": " + dtypeName(tensor.dtype) + " " +
         shapeText(tensor.ndim, tensor.shape);
}

std::string describeElements(const DLTensor &tensor) {
  int64_t bytes = 0;
  DLDataType dtype = tensor.dtype;
  if (!tensorBytes(dtype, tensor.ndim, tensor.shape, bytes) || bytes == 0)
    return "no elements";
  ElementLoader load = elementLoader(dtype);
  if (!load)
    return std::to_string(bytes) + " raw items";
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
