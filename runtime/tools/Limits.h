// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_RUNTIME_TOOLS_LIMITS_H
#define ATTUNE_RUNTIME_TOOLS_LIMITS_H

#include <string>
#include <vector>

namespace attune {

/// "[layers.|outputs.]METRIC>NUMBER" or "...<NUMBER": what must not be.
struct Limit {
  std::string text;
  std::string part; ///< "layers", "outputs", or "" for both
  std::string metric;
  bool isUpper = true;
  double bound = 0;

  /// What has no number is beyond any limit.
  bool isBroken(double value) const {
    return isUpper ? !(value <= bound) : !(value >= bound);
  }
};

/// False, with the reason, if the text is no limit.
bool parseLimit(const std::string &text, Limit &limit, std::string &reason);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_LIMITS_H
