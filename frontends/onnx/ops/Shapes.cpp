// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static LogicalResult lowerShape(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  int64_t start = node.getInt("start", 0), end = node.getInt("end", rank);
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(fromEnd(at, rank), 0, rank);
  };
  SmallVector<Value> elements;
  for (int64_t dim = clamp(start); dim < clamp(end); ++dim) {
    OpFoldResult size = b.size(input, dim);
    if (std::optional<int64_t> known = getConstantIntValue(size))
      elements.push_back(b.constant(b.getI64Type(), *known));
    else
      elements.push_back(
          arith::IndexCastOp::create(b, b.getI64Type(), cast<Value>(size)));
  }
  auto type = RankedTensorType::get({static_cast<int64_t>(elements.size())},
                                    b.getI64Type());
  b.replace(node, b.fromElements(type, elements));
  return success();
}

/// Sizes of `node`'s result: what shape inference found, the rest from `size`.
static SmallVector<OpFoldResult>
resultSizes(onnx::NodeOp node, Lowering &b,
            llvm::function_ref<OpFoldResult(int64_t)> size) {
  Value output = node.getOutputs()[0];
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < typeOf(output).getRank(); ++dim) {
    OpFoldResult known = b.knownSize(output, dim);
    sizes.push_back(known ? known : size(dim));
  }
  return sizes;
}

/// Small tensors keep their elements through changes of shape.
static bool keepElements(onnx::NodeOp node, Lowering &b) {
  std::optional<SmallVector<Value>> known = b.elements(node.getInputs()[0]);
  auto type = dyn_cast<RankedTensorType>(node.getOutputs()[0].getType());
  if (!known || !Lowering::isSmall(type))
    return false;
  b.replace(node, b.fromElements(type, *known));
  return true;
}

/// Sizes that are read from a tensor, where any may stand for "as it was" (0)
/// and one for "what is left" (-1).
static SmallVector<OpFoldResult> readShape(onnx::NodeOp node, Lowering &b,
                                           ArrayRef<Value> wanted) {
  Value input = node.getInputs()[0], zero = b.constant(b.getIndexType(), 0);
  Value one = b.constant(b.getIndexType(), 1), others = one;
  Value minus = b.constant(b.getIndexType(), -1);
  bool copies = node.getInt("allowzero", 0) == 0;
  auto is = [&](Value value, Value other) {
    return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, value,
                                         other);
  };
  SmallVector<Value> sizes;
  for (auto [dim, value] : llvm::enumerate(wanted)) {
    Value size = b.toIndex(b.asSize(value));
    if (copies && static_cast<int64_t>(dim) < typeOf(input).getRank())
      size = b.createOrFold<arith::SelectOp>(
          is(size, zero), b.toIndex(b.size(input, dim)), size);
    sizes.push_back(size);
    others = b.createOrFold<arith::MulIOp>(
        others, b.createOrFold<arith::SelectOp>(is(size, minus), one, size));
  }
  Value total = b.toIndex(b.product(b.sizes(input)));
  Value left = b.createOrFold<arith::DivUIOp>(
      total, b.createOrFold<arith::MaxSIOp>(others, one));
  SmallVector<OpFoldResult> result;
  for (Value size : sizes)
    result.push_back(b.requireSize(
        node, b.createOrFold<arith::SelectOp>(is(size, minus), left, size)));
  return result;
}

