// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file computes for one element of a mask, as a formula of its indices.

#ifndef ATTUNE_PASSES_RAISE_MASKEXPR_H
#define ATTUNE_PASSES_RAISE_MASKEXPR_H

#include "mlir/IR/Types.h"

#include <map>

namespace attune {

/// An integer: a sum of multiples of named sizes and of indices, and a number.
struct Affine {
  std::map<std::string, int64_t> terms;
  int64_t constant = 0;

  static Affine of(int64_t constant) { return {{}, constant}; }
  static Affine symbol(const std::string &name) { return {{{name, 1}}, 0}; }
  Affine plus(const Affine &other, int64_t factor = 1) const;
  bool isConstant() const { return terms.empty(); }
  bool operator==(const Affine &other) const {
    return terms == other.terms && constant == other.constant;
  }
};

/// Whether one of several lists holds, of which all conditions affine <= 0 do.
struct Condition {
  using All = std::vector<Affine>;
  std::vector<All> any;

  static Condition atMost(Affine affine) { return {{{std::move(affine)}}}; }
  /// Nothing if there would be too many lists.
  std::optional<Condition> negated() const;
  std::optional<Condition> with(const Condition &other) const;
  std::optional<Condition> either(const Condition &other) const;
};

/// A formula for one element.
struct MaskExpr {
  enum class Kind {
    unknown,
    number,  ///< `value`
    integer, ///< `affine`
    choice,  ///< `value` where `condition` holds, else `otherwise`
  };
  Kind kind = Kind::unknown;
  double value = 0, otherwise = 0;
  Affine affine;
  Condition condition;

  static MaskExpr number(double value);
  static MaskExpr integer(Affine affine);
  static MaskExpr choice(Condition condition, double value, double otherwise);
  /// The boolean affine <= 0; a number if that is known.
  static MaskExpr atMost(Affine affine);
  /// The number that the element is known to be.
  std::optional<double> asNumber() const;
  /// The integer that the element is known to be; nothing for fractions.
  std::optional<Affine> asInteger() const;
};

/// The operator `op` of ai.onnx, whose result has elements of type `type`, on
/// elements; unknown if it has no formula.
MaskExpr applyToElements(llvm::StringRef op, llvm::ArrayRef<MaskExpr> operands,
                         mlir::Type type);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_MASKEXPR_H
