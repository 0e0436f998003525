// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/MaskExpr.h"
#include "dialects/onnx/Nodes.h"
#include "llvm/Support/MathExtras.h"

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

static constexpr size_t mostLists = 16, mostInList = 8;

std::optional<Condition> Condition::with(const Condition &other) const {
  Condition both;
  for (const All &left : any)
    for (const All &right : other.any) {
      All all = left;
      for (const Affine &affine : right)
        if (!llvm::is_contained(all, affine))
          all.push_back(affine);
      if (all.size() > mostInList || both.any.size() == mostLists)
        return std::nullopt;
      both.any.push_back(all);
    }
  return both;
}

std::optional<Condition> Condition::either(const Condition &other) const {
  Condition sum = *this;
  for (const All &all : other.any)
    if (!llvm::is_contained(sum.any, all))
      sum.any.push_back(all);
  return sum.any.size() <= mostLists ? std::optional(sum) : std::nullopt;
}

std::optional<Condition> Condition::negated() const {
  std::optional<Condition> none = Condition{{{}}};
  for (const All &all : any) {
    Condition fails;
    // not (a <= 0) is 1 - a <= 0.
    for (const Affine &affine : all)
      fails.any.push_back({Affine::of(1).plus(affine, -1)});
    none = none ? none->with(fails) : std::nullopt;
  }
  return none;
}

MaskExpr MaskExpr::number(double value) {
  MaskExpr expr;
  expr.kind = Kind::number;
  expr.value = value;
  return expr;
}

/// Whether sums of a few such integers stay within 64 bits.
static bool isSmall(const Affine &affine) {
  constexpr int64_t limit = int64_t(1) << 53;
  auto fits = [](int64_t value) { return -limit <= value && value <= limit; };
  return fits(affine.constant) &&
         llvm::all_of(affine.terms,
                      [&](const auto &term) { return fits(term.second); });
}

MaskExpr MaskExpr::integer(Affine affine) {
  if (!isSmall(affine))
    return {};
  if (affine.isConstant())
    return number(affine.constant);
  MaskExpr expr;
  expr.kind = Kind::integer;
  expr.affine = std::move(affine);
  return expr;
}

MaskExpr MaskExpr::choice(Condition condition, double value, double otherwise) {
  if (value == otherwise)
    return number(value);
  MaskExpr expr;
  expr.kind = Kind::choice;
  expr.condition = std::move(condition);
  expr.value = value;
  expr.otherwise = otherwise;
  return expr;
}

MaskExpr MaskExpr::atMost(Affine affine) {
  if (affine.isConstant())
    return number(affine.constant <= 0);
  return choice(Condition::atMost(std::move(affine)), 1, 0);
}

std::optional<double> MaskExpr::asNumber() const {
  return kind == Kind::number ? std::optional(value) : std::nullopt;
}

std::optional<Affine> MaskExpr::asInteger() const {
  constexpr double limit = 1e15;
  if (kind == Kind::integer)
    return affine;
  if (kind == Kind::number && value == std::trunc(value) &&
      std::abs(value) < limit)
    return Affine::of(static_cast<int64_t>(value));
  return std::nullopt;
}

static std::optional<double> applyToNumbers(StringRef op, ArrayRef<double> x) {
  if (x.size() == 1)
    return llvm::StringSwitch<std::optional<double>>(op)
        .Case("Not", x[0] == 0)
        .Case("Neg", -x[0])
        .Default(std::nullopt);
  if (x.size() != 2)
    return std::nullopt;
  return llvm::StringSwitch<std::optional<double>>(op)
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
}

/// A multiple; unknown if a number of it is too large.
static MaskExpr times(const Affine &affine, int64_t factor) {
  Affine product;
  if (llvm::MulOverflow(affine.constant, factor, product.constant))
    return {};
  for (const auto &[name, count] : affine.terms)
    if (llvm::MulOverflow(count, factor, product.terms[name]))
      return {};
  if (factor == 0)
    product.terms.clear();
  return MaskExpr::integer(product);
}