static LogicalResult lowerReshape(onnx::NodeOp node, Lowering &b) {
  if (keepElements(node, b))
    return success();
  bool allowZero = node.getInt("allowzero", 0) != 0;
  Value input = node.getInputs()[0];
  std::optional<SmallVector<Value>> wanted = b.elements(node.getInputs()[1]);
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  if (!wanted) {
    wanted = b.listed(node.getInputs()[1]);
    if (!wanted || static_cast<int64_t>(wanted->size()) != type.getRank())
      return node.emitNodeError("requires a shape of known length");
    SmallVector<OpFoldResult> sizes = readShape(node, b, *wanted);
    if (failed(b.requireSameCount(node, b.sizes(input), sizes)))
      return failure();
    b.replace(node, b.reshape(input, sizes));
    return success();
  }
  if (static_cast<int64_t>(wanted->size()) != type.getRank())
    return node.emitNodeError("requires a shape of known length");
  // -1 stands for what the other sizes leave of the elements.
  auto element = [&](int64_t dim) -> OpFoldResult {
    Value value = (*wanted)[dim];
    std::optional<int64_t> known = getConstantIntValue(value);
    if (known && *known == 0 && !allowZero)
      return b.size(input, dim);
    if (known)
      return b.getIndexAttr(*known);
    return arith::IndexCastOp::create(b, b.getIndexType(), value).getResult();
  };
  auto size = [&](int64_t dim) -> OpFoldResult {
    OpFoldResult found = element(dim);
    if (getConstantIntValue(found) != -1)
      return found;
    Value total = b.constant(b.getIndexType(), 1), others = total;
    for (OpFoldResult own : b.sizes(input))
      total = b.createOrFold<arith::MulIOp>(total, b.toIndex(own));
    for (int64_t other = 0; other < type.getRank(); ++other)
      if (other != dim)
        others = b.createOrFold<arith::MulIOp>(
            others, b.toIndex(type.isDynamicDim(other)
                                  ? element(other)
                                  : b.getIndexAttr(type.getDimSize(other))));
    Value one = b.constant(b.getIndexType(), 1);
    return b.createOrFold<arith::DivUIOp>(
        total, b.createOrFold<arith::MaxSIOp>(others, one));
  };
  SmallVector<OpFoldResult> sizes = resultSizes(node, b, size);
  if (failed(b.requireSameCount(node, b.sizes(input), sizes)))
    return failure();
  b.replace(node, b.reshape(input, sizes));
  return success();
}

static SmallVector<int64_t> normalized(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes)
    result.push_back(axis < 0 ? axis + rank : axis);
  llvm::sort(result);
  return result;
}

/// The sizes that a tensor has once dimensions of size 1 are put where `marks`
/// says.
static SmallVector<OpFoldResult>
withOnes(Lowering &b, ArrayRef<OpFoldResult> sizes, ArrayRef<Value> marks) {
  Value zero = b.constant(b.getIndexType(), 0), next = zero;
  Value one = b.constant(b.getIndexType(), 1);
  SmallVector<OpFoldResult> result;
  for (Value mark : marks) {
    Value size = one;
    for (auto [dim, own] : llvm::enumerate(sizes)) {
      Value here = b.createOrFold<arith::CmpIOp>(
          arith::CmpIPredicate::eq, next, b.constant(b.getIndexType(), dim));
      size = b.createOrFold<arith::SelectOp>(here, b.toIndex(own), size);
    }
    result.push_back(
        getAsOpFoldResult(b.createOrFold<arith::SelectOp>(mark, one, size)));
    next = b.createOrFold<arith::AddIOp>(
        next, b.createOrFold<arith::SelectOp>(mark, zero, one));
  }
  return result;
}

/// Adds or removes dimensions of size 1 where axes that are read from a tensor
/// say so. The rank of the result is the declared one.
static LogicalResult changeRank(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t own = typeOf(input).getRank();
  int64_t rank = typeOf(node.getOutputs()[0]).getRank();
  std::optional<SmallVector<Value>> axes = b.listed(node.getInput(1));
  if (!axes || static_cast<int64_t>(axes->size()) != std::abs(rank - own))
    return node.emitNodeError("requires as many axes as the ranks differ by");
  SmallVector<Value> marks = b.marksOf(node, *axes, std::max(rank, own));
  SmallVector<OpFoldResult> before = b.sizes(input);
  SmallVector<OpFoldResult> after =
      rank > own ? withOnes(b, before, marks) : b.without(before, marks, rank);
  // Dimensions that go have size 1 if the numbers of elements agree.
  if (failed(b.requireSameCount(node, before, after)))
    return failure();
  b.replace(node, b.reshape(input, after));
  return success();
}

