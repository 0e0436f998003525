// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/Neighbours.h"

using namespace mlir;

namespace attune {

/// A mean over the last dimension that keeps it; its operand, or null.
static Value meanOperand(Value value) {
  auto mean = nodeOf(value, "ReduceMean");
  if (!mean || mean.getInt("keepdims", 1) == 0)
    return {};
  Value input = mean.getInputs()[0];
  RankedTensorType type = typeOf(input);
  if (!type)
    return {};
  std::optional<SmallVector<int64_t>> axes = axesOf(mean, type.getRank());
  bool last = axes && axes->size() == 1 && axes->front() == type.getRank() - 1;
  return last ? input : Value();
}

/// The operand of a square: Pow(x, 2) or Mul(x, x); or null.
static Value squareOperand(Value value) {
  if (auto power = nodeOf(value, "Pow"))
    return scalarOf(power.getInputs()[1]) == 2.0 ? power.getInputs()[0]
                                                 : Value();
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

// normalized * scale, of the root mean square or, if what is normalised is
// centered, of the variance: then a bias follows.
onnx::NodeOp raiseNorm(onnx::NodeOp root) {
  for (unsigned side : {0u, 1u}) {
    Value scale = root.getInputs()[1 - side];
    std::optional<Root> found = normalizedOf(root.getInputs()[side]);
    if (!found || !isParameter(scale, found->x) ||
        typeOf(found->x) != typeOf(root.getOutputs()[0]))
      continue;
    OpBuilder builder(root);
    auto epsilon = builder.getNamedAttr(
        "epsilon", builder.getF32FloatAttr(found->epsilon));
    auto axis = builder.getNamedAttr("axis", builder.getI64IntegerAttr(-1));
    Value x = centeredOperand(found->x);
    if (!x)
      return makeNode(builder, root, "RMSNormalization", 23, {found->x, scale},
                      {axis, epsilon});
    onnx::NodeOp sum;
    if (root->hasOneUse() && isOperator(*root->getUsers().begin(), "Add"))
      sum = cast<onnx::NodeOp>(*root->getUsers().begin());
    Value bias = sum ? otherOperand(sum, root.getOutputs()[0]) : Value();
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

} // namespace attune
