// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_SIZEEXPR_H
#define ATTUNE_PASSES_RAISE_SIZEEXPR_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace attune {

/// A size or an integer that a file computes with: a sum of products of a
/// number and named sizes.
struct SizeExpr {
  struct Term {
    int64_t factor = 1;                      // never 0
    llvm::SmallVector<std::string, 2> names; // sorted; a name may stand twice
    bool operator==(const Term &other) const {
      return factor == other.factor && names == other.names;
    }
  };
  /// Of more names first; no two with the same names.
  llvm::SmallVector<Term, 1> terms;

  static SizeExpr of(int64_t number);
  static SizeExpr named(llvm::StringRef name) { return {{{1, {name.str()}}}}; }
  /// The number that this is.
  std::optional<int64_t> number() const;
  bool isConstant() const { return number().has_value(); }
  bool isConstant(int64_t value) const { return number() == value; }
  /// Whether no term is subtracted: sizes are not negative.
  bool isSum() const;
  bool operator==(const SizeExpr &other) const { return terms == other.terms; }
  /// The name of a size that is computed: "{3*batch+past}". One that a file
  /// gives is itself.
  std::string text() const;
  /// The opposite.
  static std::optional<SizeExpr> parse(llvm::StringRef text);
  /// Whether `name` is that of a size that is computed.
  static bool isComputed(llvm::StringRef name) { return name.starts_with("{"); }
};

/// Nothing if numbers or the expression become too large.
std::optional<SizeExpr> add(const SizeExpr &left, const SizeExpr &right,
                            int64_t sign = 1);
std::optional<SizeExpr> multiply(const SizeExpr &left, const SizeExpr &right);
/// Nothing if the quotient is no such expression for all sizes.
std::optional<SizeExpr> divide(const SizeExpr &left, const SizeExpr &right);
/// Whether the two are, or are not, equal for all sizes; nothing if it depends.
std::optional<bool> isEqual(const SizeExpr &left, const SizeExpr &right);
/// Whether `left` is known to be `right` or more for all sizes.
bool isAtLeast(const std::optional<SizeExpr> &left,
               const std::optional<SizeExpr> &right);
/// The size that two sizes broadcast to, if they do; nothing if it depends.
std::optional<SizeExpr> broadcast(const std::optional<SizeExpr> &left,
                                  const std::optional<SizeExpr> &right);

/// The length of [start, end) of `size` elements, counted as Slice counts.
std::optional<SizeExpr> sliceLength(const std::optional<SizeExpr> &size,
                                    const std::optional<SizeExpr> &start,
                                    std::optional<SizeExpr> end);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_SIZEEXPR_H
