// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/MaskExpr.h"

using namespace mlir;

namespace attune {

using Kind = MaskExpr::Kind;

Affine Affine::plus(const Affine &other, int64_t factor) const {
  Affine sum = *this;
  sum.constant += factor * other.constant;
  for (const auto &[name, count] : other.terms)
    if ((sum.terms[name] += factor * count) == 0)
      sum.terms.erase(name);
  return sum;
}

MaskExpr MaskExpr::number(double value) {
  MaskExpr expr;
  expr.kind = Kind::number;
  expr.value = value;
  return expr;
}

MaskExpr MaskExpr::integer(Affine affine) {
  if (affine.isConstant())
    return number(affine.constant);
  MaskExpr expr;
  expr.kind = Kind::integer;
  expr.affine = std::move(affine);
  return expr;
}

MaskExpr MaskExpr::atMost(Affine affine) {
  if (affine.isConstant())
    return number(affine.constant <= 0);
  MaskExpr expr;
  expr.kind = Kind::atMost;
  expr.affine = std::move(affine);
  return expr;
}

MaskExpr MaskExpr::select(const MaskExpr &condition, const MaskExpr &yes,
                          const MaskExpr &no) {
  if (std::optional<double> known = condition.asNumber())
    return *known != 0 ? yes : no;
  if (condition.kind != Kind::atMost)
    return {};
  std::optional<double> left = yes.asNumber(), right = no.asNumber();
  if (left && right && *left == *right)
    return yes;
  MaskExpr expr;
  expr.kind = Kind::select;
  for (const MaskExpr &operand : {condition, yes, no})
    expr.operands.push_back(std::make_shared<MaskExpr>(operand));
  return expr;
}

std::optional<double> MaskExpr::asNumber() const {
  return kind == Kind::number ? std::optional(value) : std::nullopt;
}

/// An integer as a sum; nothing for other kinds.
static std::optional<Affine> affineOf(const MaskExpr &expr) {
  if (expr.kind == Kind::integer)
    return expr.affine;
  if (expr.kind == Kind::number && expr.value == std::trunc(expr.value) &&
      std::abs(expr.value) < 1e15)
    return Affine::of(static_cast<int64_t>(expr.value));
  return std::nullopt;
}

/// A boolean as a select between 1 and 0.
static MaskExpr asSelect(const MaskExpr &expr) {
  if (expr.kind != Kind::atMost)
    return expr;
  return MaskExpr::select(expr, MaskExpr::number(1), MaskExpr::number(0));
}

/// A select between 1 and 0 as a boolean.
static MaskExpr asBoolean(const MaskExpr &expr) {
  if (expr.kind != Kind::select)
    return expr;
  std::optional<double> yes = expr.operands[1]->asNumber();
  std::optional<double> no = expr.operands[2]->asNumber();
  if (!yes || !no || (*yes != 0) == (*no != 0))
    return expr;
  const MaskExpr &condition = *expr.operands[0];
  if (*yes != 0)
    return condition;
  // not (a <= 0) is 1 - a <= 0.
  return MaskExpr::atMost(Affine::of(1).plus(condition.affine, -1));
}

static MaskExpr applyToNumbers(StringRef op, ArrayRef<double> x) {
  if (x.size() == 1) {
    if (op == "Not")
      return MaskExpr::number(x[0] == 0);
    if (op == "Neg")
      return MaskExpr::number(-x[0]);
    return {};
  }
  if (x.size() != 2)
    return {};
  std::optional<double> result = llvm::StringSwitch<std::optional<double>>(op)
                                     .Case("Add", x[0] + x[1])
                                     .Case("Sub", x[0] - x[1])
                                     .Case("Mul", x[0] * x[1])
                                     .Case("And", x[0] != 0 && x[1] != 0)
                                     .Case("Or", x[0] != 0 || x[1] != 0)
                                     .Case("Equal", x[0] == x[1])
                                     .Case("Less", x[0] < x[1])
                                     .Case("Greater", x[0] > x[1])
                                     .Case("LessOrEqual", x[0] <= x[1])
                                     .Case("GreaterOrEqual", x[0] >= x[1])
                                     .Default(std::nullopt);
  return result ? MaskExpr::number(*result) : MaskExpr();
}

/// Sums and comparisons of integers.
static MaskExpr applyToIntegers(StringRef op, const Affine &left,
                                const Affine &right) {
  Affine difference = left.plus(right, -1);
  Affine one = Affine::of(1);
  if (op == "Add")
    return MaskExpr::integer(left.plus(right));
  if (op == "Sub")
    return MaskExpr::integer(difference);
  if (op == "Mul" && right.isConstant())
    return MaskExpr::integer(Affine().plus(left, right.constant));
  if (op == "Mul" && left.isConstant())
    return MaskExpr::integer(Affine().plus(right, left.constant));
  if (op == "LessOrEqual")
    return MaskExpr::atMost(difference);
  if (op == "Less")
    return MaskExpr::atMost(difference.plus(one));
  if (op == "GreaterOrEqual")
    return MaskExpr::atMost(Affine().plus(difference, -1));
  if (op == "Greater")
    return MaskExpr::atMost(one.plus(difference, -1));
  return {};
}

/// A number, or each side of a select among numbers, in another type.
static MaskExpr castNumber(const MaskExpr &expr, Type type) {
  std::optional<double> known = expr.asNumber();
  if (!known)
    return {};
  if (type.isInteger(1))
    return MaskExpr::number(*known != 0);
  bool isInt = *known == std::trunc(*known) && std::abs(*known) < 128;
  // What other integers hold depends on their width and on rounding.
  return isa<FloatType>(type) || isInt ? expr : MaskExpr();
}

static MaskExpr castTo(const MaskExpr &operand, Type type) {
  MaskExpr expr = asSelect(operand);
  if (expr.kind == Kind::integer) {
    bool holds = type.isF32() || type.isF64() || type.isInteger(32) ||
                 type.isInteger(64);
    return holds ? expr : MaskExpr();
  }
  if (expr.kind != Kind::select)
    return castNumber(expr, type);
  MaskExpr cast =
      MaskExpr::select(*expr.operands[0], castNumber(*expr.operands[1], type),
                       castNumber(*expr.operands[2], type));
  return type.isInteger(1) ? asBoolean(cast) : cast;
}

MaskExpr applyToElements(StringRef op, ArrayRef<MaskExpr> operands, Type type) {
  if (op == "Cast")
    return castTo(operands[0], type);
  if (op == "Where")
    return MaskExpr::select(asBoolean(operands[0]), operands[1], operands[2]);
  SmallVector<double> numbers;
  SmallVector<Affine> integers;
  for (const MaskExpr &operand : operands) {
    if (std::optional<double> known = operand.asNumber())
      numbers.push_back(*known);
    if (std::optional<Affine> integer = affineOf(operand))
      integers.push_back(*integer);
  }
  if (numbers.size() == operands.size())
    return applyToNumbers(op, numbers);
  if (integers.size() == operands.size() && operands.size() == 2)
    return applyToIntegers(op, integers[0], integers[1]);
  // One select among numbers: the operator on each side of it.
  for (auto [index, operand] : llvm::enumerate(operands)) {
    MaskExpr choice = asSelect(operand);
    if (choice.kind != Kind::select || numbers.size() + 1 != operands.size())
      continue;
    SmallVector<MaskExpr> sides;
    for (unsigned side : {1u, 2u}) {
      SmallVector<MaskExpr> replaced(operands);
      replaced[index] = *choice.operands[side];
      sides.push_back(applyToElements(op, replaced, type));
    }
    MaskExpr result = MaskExpr::select(*choice.operands[0], sides[0], sides[1]);
    return type.isInteger(1) ? asBoolean(result) : result;
  }
  return {};
}

} // namespace attune
