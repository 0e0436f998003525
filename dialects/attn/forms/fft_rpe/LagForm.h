// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGFORM_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGFORM_H

#include "mlir/IR/Operation.h"

namespace attune::attn {

/// How a number depends on the positions i of a query and j of a key: not at
/// all, as a constant + c (a i + b j) with known a and b, on j - i only, or in
/// a way that is not known, which is false.
class LagForm {
public:
  LagForm() = default;
  static LagForm same() { return LagForm(Kind::same); }
  static LagForm lag() { return LagForm(Kind::lag); }
  /// a i + b j and a constant: c is 1.
  static LagForm linear(int64_t i, int64_t j);
  /// The result of an operation on scalars.
  static LagForm apply(mlir::Operation *op, llvm::ArrayRef<LagForm> operands);

  explicit operator bool() const { return kind != Kind::unknown; }
  bool isSame() const { return kind == Kind::same; }
  bool isLinear() const { return kind == Kind::linear; }
  /// Whether it depends on nothing but j - i.
  bool isLag() const {
    return kind == Kind::same || kind == Kind::lag ||
           (kind == Kind::linear && i + j == 0);
  }
  /// Whether two indices that grow by 1 with i and j are i + constant and
  /// j + constant, in either order.
  bool isDiagonalTo(LagForm other) const;
  /// A linear number times a factor; NaN is one that is not known.
  LagForm times(double factor) const;

  bool operator==(const LagForm &other) const {
    return kind == other.kind && i == other.i && j == other.j &&
           exact == other.exact;
  }

private:
  enum class Kind { unknown, same, linear, lag };
  explicit LagForm(Kind kind) : kind(kind) {}
  static LagForm combine(LagForm left, LagForm right, int64_t sign);

  Kind kind = Kind::unknown;
  int64_t i = 0, j = 0; // a and b
  bool exact = false;   // c is 1
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGFORM_H
