// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/SizeExpr.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

namespace attune {

std::string SizeExpr::text() const {
  std::string all = llvm::join(names, "*");
  if (isConstant())
    return std::to_string(factor);
  return factor == 1 ? all : std::to_string(factor) + "*" + all;
}

std::optional<SizeExpr> multiply(const SizeExpr &left, const SizeExpr &right) {
  constexpr size_t limit = 8;
  SizeExpr product = left;
  if (llvm::MulOverflow(left.factor, right.factor, product.factor) ||
      left.names.size() + right.names.size() > limit)
    return std::nullopt;
  if (product.factor == 0)
    return SizeExpr::of(0);
  product.names.append(right.names);
  llvm::sort(product.names);
  return product;
}

std::optional<SizeExpr> divide(const SizeExpr &left, const SizeExpr &right) {
  if (right.factor == 0 || left.factor % right.factor != 0)
    return std::nullopt;
  SizeExpr quotient = left;
  quotient.factor = left.factor / right.factor;
  for (const std::string &name : right.names) {
    auto *found = llvm::find(quotient.names, name);
    if (found == quotient.names.end())
      return std::nullopt;
    quotient.names.erase(found);
  }
  return quotient;
}

std::optional<SizeExpr> broadcast(const std::optional<SizeExpr> &left,
                                  const std::optional<SizeExpr> &right) {
  if (left && left->isConstant(1))
    return right;
  if (right && right->isConstant(1))
    return left;
  if (left && right && *left == *right)
    return left;
  // A number other than 1 rules over what must be 1 or that number.
  if (left && left->isConstant() && (!right || !right->isConstant()))
    return left;
  if (right && right->isConstant() && (!left || !left->isConstant()))
    return right;
  return std::nullopt;
}

} // namespace attune