/// Axes as an attribute (before opset 13) or as the second input.
static std::optional<SmallVector<int64_t>> axesOf(onnx::NodeOp node,
                                                  Lowering &b) {
  if (node.hasInput(1))
    return b.integers(node.getInput(1));
  return node.getInts("axes");
}

static LogicalResult lowerUnsqueeze(onnx::NodeOp node, Lowering &b) {
  if (keepElements(node, b))
    return success();
  std::optional<SmallVector<int64_t>> axes = axesOf(node, b);
  if (!axes)
    return changeRank(node, b);
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank() + axes->size();
  SmallVector<int64_t> added = normalized(*axes, rank);
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0, next = 0; dim < rank; ++dim)
    sizes.push_back(llvm::is_contained(added, dim)
                        ? OpFoldResult(b.getIndexAttr(1))
                        : b.size(input, next++));
  b.replace(node, b.reshape(input, sizes));
  return success();
}

static LogicalResult lowerSqueeze(onnx::NodeOp node, Lowering &b) {
  if (keepElements(node, b))
    return success();
  Value input = node.getInputs()[0];
  RankedTensorType type = typeOf(input);
  SmallVector<int64_t> removed;
  if (std::optional<SmallVector<int64_t>> axes = axesOf(node, b))
    removed = normalized(*axes, type.getRank());
  else if (node.hasInput(1))
    return changeRank(node, b);
  else
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.getDimSize(dim) == 1)
        removed.push_back(dim);
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (!llvm::is_contained(removed, dim))
      sizes.push_back(b.size(input, dim));
    else if (type.getDimSize(dim) != 1)
      return node.emitNodeError("requires a size of 1 at dimension ") << dim;
  }
  b.replace(node, b.reshape(input, sizes));
  return success();
}

static LogicalResult lowerFlatten(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), axis = node.getInt("axis", 1);
  axis = axis < 0 ? axis + rank : axis;
  Value sizes[2] = {b.constant(b.getIndexType(), 1),
                    b.constant(b.getIndexType(), 1)};
  for (int64_t dim = 0; dim < rank; ++dim)
    sizes[dim >= axis] = b.createOrFold<arith::MulIOp>(
        sizes[dim >= axis], b.toIndex(b.size(input, dim)));
  b.replace(node, b.reshape(input, {getAsOpFoldResult(sizes[0]),
                                    getAsOpFoldResult(sizes[1])}));
  return success();
}

static LogicalResult lowerTranspose(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<int64_t> permutation;
  if (std::optional<SmallVector<int64_t>> given = node.getInts("perm"))
    permutation = *given;
  else
    for (int64_t dim = typeOf(input).getRank(); dim-- > 0;)
      permutation.push_back(dim);
  b.replace(node, b.transpose(input, permutation));
  return success();
}

static LogicalResult lowerIdentity(onnx::NodeOp node, Lowering &b) {
  b.replace(node, node.getInputs()[0]);
  return success();
}

static LogicalResult lowerSize(onnx::NodeOp node, Lowering &b) {
  Value count = b.toIndex(b.product(b.sizes(node.getInputs()[0])));
  Value element = b.createOrFold<arith::IndexCastOp>(b.getI64Type(), count);
  b.replace(node,
            b.fromElements(RankedTensorType::get({}, b.getI64Type()), element));
  return success();
}

void addShapes(LoweringTable &table) {
  table.move("Flatten", lowerFlatten);
  table.move("Identity", lowerIdentity);
  table.move("Reshape", lowerReshape);
  table.move("Shape", lowerShape);
  table.move("Size", lowerSize);
  table.move("Squeeze", lowerSqueeze);
  table.move("Transpose", lowerTranspose);
  table.move("Unsqueeze", lowerUnsqueeze);
}

} // namespace attune
