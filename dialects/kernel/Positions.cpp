// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Positions.h"

using namespace mlir;

namespace attune::kernel {

double mostOf(AffineExpr expr, double positions) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::abs(static_cast<double>(constant.getValue()));
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (!binary)
    return positions;
  double left = mostOf(binary.getLHS(), positions);
  double right = mostOf(binary.getRHS(), positions);
  if (expr.getKind() == AffineExprKind::Mul)
    return left * right;
  // What is divided on the way is there, and so is the divisor.
  return left + right;
}

bool isComputable(AffineExpr expr) {
  constexpr double positions = 68719476736.0, limit = 4611686018427387904.0;
  return mostOf(expr, positions) < limit;
}

} // namespace attune::kernel
