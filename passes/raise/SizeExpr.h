// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_SIZEEXPR_H
#define ATTUNE_PASSES_RAISE_SIZEEXPR_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace attune {

/// A size or an integer that a file computes with: a number times named sizes.
struct SizeExpr {
  int64_t factor = 1;
  llvm::SmallVector<std::string, 2> names; // sorted; a name may stand twice

  static SizeExpr of(int64_t factor) { return {factor, {}}; }
  static SizeExpr named(llvm::StringRef name) { return {1, {name.str()}}; }
  bool isConstant() const { return names.empty(); }
  bool isConstant(int64_t value) const {
    return isConstant() && factor == value;
  }
  bool operator==(const SizeExpr &other) const {
    return factor == other.factor && names == other.names;
  }
  /// "batch", "3*batch", "batch*seq".
  std::string text() const;
};

/// Nothing if the number becomes too large.
std::optional<SizeExpr> multiply(const SizeExpr &left, const SizeExpr &right);
/// Nothing if the quotient is no such expression for all sizes.
std::optional<SizeExpr> divide(const SizeExpr &left, const SizeExpr &right);
/// The size that two sizes broadcast to, if they do; nothing if it depends.
std::optional<SizeExpr> broadcast(const std::optional<SizeExpr> &left,
                                  const std::optional<SizeExpr> &right);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_SIZEEXPR_H
