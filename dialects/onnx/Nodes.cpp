// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Nodes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {

StringRef operatorOf(Value value) {
  auto node = value.getDefiningOp<onnx::NodeOp>();
  return node && node.getDomain().empty() ? node.getOpType() : StringRef();
}

bool isOperator(Operation *op, StringRef name) {
  auto node = dyn_cast<onnx::NodeOp>(op);
  return node && node.getDomain().empty() && node.getOpType() == name;
}

onnx::NodeOp nodeOf(Value value, StringRef op) {
  return operatorOf(value) == op ? value.getDefiningOp<onnx::NodeOp>()
                                 : onnx::NodeOp();
}

RankedTensorType typeOf(Value value) {
  return dyn_cast<RankedTensorType>(value.getType());
}

bool isF32(Value value, int64_t rank) {
  RankedTensorType type = typeOf(value);
  return type && type.getRank() == rank && type.getElementType().isF32();
}

std::optional<double> scalarOf(Value value) {
  DenseFPElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() != 1)
    return std::nullopt;
  return (*elements.begin()).convertToDouble();
}

std::optional<SmallVector<int64_t>> integersOf(Value value) {
  DenseIntElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() > 64 ||
      elements.getElementType().isUnsignedInteger())
    return std::nullopt;
  SmallVector<int64_t> integers;
  for (const APInt &element : elements.getValues<APInt>())
    integers.push_back(element.getSExtValue());
  return integers;
}

std::optional<SmallVector<int64_t>> axesOf(onnx::NodeOp node, int64_t rank) {
  std::optional<SmallVector<int64_t>> axes = node.getInts("axes");
  if (node.hasInput(1))
    axes = integersOf(node.getInput(1));
  if (axes)
    for (int64_t &axis : *axes)
      axis = axis < 0 ? axis + rank : axis;
  return axes;
}

std::optional<SmallVector<int64_t>> pickedIndices(onnx::NodeOp node,
                                                  int64_t size) {
  SmallVector<int64_t> indices;
  if (node.getOpType() == "Gather") {
    std::optional<SmallVector<int64_t>> given = integersOf(node.getInputs()[1]);
    if (!given)
      return std::nullopt;
    for (int64_t index : *given)
      indices.push_back(index < 0 ? index + size : index);
  } else {
    SmallVector<int64_t> bounds = {0, 0, 0, 1};
    for (unsigned i = 1; i < node.getInputs().size(); ++i) {
      std::optional<SmallVector<int64_t>> given =
          integersOf(node.getInputs()[i]);
      if (node.hasInput(i) && (!given || given->size() != 1))
        return std::nullopt;
      if (given)
        bounds[i - 1] = given->front();
    }
    if (node.getInputs().size() < 3 || bounds[3] < 1)
      return std::nullopt;
    auto clamp = [&](int64_t at) {
      return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size);
    };
    for (int64_t i = clamp(bounds[0]); i < clamp(bounds[1]); i += bounds[3])
      indices.push_back(i);
  }
  for (int64_t index : indices)
    if (index < 0 || index >= size)
      return std::nullopt;
  return indices;
}

bool sameSize(Value left, int64_t i, Value right, int64_t j) {
  RankedTensorType l = typeOf(left), r = typeOf(right);
  if (!l || !r || i >= l.getRank() || j >= r.getRank())
    return false;
  if (!l.isDynamicDim(i) || !r.isDynamicDim(j))
    return l.getDimSize(i) == r.getDimSize(j);
  if (left == right && i == j)
    return true;
  SmallVector<StringRef> a = onnx::dimNames(left), b = onnx::dimNames(right);
  return static_cast<int64_t>(a.size()) == l.getRank() &&
         static_cast<int64_t>(b.size()) == r.getRank() && !a[i].empty() &&
         a[i] == b[j];
}

bool sameShape(Value left, Value right) {
  RankedTensorType l = typeOf(left), r = typeOf(right);
  if (!l || !r || l.getRank() != r.getRank())
    return false;
  for (int64_t dim = 0; dim < l.getRank(); ++dim)
    if (!sameSize(left, dim, right, dim))
      return false;
  return true;
}

Value otherOperand(onnx::NodeOp node, Value operand) {
  if (node.getInputs().size() != 2)
    return {};
  for (unsigned side : {0u, 1u})
    if (node.getInputs()[side] == operand)
      return node.getInputs()[1 - side];
  return {};
}

onnx::NodeOp makeNode(OpBuilder &builder, onnx::NodeOp like, StringRef op,
                      int64_t version, ValueRange inputs,
                      ArrayRef<NamedAttribute> attributes) {
  return onnx::NodeOp::create(
      builder, like.getLoc(), ArrayRef<Type>(like.getOutputs()[0].getType()),
      builder.getStringAttr(op), builder.getI64IntegerAttr(version), inputs,
      builder.getStringAttr(""), like.getNodeNameAttr(),
      builder.getDictionaryAttr(attributes),
      like.getDimsAttr() && !like.getDimsAttr().empty()
          ? builder.getArrayAttr(like.getDimsAttr()[0])
          : ArrayAttr());
}

bool holdsSizes(Type type) {
  return type.isF32() || type.isF64() || type.isSignlessInteger(32) ||
         type.isSignlessInteger(64);
}

std::optional<double> roundedTo(double value, Type type) {
  if (type.isF32())
    return static_cast<float>(value);
  if (type.isF64())
    return value;
  if (type.isInteger(1))
    return value != 0;
  if (!holdsSizes(type) || !(std::abs(value) < exactInteger) ||
      (type.isInteger(32) && std::abs(value) > 2147483647.0))
    return std::nullopt;
  return std::trunc(value);
}

void eraseUnused(func::FuncOp function) {
  SmallVector<onnx::NodeOp> nodes;
  function.walk([&](onnx::NodeOp node) { nodes.push_back(node); });
  for (onnx::NodeOp node : llvm::reverse(nodes))
    if (node.use_empty())
      node.erase();
}

} // namespace attune
