// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_RANGES_H
#define ATTUNE_PASSES_FORMS_RANGES_H

#include "dialects/attn/core/Polynomials.h"
#include "llvm/Support/Error.h"
#include <map>
#include <string>

namespace attune {

/// What a function is looked at over, and what is spent on it there.
struct RangeEntry {
  std::string node; ///< of the file; empty: every node without an entry
  attn::Stand stand;
  std::string file; ///< where it stands
  unsigned line = 0, column = 0;
};

/// Ranges of functions, a JSON file:
///
///   {"version": 1, "degree": 32, "tolerance": 1e-6,
///    "ranges": [{"node": "/layer.0/Gelu", "function": "gelu",
///                "low": -3.5, "high": 4.25, "degree": 24}]}
///
/// `degree` outside of an entry is for those without one; the inverses have
/// `steps` instead, or as many as the relative error `tolerance` takes.
class Ranges {
public:
  /// An error begins with FILE:LINE:COLUMN of what is wrong.
  static llvm::Expected<Ranges> read(llvm::StringRef path);

  /// The entry for a function at a node, or null.
  const RangeEntry *find(llvm::StringRef node,
                         attn::PolyFunction function) const;

  const auto &all() const { return entries; }

private:
  friend class RangesReader;
  std::map<std::pair<std::string, attn::PolyFunction>, RangeEntry> entries;
};

/// What ranges are written with.
constexpr int64_t usualDegree = 32;
constexpr double usualTolerance = 1e-6;

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_RANGES_H
