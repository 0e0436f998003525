// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Limits.h"

#include <cmath>
#include <cstdlib>

namespace attune {

static constexpr const char *metrics[] = {"max_abs", "relative_l2", "cosine",
                                          "argmax_agreement", "speedup"};

static bool isMetric(const std::string &name, std::string &known) {
  bool found = false;
  for (const char *metric : metrics) {
    known += (known.empty() ? "" : ", ") + std::string(metric);
    found |= name == metric;
  }
  return found;
}

bool parseLimit(const std::string &text, Limit &limit, std::string &reason) {
  size_t sign = text.find_first_of("<>");
  if (sign == std::string::npos) {
    reason = "'" + text + "' is neither METRIC>NUMBER nor METRIC<NUMBER";
    return false;
  }
  limit.text = text;
  limit.isUpper = text[sign] == '>';
  limit.metric = text.substr(0, sign);
  size_t dot = limit.metric.find('.');
  if (dot != std::string::npos) {
    limit.part = limit.metric.substr(0, dot);
    limit.metric.erase(0, dot + 1);
  }
  std::string number = text.substr(sign + 1), known;
  if (!isMetric(limit.metric, known)) {
    reason = "'" + limit.metric + "' in '" + text + "' is none of " + known;
    return false;
  }
  if (dot != std::string::npos &&
      ((limit.part != "layers" && limit.part != "outputs") ||
       limit.metric == "speedup")) {
    reason = "'" + text + "' begins with neither 'layers.' nor 'outputs.' of " +
             "a measure of drift";
    return false;
  }
  char *end = nullptr;
  limit.bound = std::strtod(number.c_str(), &end);
  if (number.empty() || *end || !std::isfinite(limit.bound)) {
    reason = "'" + number + "' in '" + text + "' is no number";
    return false;
  }
  return true;
}

} // namespace attune
