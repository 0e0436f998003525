// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/Neighbours.h"

using namespace mlir;

namespace attune {

/// The factor by which `value` is some tensor, which takes its place: a
/// product or quotient with a constant; 1 if it is neither.
static double stripFactor(Value &value) {
  if (auto node = nodeOf(value, "Mul"))
    for (unsigned side : {1u, 0u})
      if (std::optional<double> factor = scalarOf(node.getInputs()[side])) {
        value = node.getInputs()[1 - side];
        return *factor;
      }
  if (auto node = nodeOf(value, "Div"))
    if (std::optional<double> factor = scalarOf(node.getInputs()[1])) {
      value = node.getInputs()[0];
      return 1 / *factor;
    }
  return 1;
}

static bool isNear(double value, double expected) {
  return std::abs(value - expected) <= 1e-5 * std::abs(expected);
}

/// The operand beside a scalar constant equal to `constant` in a sum, or null.
static Value besideConstant(onnx::NodeOp sum, double constant) {
  if (!sum)
    return {};
  for (unsigned side : {1u, 0u})
    if (std::optional<double> found = scalarOf(sum.getInputs()[side]))
      if (*found == constant)
        return sum.getInputs()[1 - side];
  return {};
}

/// Factors of a product, over nested Mul nodes: tensors, and one constant.
static SmallVector<Value> factorsOf(Value value, double &constant) {
  SmallVector<Value> factors, work = {value};
  while (!work.empty() && factors.size() < 8) {
    Value next = work.pop_back_val();
    if (std::optional<double> scalar = scalarOf(next)) {
      constant *= *scalar;
      continue;
    }
    auto product = nodeOf(next, "Mul");
    if (product && (next == value || product->hasOneUse())) {
      llvm::append_range(work, product.getInputs());
      continue;
    }
    factors.push_back(next);
  }
  llvm::append_range(factors, work);
  return factors;
}

/// Whether `value` is 1 + erf(x / sqrt(2)).
static bool isErfTerm(Value value, Value x) {
  Value bent = besideConstant(nodeOf(value, "Add"), 1.0);
  auto erf = bent ? nodeOf(bent, "Erf") : onnx::NodeOp();
  if (!erf)
    return false;
  Value inner = erf.getInputs()[0];
  double factor = inner == x ? 1 : stripFactor(inner);
  return inner == x && isNear(factor, 0.70710678118654752);
}

/// The n for which `value` is c x^n, by products and Pow in any order; 0 if
/// there is none.
static double exponentOf(Value value, Value x, double &constant) {
  double sum = 0;
  for (Value factor : factorsOf(value, constant)) {
    auto power = nodeOf(factor, "Pow");
    std::optional<double> exponent =
        power ? scalarOf(power.getInputs()[1]) : std::nullopt;
    if (factor == x)
      sum += 1;
    else if (exponent && power.getInputs()[0] == x)
      sum += *exponent;
    else
      return 0;
  }
  return sum;
}

/// Whether `value` is 1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)).
static bool isTanhTerm(Value value, Value x) {
  Value bent = besideConstant(nodeOf(value, "Add"), 1.0);
  auto tanh = bent ? nodeOf(bent, "Tanh") : onnx::NodeOp();
  if (!tanh)
    return false;
  Value inner = tanh.getInputs()[0];
  if (!isNear(stripFactor(inner), 0.79788456080286536))
    return false;
  auto sum = nodeOf(inner, "Add");
  Value cubic = sum ? otherOperand(sum, x) : Value();
  double constant = 1;
  return cubic && exponentOf(cubic, x, constant) == 3 &&
         isNear(constant, 0.044715);
}

/// Gelu, if `constant` is a half and `term` belongs to `x`.
static onnx::NodeOp raiseGelu(onnx::NodeOp root, Value x, Value term,
                              double constant) {
  if (!isNear(constant, 0.5) || x.getType() != root.getResult(0).getType())
    return {};
  bool exact = isErfTerm(term, x);
  if (!exact && !isTanhTerm(term, x))
    return {};
  OpBuilder builder(root);
  auto kind = builder.getStringAttr(exact ? "none" : "tanh");
  return makeNode(builder, root, "Gelu", 20, x,
                  builder.getNamedAttr("approximate", kind));
}

// x/2 * (1 + erf or tanh), whatever the order of the factors.
onnx::NodeOp raiseGelu(onnx::NodeOp root) {
  double constant = 1;
  SmallVector<Value> factors = factorsOf(root.getOutputs()[0], constant);
  if (factors.size() != 2)
    return {};
  for (unsigned side : {0u, 1u}) {
    Value x = factors[side], term = factors[1 - side];
    if (onnx::NodeOp raised = raiseGelu(root, x, term, constant))
      return raised;
    // The half may stand on x, as x / 2.
    double factor = stripFactor(x);
    if (onnx::NodeOp raised = raiseGelu(root, x, term, constant * factor))
      return raised;
  }
  return {};
}

} // namespace attune
