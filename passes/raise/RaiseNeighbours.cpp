// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/Nodes.h"
#include "passes/raise/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_RAISENEIGHBOURSPASS
#include "passes/raise/Passes.h.inc"

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
  return factors;
}

//===-- GELU --------------------------------------------------------------===//

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

/// Whether `value` is x^3, by Pow or by products.
static bool isCube(Value value, Value x) {
  if (auto power = nodeOf(value, "Pow"))
    return power.getInputs()[0] == x && scalarOf(power.getInputs()[1]) == 3.0;
  double constant = 1;
  SmallVector<Value> factors = factorsOf(value, constant);
  return constant == 1 && factors.size() == 3 &&
         llvm::all_of(factors, [&](Value factor) { return factor == x; });
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
  return cubic && isNear(stripFactor(cubic), 0.044715) && isCube(cubic, x);
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

/// x/2 * (1 + erf or tanh), whatever the order of the factors.
static onnx::NodeOp raiseGelu(onnx::NodeOp root) {
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

//===-- Norms -------------------------------------------------------------===//

/// A mean over the last dimension that keeps it; its operand, or null.
static Value meanOperand(Value value) {
  auto mean = nodeOf(value, "ReduceMean");
  if (!mean || mean.getInt("keepdims", 1) == 0)
    return {};
  Value input = mean.getInputs()[0];
  RankedTensorType type = typeOf(input);
  std::optional<SmallVector<int64_t>> axes = axesOf(mean, type.getRank());
  bool last = axes && axes->size() == 1 && axes->front() == type.getRank() - 1;
  return last ? input : Value();
}

/// The operand of a square: Pow(x, 2) or Mul(x, x); or null.
static Value squareOperand(Value value) {
  if (auto power = nodeOf(value, "Pow"))
    return scalarOf(power.getInputs()[1]) == 2.0 ? power.getInputs()[0] : Value();
  auto product = nodeOf(value, "Mul");
  if (product && product.getInputs()[0] == product.getInputs()[1])
    return product.getInputs()[0];
  return {};
}

namespace {
/// sqrt(mean(square(x)) + epsilon) over the last dimension.
struct Root {
  Value x;
  double epsilon = 0;
};
} // namespace

static std::optional<Root> rootOf(Value value) {
  Root root;
  Value inner;
  if (auto sqrt = nodeOf(value, "Sqrt"))
    inner = sqrt.getInputs()[0];
  else if (auto power = nodeOf(value, "Pow");
           power && scalarOf(power.getInputs()[1]) == 0.5)
    inner = power.getInputs()[0];
  if (!inner)
    return std::nullopt;
  if (auto sum = nodeOf(inner, "Add"))
    for (unsigned side : {1u, 0u})
      if (std::optional<double> epsilon = scalarOf(sum.getInputs()[side])) {
        root.epsilon = *epsilon;
        inner = sum.getInputs()[1 - side];
        break;
      }
  Value mean = meanOperand(inner);
  root.x = mean ? squareOperand(mean) : Value();
  if (!root.x || root.epsilon < 0)
    return std::nullopt;
  return root;
}

/// The divisor of a value that is 1 / d, or null.
static Value inverseOf(Value value) {
  if (auto node = nodeOf(value, "Reciprocal"))
    return node.getInputs()[0];
  auto node = nodeOf(value, "Div");
  return node && scalarOf(node.getInputs()[0]) == 1.0 ? node.getInputs()[1]
                                                      : Value();
}

/// x / root, spelled as a quotient or as a product with the inverse.
static std::optional<Root> normalizedOf(Value value) {
  if (auto node = nodeOf(value, "Div")) {
    std::optional<Root> root = rootOf(node.getInputs()[1]);
    if (root && node.getInputs()[0] == root->x)
      return root;
  }
  auto node = nodeOf(value, "Mul");
  if (!node)
    return std::nullopt;
  for (unsigned side : {0u, 1u}) {
    Value divisor = inverseOf(node.getInputs()[side]);
    std::optional<Root> root = divisor ? rootOf(divisor) : std::nullopt;
    if (root && node.getInputs()[1 - side] == root->x)
      return root;
  }
  return std::nullopt;
}

/// Whether `value` has one size, that of the last dimension of `x`.
static bool isParameter(Value value, Value x) {
  RankedTensorType type = typeOf(value), whole = typeOf(x);
  return type && whole && type.getRank() == 1 && type.hasStaticShape() &&
         type.getElementType().isF32() && whole.getElementType().isF32() &&
         type.getDimSize(0) == whole.getShape().back();
}

/// The input of which `centered` is the difference to its own mean, or null.
static Value centeredOperand(Value centered) {
  auto node = nodeOf(centered, "Sub");
  Value x = node ? meanOperand(node.getInputs()[1]) : Value();
  return x && x == node.getInputs()[0] ? x : Value();
}

/// normalized * scale, of the root mean square or, if what is normalised is
/// centered, of the variance: then a bias follows.
static onnx::NodeOp raiseNorm(onnx::NodeOp root) {
  for (unsigned side : {0u, 1u}) {
    Value scale = root.getInputs()[1 - side];
    std::optional<Root> found =
        normalizedOf(root.getInputs()[side]);
    if (!found || !isParameter(scale, found->x))
      continue;
    OpBuilder builder(root);
    auto epsilon = builder.getNamedAttr(
        "epsilon", builder.getF32FloatAttr(found->epsilon));
    auto axis = builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1));
    Value x = centeredOperand(found->x);
    if (!x)
      return makeNode(builder, root, "RMSNormalization", 23, {found->x, scale},
                      {axis, epsilon});
    auto sum = root->hasOneUse()
                   ? dyn_cast<onnx::NodeOp>(*root->getUsers().begin())
                   : onnx::NodeOp();
    Value bias = sum && sum.getOpType() == "Add"
                     ? otherOperand(sum, root.getOutputs()[0])
                     : Value();
    if (!bias || !isParameter(bias, x))
      return makeNode(builder, root, "LayerNormalization", 17, {x, scale},
                      {axis, epsilon});
    builder.setInsertionPoint(sum);
    auto norm = makeNode(builder, sum, "LayerNormalization", 17,
                         {x, scale, bias}, {axis, epsilon});
    sum.getOutputs()[0].replaceAllUsesWith(norm.getOutputs()[0]);
    return {};
  }
  return {};
}

namespace {
struct RaiseNeighbours : impl::RaiseNeighboursPassBase<RaiseNeighbours> {
  void runOnOperation() override {
    SmallVector<onnx::NodeOp> products;
    getOperation().walk([&](onnx::NodeOp node) {
      if (operatorOf(node.getOutputs()[0]) == "Mul" &&
          isF32(node.getOutputs()[0], typeOf(node.getOutputs()[0]).getRank()))
        products.push_back(node);
    });
    // From the end: a product's factors are inside the match of its user.
    for (onnx::NodeOp node : llvm::reverse(products)) {
      if (node.use_empty())
        continue;
      onnx::NodeOp raised = raiseGelu(node);
      if (!raised)
        raised = raiseNorm(node);
      if (raised)
        node.getOutputs()[0].replaceAllUsesWith(raised.getOutputs()[0]);
    }
    eraseUnused(getOperation());
  }
};
} // namespace
} // namespace attune
