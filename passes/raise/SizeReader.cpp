// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/SizeReader.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune {

static constexpr int64_t limit = 64;

Sizes SizeReader::sizesOf(Value value) {
  RankedTensorType type = typeOf(value);
  SmallVector<StringRef> names = onnx::dimNames(value);
  Sizes sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool named = static_cast<int64_t>(names.size()) == type.getRank();
    if (!type.isDynamicDim(dim)) {
      sizes.push_back(SizeExpr::of(type.getDimSize(dim)));
      continue;
    }
    sizes.emplace_back();
    if (!named || names[dim].empty())
      continue;
    sizes.back() = SizeExpr::parse(names[dim]);
  }
  return sizes;
}

std::optional<Sizes> SizeReader::elementsOf(Value value) {
  if (auto found = elements.find(value); found != elements.end())
    return found->second;
  std::optional<SmallVector<int64_t>> integers = integersOf(value);
  if (!integers)
    return std::nullopt;
  return llvm::map_to_vector(*integers, [](int64_t integer) {
    return std::optional(SizeExpr::of(integer));
  });
}

/// One element of an arithmetic operator on sizes.
static std::optional<SizeExpr>
applyToSizes(StringRef op, ArrayRef<std::optional<SizeExpr>> x) {
  if (x.size() == 1)
    return x[0];
  if (x.size() == 3)
    return !x[0] || !x[0]->isConstant() ? std::nullopt
           : !x[0]->isConstant(0)       ? x[1]
                                        : x[2];
  if (!x[0] || !x[1])
    return std::nullopt;
  if (op == "Mul")
    return multiply(*x[0], *x[1]);
  if (op == "Div")
    return divide(*x[0], *x[1]);
  if (op == "Equal") {
    std::optional<bool> equal = isEqual(*x[0], *x[1]);
    return equal ? std::optional(SizeExpr::of(*equal)) : std::nullopt;
  }
  return add(*x[0], *x[1], op == "Add" ? 1 : -1);
}

std::optional<Sizes> SizeReader::arithmetic(onnx::NodeOp node) {
  static const llvm::StringSet<> operators = {"Add",  "Sub",   "Mul",  "Div",
                                              "Cast", "Equal", "Where"};
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  if (!operators.contains(node.getOpType()) || !type ||
      !type.hasStaticShape() || type.getRank() > 1 ||
      type.getNumElements() > limit)
    return std::nullopt;
  // Others hold what they can: not what is computed here.
  Type element = type.getElementType();
  if (!holdsSizes(element) && node.getOpType() != "Equal")
    return std::nullopt;
  SmallVector<Sizes> operands;
  for (Value input : node.getInputs()) {
    std::optional<Sizes> list = elementsOf(input);
    bool fits = list && (list->size() == 1 ||
                         int64_t(list->size()) == type.getNumElements());
    if (!fits || !typeOf(input).getElementType().isInteger())
      return std::nullopt;
    operands.push_back(*list);
  }
  Sizes results;
  for (int64_t i = 0; i < type.getNumElements(); ++i)
    results.push_back(applyToSizes(
        node.getOpType(), llvm::map_to_vector(operands, [&](const Sizes &list) {
          return list[list.size() == 1 ? 0 : i];
        })));
  return results;
}

std::optional<Sizes> SizeReader::compute(onnx::NodeOp node) {
  StringRef op = node.getOpType();
  if (op == "Shape") {
    Sizes sizes = sizesOf(node.getInputs()[0]);
    int64_t rank = sizes.size();
    auto at = [&](int64_t dim) {
      return std::clamp<int64_t>(dim < 0 ? dim + rank : dim, 0, rank);
    };
    int64_t start = at(node.getInt("start", 0)),
            end = at(node.getInt("end", rank));
    return Sizes(
        ArrayRef(sizes).slice(start, std::max<int64_t>(end - start, 0)));
  }
  if (op == "Concat" && typeOf(node.getOutputs()[0]).getRank() == 1) {
    Sizes all;
    for (Value input : node.getInputs()) {
      std::optional<Sizes> part = elementsOf(input);
      if (!part)
        return std::nullopt;
      all.append(*part);
    }
    return all;
  }
  if (op == "ConstantOfShape") {
    RankedTensorType type = typeOf(node.getOutputs()[0]);
    auto value =
        dyn_cast_or_null<DenseIntElementsAttr>(node.getNodeAttr("value"));
    if (!value || !type.hasStaticShape() || type.getRank() > 1 ||
        type.getNumElements() > limit || value.getElementType().isInteger(1))
      return std::nullopt;
    return Sizes(type.getNumElements(),
                 SizeExpr::of((*value.begin()).getSExtValue()));
  }
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape" ||
      op == "Gather" || op == "Slice") {
    std::optional<Sizes> list = elementsOf(node.getInputs()[0]);
    if (!list || typeOf(node.getOutputs()[0]).getRank() > 1 ||
        typeOf(node.getInputs()[0]).getRank() > 1)
      return std::nullopt;
    if (op != "Gather" && op != "Slice")
      return list;
    std::optional<SmallVector<int64_t>> picked =
        pickedIndices(node, list->size());
    if (!picked)
      return std::nullopt;
    return llvm::map_to_vector(*picked,
                               [&](int64_t index) { return (*list)[index]; });
  }
  return arithmetic(node);
}

void SizeReader::learn(onnx::NodeOp node) {
  std::optional<Sizes> found = compute(node);
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  if (found && type.hasStaticShape() &&
      type.getNumElements() == static_cast<int64_t>(found->size()))
    elements[node.getOutputs()[0]] = *found;
}

} // namespace attune
