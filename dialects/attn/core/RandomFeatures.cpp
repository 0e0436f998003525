// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/RandomFeatures.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>

namespace attune::attn {

uint64_t Bits::next() {
  state += 0x9E3779B97F4A7C15;
  uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

namespace {

/// Standard normal numbers, two at a time.
class Normals {
public:
  explicit Normals(uint64_t seed) : bits(seed) {}

  double next() {
    hasSecond = !hasSecond;
    if (!hasSecond)
      return second;
    double radius = std::sqrt(-2 * std::log(std::max(uniform(), 0x1p-53)));
    double angle = 2 * llvm::numbers::pi * uniform();
    second = radius * std::sin(angle);
    return radius * std::cos(angle);
  }

private:
  double uniform() { return static_cast<double>(bits.next() >> 11) * 0x1p-53; }

  Bits bits;
  double second = 0;
  bool hasSecond = false;
};

using Row = std::vector<double>;

} // namespace

static double dot(const Row &left, const Row &right) {
  double sum = 0;
  for (size_t i = 0; i < left.size(); ++i)
    sum += left[i] * right[i];
  return sum;
}

static Row drawRow(Normals &normals, int64_t width) {
  Row row(width);
  for (double &x : row)
    x = normals.next();
  return row;
}

/// Gram and Schmidt's process. It keeps the part of each row that is orthogonal
/// to those before with its own sign, without which directions are biased.
static void orthogonalise(std::vector<Row> &rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    // Once more for what rounding has left.
    for (int pass = 0; pass < 2; ++pass)
      for (size_t j = 0; j < i; ++j) {
        double along = dot(rows[i], rows[j]);
        for (size_t d = 0; d < rows[i].size(); ++d)
          rows[i][d] -= along * rows[j][d];
      }
    double length = std::sqrt(dot(rows[i], rows[i]));
    for (double &x : rows[i])
      x /= length;
  }
}

std::vector<float> orthogonalProjection(int64_t features, int64_t width,
                                        uint64_t seed) {
  Normals normals(seed);
  std::vector<Row> directions;
  while (static_cast<int64_t>(directions.size()) < features) {
    std::vector<Row> rows;
    for (int64_t i = 0; i < width; ++i)
      rows.push_back(drawRow(normals, width));
    orthogonalise(rows);
    directions.insert(directions.end(), rows.begin(), rows.end());
  }
  directions.resize(features);
  std::vector<float> projection;
  for (const Row &direction : directions) {
    Row sample = drawRow(normals, width);
    double length = std::sqrt(dot(sample, sample));
    for (double x : direction)
      projection.push_back(static_cast<float>(x * length));
  }
  return projection;
}

std::vector<float> normalNumbers(int64_t count, uint64_t seed) {
  Normals normals(seed);
  std::vector<float> numbers(count);
  for (float &x : numbers)
    x = static_cast<float>(normals.next());
  return numbers;
}

std::vector<int32_t> numbersBelow(int64_t bound, int64_t count, uint64_t seed) {
  Bits bits(seed);
  std::vector<int32_t> numbers(count);
  for (int32_t &x : numbers)
    x = static_cast<int32_t>(bits.next() % static_cast<uint64_t>(bound));
  return numbers;
}

} // namespace attune::attn
