// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/raise/FeatureNodes.h"
#include "dialects/attn/raise/Products.h"

using namespace mlir;

namespace attune::attn {

namespace {

/// A value times a number.
struct Multiple {
  Value value;
  double factor;
};

} // namespace

/// Elu(x) + 1.
static std::optional<Feature> eluPlusOne(Value value) {
  auto add = nodeOf(value, "Add");
  for (unsigned side : {0u, 1u})
    if (add && scalarOf(add.getInputs()[1 - side]) == 1.0)
      if (auto elu = nodeOf(add.getInputs()[side], "Elu"))
        if (elu.getFloat("alpha", 1) == 1.0)
          return Feature{elu.getInputs()[0], FeatureMap::elu1};
  return std::nullopt;
}

/// Takes off factors and divisors that are numbers.
static Multiple throughNumbers(Value value) {
  Multiple multiple{value, 1};
  for (;;) {
    auto mul = nodeOf(multiple.value, "Mul");
    auto div = nodeOf(multiple.value, "Div");
    onnx::NodeOp node = mul ? mul : div;
    Value rest;
    for (unsigned side : {0u, 1u}) {
      std::optional<double> number = node && (mul || side == 1)
                                         ? scalarOf(node.getInputs()[side])
                                         : std::nullopt;
      if (!number ||
          typeOf(node.getInputs()[1 - side]) != typeOf(multiple.value))
        continue;
      multiple.factor *= mul ? *number : 1 / *number;
      rest = node.getInputs()[1 - side];
      break;
    }
    if (!rest)
      return multiple;
    multiple.value = rest;
  }
}

/// x, if `value` is all products x_a x_b in its last dimension; or null.
static Value squaredInput(Value value, double &factor) {
  Multiple outer = throughNumbers(value);
  auto flat = nodeOf(outer.value, "Reshape");
  if (!flat)
    return {};
  Multiple inner = throughNumbers(flat.getInputs()[0]);
  factor = outer.factor * inner.factor;
  auto mul = nodeOf(inner.value, "Mul");
  auto left = mul ? nodeOf(mul.getInputs()[0], "Unsqueeze") : onnx::NodeOp();
  auto right = mul ? nodeOf(mul.getInputs()[1], "Unsqueeze") : onnx::NodeOp();
  if (!left || !right || left.getInputs()[0] != right.getInputs()[0])
    return {};
  Value x = left.getInputs()[0];
  RankedTensorType type = typeOf(x), squares = typeOf(outer.value);
  if (!type || !squares || type.getRank() != squares.getRank())
    return {};
  int64_t rank = type.getRank(), width = type.getShape().back();
  std::optional<SmallVector<int64_t>> l = axesOf(left, rank + 1);
  std::optional<SmallVector<int64_t>> r = axesOf(right, rank + 1);
  bool isOuter = l && r && l->size() == 1 && r->size() == 1 &&
                 l->front() + r->front() == 2 * rank - 1 &&
                 std::abs(l->front() - r->front()) == 1;
  if (!isOuter || ShapedType::isDynamic(width) ||
      squares.getShape().back() != width * width)
    return {};
  for (int64_t dim = 0; dim + 1 < rank; ++dim)
    if (!sameSize(x, dim, outer.value, dim))
      return {};
  return x;
}

/// 1, c x and c^2 / sqrt(2) of all products of two elements of x.
static std::optional<Feature> taylor(Value value) {
  auto concat = nodeOf(value, "Concat");
  RankedTensorType type = typeOf(value);
  if (!concat || !type || concat.getInputs().size() != 3)
    return std::nullopt;
  int64_t axis = concat.getInt("axis", 0);
  Value ones = concat.getInputs()[0];
  if ((axis != -1 && axis != type.getRank() - 1) || !isOnes(ones) ||
      !typeOf(ones) || typeOf(ones).getRank() != type.getRank() ||
      typeOf(ones).getShape().back() != 1)
    return std::nullopt;
  double factor = 1;
  Multiple linear = throughNumbers(concat.getInputs()[1]);
  Value x = squaredInput(concat.getInputs()[2], factor);
  // x may be a multiple itself.
  Multiple squared = x ? throughNumbers(x) : Multiple{Value(), 1};
  double c = linear.factor;
  factor *= squared.factor * squared.factor;
  if (!x || squared.value != linear.value || !(c > 0) ||
      !(std::abs(factor * std::sqrt(2.0) - c * c) <= 1e-5 * c * c))
    return std::nullopt;
  return Feature{linear.value, FeatureMap::taylor2, c};
}

std::optional<Feature> featureOf(Value value) {
  if (std::optional<Feature> found = eluPlusOne(value))
    return found;
  if (auto relu = nodeOf(value, "Relu"))
    return Feature{relu.getInputs()[0], FeatureMap::relu};
  return taylor(value);
}

} // namespace attune::attn
