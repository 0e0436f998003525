// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_NEAREST_H
#define ATTUNE_FRONTENDS_ONNX_NEAREST_H

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

namespace attune {

/// The one of `known` that `name` is a likely misspelling of, or "".
inline std::string nearestName(const std::string &name,
                               const std::vector<std::string> &known) {
  auto lower = [](char c) {
    return std::tolower(static_cast<unsigned char>(c));
  };
  std::string best;
  // Names from a model file may be long; misspellings are not found in those.
  size_t bestDistance = std::min<size_t>(name.size(), 64) / 3 + 2;
  for (const std::string &other : known) {
    if (name.size() > 64 || other.size() > 64)
      continue;
    std::vector<size_t> row(other.size() + 1);
    for (size_t j = 0; j < row.size(); ++j)
      row[j] = j;
    for (size_t i = 0; i < name.size(); ++i) {
      size_t diagonal = row[0];
      row[0] = i + 1;
      for (size_t j = 0; j < other.size(); ++j) {
        size_t replaced = diagonal + (lower(name[i]) != lower(other[j]));
        diagonal = row[j + 1];
        row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
      }
    }
    // All of a short name replaced is another name.
    if (row.back() < bestDistance &&
        row.back() < std::max(name.size(), other.size())) {
      bestDistance = row.back();
      best = other;
    }
  }
  return best;
}

/// "; did you mean 'x'?", or "" if nothing is near.
inline std::string didYouMean(const std::string &name,
                              const std::vector<std::string> &known) {
  std::string nearest = nearestName(name, known);
  return nearest.empty() ? "" : "; did you mean '" + nearest + "'?";
}

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_NEAREST_H
