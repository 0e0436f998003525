// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Drift.h"
#include "runtime/DType.h"
#include "runtime/tools/Elements.h"

#include <algorithm>
#include <cmath>

namespace attune {

namespace {

/// The elements of a tensor, one after the other.
class Elements {
public:
  explicit Elements(const DLTensor &tensor)
      : load(elementLoader(tensor.dtype)), isRaw(!load),
        data(static_cast<const char *>(tensor.data)),
        step(dtypeBytes(tensor.dtype)) {}
  double operator[](int64_t at) const {
    const char *place = data + static_cast<size_t>(at) * step;
    return isRaw ? static_cast<unsigned char>(*place) : load(place);
  }

private:
  ElementLoader load;
  bool isRaw;
  const char *data;
  size_t step;
};

/// Sums over pairs of elements that both have numbers.
struct Sums {
  double difference = 0, own = 0, reference = 0, both = 0;
};

} // namespace

static int64_t countOf(const DLTensor &tensor) {
  int64_t count = 1;
  for (int32_t dim = 0; dim < tensor.ndim; ++dim)
    count *= tensor.shape[dim];
  return count;
}

static bool isFloat(DLDataType dtype) {
  return elementLoader(dtype) &&
         (dtype.code == kDLFloat || dtype.code == kDLBfloat);
}

static int64_t placeOfLargest(const Elements &row, int64_t begin,
                              int64_t width) {
  int64_t place = 0;
  for (int64_t i = 1; i < width; ++i)
    if (row[begin + i] > row[begin + place])
      place = i;
  return place;
}

static double argmaxAgreement(const DLTensor &tensor,
                              const DLTensor &reference) {
  int64_t width = tensor.ndim ? tensor.shape[tensor.ndim - 1] : 1;
  int64_t count = countOf(tensor);
  if (width < 2 || count == 0 || !isFloat(tensor.dtype) ||
      !isFloat(reference.dtype))
    return NAN;
  Elements own(tensor), others(reference);
  int64_t same = 0;
  for (int64_t begin = 0; begin < count; begin += width)
    same += placeOfLargest(own, begin, width) ==
            placeOfLargest(others, begin, width);
  return static_cast<double>(same) / static_cast<double>(count / width);
}

static void setRatios(Drift &drift, const Sums &sums) {
  // What differs in elements without numbers has no measure.
  if (drift.unmatched) {
    drift.maxAbs = drift.relativeL2 = INFINITY;
    drift.cosine = NAN;
    return;
  }
  if (sums.difference == 0)
    return;
  drift.relativeL2 = sums.reference > 0
                         ? std::sqrt(sums.difference / sums.reference)
                         : INFINITY;
  double lengths = std::sqrt(sums.own) * std::sqrt(sums.reference);
  drift.cosine = lengths == 0 ? 0 : sums.both / lengths;
  if (!std::isnan(drift.cosine))
    drift.cosine = std::clamp(drift.cosine, -1.0, 1.0);
}

Drift driftOf(const DLTensor &tensor, const DLTensor &reference) {
  Drift drift;
  Sums sums;
  bool isRaw = !elementLoader(tensor.dtype) || !elementLoader(reference.dtype);
  Elements own(tensor), others(reference);
  for (int64_t i = 0, count = countOf(tensor); i < count; ++i) {
    double a = own[i], b = others[i];
    if (a == b || (std::isnan(a) && std::isnan(b))) {
      if (!std::isfinite(a))
        continue;
    } else if (isRaw || !std::isfinite(a) || !std::isfinite(b)) {
      ++drift.unmatched;
      continue;
    }
    drift.maxAbs = std::max(drift.maxAbs, std::abs(a - b));
    sums.difference += (a - b) * (a - b);
    sums.own += a * a;
    sums.reference += b * b;
    sums.both += a * b;
  }
  setRatios(drift, sums);
  drift.argmaxAgreement = argmaxAgreement(tensor, reference);
  return drift;
}

} // namespace attune
