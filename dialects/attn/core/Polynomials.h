// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Polynomials in the place of functions (`attn.poly`), as the compiler computes
// with them: in double.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_POLYNOMIALS_H
#define ATTUNE_DIALECTS_ATTN_CORE_POLYNOMIALS_H

#include "dialects/attn/Attn.h"

namespace attune::attn {

/// A function, where it is looked at, and what is spent on it: steps of an
/// inverse, the degree of others.
struct Stand {
  PolyFunction function;
  double low = 0, high = 0;
  int64_t effort = 0;

  /// Whether steps make it, not coefficients.
  bool isIterated() const {
    return function == PolyFunction::inverse ||
           function == PolyFunction::inverse_sqrt;
  }
  /// What is wrong with the range, or "".
  std::string rangeFault() const;
  /// The polynomial's value.
  double operator()(double x) const;
  /// Coefficients of Chebyshev's polynomials, the constant one first.
  llvm::SmallVector<double> coefficients() const;
  /// The polynomial's degree.
  double degree() const;
  /// How many products follow one another.
  int64_t depth() const;
  /// The largest difference to the function that a fine grid shows, relative to
  /// the function's value for the inverses.
  double error() const;
};

/// The function itself.
double valueOf(PolyFunction function, double x);
/// The fewest steps of an inverse whose relative error is at most `tolerance`
/// over the range; 0 if more than an operation may have.
int64_t stepsWithin(Stand stand, double tolerance);

/// On a norm or an activation: it decomposes into functions that polynomials
/// can replace, `attn.poly` without a range.
inline constexpr llvm::StringLiteral openAttr = "attn.open";

constexpr int64_t maxSteps = 32, maxDegree = 255;

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_POLYNOMIALS_H