/// Sums and comparisons of integers. What other types hold depends on their
/// width.
static MaskExpr applyToIntegers(StringRef op, const Affine &left,
                                const Affine &right, Type type) {
  if (!type.isInteger(1) && !holdsSizes(type))
    return {};
  Affine difference = left.plus(right, -1);
  Affine one = Affine::of(1), opposite = Affine().plus(difference, -1);
  if (op == "Add")
    return MaskExpr::integer(left.plus(right));
  if (op == "Sub")
    return MaskExpr::integer(difference);
  if (op == "Mul" && right.isConstant())
    return times(left, right.constant);
  if (op == "Mul" && left.isConstant())
    return times(right, left.constant);
  if (op == "LessOrEqual")
    return MaskExpr::atMost(difference);
  if (op == "Less")
    return MaskExpr::atMost(difference.plus(one));
  if (op == "GreaterOrEqual")
    return MaskExpr::atMost(opposite);
  if (op == "Equal" && difference.isConstant())
    return MaskExpr::number(difference.constant == 0);
  if (op == "Equal")
    return MaskExpr::choice({{{difference, opposite}}}, 1, 0);
  if (op == "Greater")
    return MaskExpr::atMost(one.plus(difference, -1));
  return {};
}

/// A number in another type; nothing if it depends on the width or rounding.
static std::optional<double> castNumber(double number, Type type) {
  // Any type holds these.
  bool isSmall = number == std::trunc(number) && number >= 0 && number < 128;
  return isSmall && !type.isInteger(1) ? std::optional(number)
                                       : roundedTo(number, type);
}

static MaskExpr castTo(const MaskExpr &operand, Type type) {
  if (operand.kind == Kind::integer) {
    return holdsSizes(type) ? operand : MaskExpr();
  }
  std::optional<double> value = castNumber(operand.value, type),
                        otherwise = castNumber(operand.otherwise, type);
  if (operand.kind == Kind::number && value)
    return MaskExpr::number(*value);
  if (operand.kind != Kind::choice || !value || !otherwise)
    return {};
  return MaskExpr::choice(operand.condition, *value, *otherwise);
}

/// Choices among numbers: the operator on each of their combinations, if it
/// gives no more than two numbers.
static MaskExpr applyToChoices(StringRef op, ArrayRef<MaskExpr> operands,
                               Type type) {
  SmallVector<unsigned> choices;
  for (auto [index, operand] : llvm::enumerate(operands)) {
    if (operand.kind == Kind::choice)
      choices.push_back(index);
    else if (operand.kind != Kind::number)
      return {};
  }
  if (choices.empty() || choices.size() > 3)
    return {};
  std::optional<double> values[2];
  std::optional<Condition> where[2] = {Condition(), Condition()};
  for (unsigned pick = 0; pick < 1u << choices.size(); ++pick) {
    SmallVector<MaskExpr> numbers(operands);
    std::optional<Condition> condition = Condition{{{}}};
    for (auto [bit, index] : llvm::enumerate(choices)) {
      const MaskExpr &choice = operands[index];
      bool holds = (pick >> bit & 1) == 0;
      numbers[index] =
          MaskExpr::number(holds ? choice.value : choice.otherwise);
      std::optional<Condition> side =
          holds ? std::optional(choice.condition) : choice.condition.negated();
      condition = condition && side ? condition->with(*side) : std::nullopt;
    }
    std::optional<double> value = applyToElements(op, numbers, type).asNumber();
    if (!value)
      return {};
    unsigned slot = !values[0] || *values[0] == *value ? 0 : 1;
    if (values[slot] && *values[slot] != *value)
      return {};
    values[slot] = value;
    where[slot] = where[slot] && condition ? where[slot]->either(*condition)
                                           : std::nullopt;
  }
  if (!values[1])
    return MaskExpr::number(*values[0]);
  // The side that is said in fewer lists.
  auto lists = [&](unsigned slot) {
    return where[slot] ? where[slot]->any.size() : mostLists + 1;
  };
  unsigned slot = lists(1) < lists(0) ? 1 : 0;
  return where[slot]
             ? MaskExpr::choice(*where[slot], *values[slot], *values[1 - slot])
             : MaskExpr();
}

MaskExpr applyToElements(StringRef op, ArrayRef<MaskExpr> operands, Type type) {
  if (op == "Cast")
    return castTo(operands[0], type);
  if (op == "Where" && operands[0].asNumber())
    return *operands[0].asNumber() != 0 ? operands[1] : operands[2];
  SmallVector<double> numbers;
  SmallVector<Affine> integers;
  for (const MaskExpr &operand : operands) {
    if (std::optional<double> known = operand.asNumber())
      numbers.push_back(*known);
    if (std::optional<Affine> integer = operand.asInteger())
      integers.push_back(*integer);
  }
  if (numbers.size() == operands.size()) {
    std::optional<double> result = applyToNumbers(op, numbers);
    result = result ? roundedTo(*result, type) : std::nullopt;
    return result ? MaskExpr::number(*result) : MaskExpr();
  }
  if (integers.size() == operands.size() && operands.size() == 2)
    return applyToIntegers(op, integers[0], integers[1], type);
  return applyToChoices(op, operands, type);
}

} // namespace attune
