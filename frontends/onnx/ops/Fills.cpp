// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// The sizes that a tensor of integers lists, or an error.
static FailureOr<SmallVector<OpFoldResult>>
listedSizes(onnx::NodeOp node, Lowering &b, unsigned input) {
  std::optional<SmallVector<Value>> wanted = b.listed(node.getInput(input));
  if (!wanted) {
    node.emitNodeError("requires a shape of known length");
    return failure();
  }
  return llvm::map_to_vector(
      *wanted, [&](Value value) { return b.requireSize(node, value); });
}

/// What shape inference knows about the output's sizes, else `computed`.
static void preferKnown(onnx::NodeOp node, Lowering &b,
                        SmallVectorImpl<OpFoldResult> &computed) {
  Value output = node.getOutputs()[0];
  for (auto [dim, size] : llvm::enumerate(computed))
    if (OpFoldResult known = b.knownSize(output, dim))
      size = known;
}

/// Repeats the input to sizes that are read from a tensor. Where neither size
/// is known to be 1, which of the two rules is found at run time.
static LogicalResult expandTo(onnx::NodeOp node, Lowering &b,
                              ArrayRef<OpFoldResult> wanted) {
  Value input = node.getInputs()[0], one = b.constant(b.getIndexType(), 1);
  SmallVector<OpFoldResult> own = b.sizes(input), sizes;
  int64_t rank = std::max(own.size(), wanted.size());
  SmallVector<Value> repeats; // whether each dimension of the input repeats
  auto isOne = [&](Value size) {
    return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, size, one);
  };
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t from = dim - (rank - own.size()), to = dim - (rank - wanted.size());
    Value size = from < 0 ? one : b.toIndex(own[from]);
    Value asked = to < 0 ? one : b.toIndex(wanted[to]);
    Value result = b.createOrFold<arith::SelectOp>(isOne(size), asked, size);
    Value agrees = b.createOrFold<arith::OrIOp>(
        isOne(asked),
        b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, asked, result));
    b.require(node, agrees,
              "a size must be 1 or that of the shape to expand to");
    sizes.push_back(getAsOpFoldResult(result));
    if (from >= 0)
      repeats.push_back(isOne(size));
  }
  b.replace(
      node,
      b.compute(sizes, elementOf(input),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                  Value zero = arith::ConstantIndexOp::create(b, 0);
                  SmallVector<Value> at;
                  for (auto [iv, repeat] :
                       llvm::zip(ivs.take_back(repeats.size()), repeats))
                    at.push_back(
                        b.createOrFold<arith::SelectOp>(repeat, zero, iv));
                  return tensor::ExtractOp::create(b, input, at).getResult();
                }));
  return success();
}

static LogicalResult lowerExpand(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  bool isRead = !b.elements(node.getInputs()[1]);
  FailureOr<SmallVector<OpFoldResult>> wanted = listedSizes(node, b, 1);
  if (failed(wanted))
    return failure();
  if (isRead)
    return expandTo(node, b, *wanted);
  // Where 1 is wanted, the input's size stays; `elementwise` does the rest.
  SmallVector<OpFoldResult> own = b.sizes(input);
  int64_t rank = std::max(own.size(), wanted->size());
  own.insert(own.begin(), rank - own.size(), b.getIndexAttr(1));
  wanted->insert(wanted->begin(), rank - wanted->size(), b.getIndexAttr(1));
  for (auto [size, from] : llvm::zip(*wanted, own))
    if (isConstantIntValue(size, 1))
      size = from;
  Value output = node.getOutputs()[0];
  for (auto [dim, size] : llvm::enumerate(*wanted))
    if (OpFoldResult known = b.knownSize(output, dim))
      size = known;
  Value shape = b.empty(*wanted, elementOf(input));
  Value result =
      b.elementwise(node, {input, shape}, elementOf(input),
                    [](OpBuilder &, Location, ValueRange x) { return x[0]; });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

static LogicalResult lowerTile(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  bool isRead = !b.elements(node.getInputs()[1]);
  FailureOr<SmallVector<OpFoldResult>> repeats = listedSizes(node, b, 1);
  if (failed(repeats))
    return failure();
  if (static_cast<int64_t>(repeats->size()) != typeOf(input).getRank())
    return node.emitNodeError("requires one repeat for each dimension");
  SmallVector<OpFoldResult> own = b.sizes(input), sizes;
  SmallVector<Value> bounds;
  for (auto [size, times] : llvm::zip(own, *repeats)) {
    sizes.push_back(b.multiply(size, times));
    bounds.push_back(isConstantIntValue(times, 1) ? Value() : b.toIndex(size));
  }
  if (!isRead)
    preferKnown(node, b, sizes);
  b.replace(
      node,
      b.compute(sizes, elementOf(input),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                  SmallVector<Value> at(ivs);
                  for (auto [position, bound] : llvm::zip(at, bounds))
                    if (bound)
                      position = arith::RemUIOp::create(b, position, bound);
                  return tensor::ExtractOp::create(b, input, at).getResult();
                }));
  return success();
}

static LogicalResult lowerConstantOfShape(onnx::NodeOp node, Lowering &b) {
  bool isRead = !b.elements(node.getInputs()[0]);
  FailureOr<SmallVector<OpFoldResult>> sizes = listedSizes(node, b, 0);
  if (failed(sizes))
    return failure();
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  auto given = dyn_cast_or_null<DenseElementsAttr>(node.getNodeAttr("value"));
  TypedAttr value = given ? cast<TypedAttr>(*given.value_begin<Attribute>())
                          : TypedAttr(b.getZeroAttr(type.getElementType()));
  if (!isRead)
    preferKnown(node, b, *sizes);
  Value scalar = arith::ConstantOp::create(b, value);
  if (!isRead && Lowering::isSmall(type)) {
    SmallVector<Value> all(type.getNumElements(), scalar);
    b.replace(node, b.fromElements(type, all));
    return success();
  }
  b.replace(node, b.fill(*sizes, scalar));
  return success();
}

/// Keeps the triangle above or below a diagonal.
static LogicalResult lowerTrilu(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  bool upper = node.getInt("upper", 1) != 0;
  Value diagonal = b.constant(b.getI64Type(), 0);
  if (node.hasInput(1))
    diagonal = b.scalar(node, node.getInput(1));
  Value result = b.elementwise(
      node, input, elementOf(input),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        auto position = [&](int64_t dim) -> Value {
          return arith::IndexCastOp::create(s, s.getI64Type(),
                                            linalg::IndexOp::create(s, dim));
        };
        Value offset =
            arith::SubIOp::create(s, position(rank - 1), position(rank - 2));
        Value kept = arith::CmpIOp::create(
            s, upper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle,
            offset, diagonal);
        Value zero =
            arith::ConstantOp::create(s, s.getZeroAttr(elementOf(input)));
        return arith::SelectOp::create(s, kept, x[0], zero);
      });
  b.replace(node, result);
  return success();
}

/// Out[.., i, ..] is `on` where i is the index, which may be out of range.
static LogicalResult lowerOneHot(onnx::NodeOp node, Lowering &b) {
  Value indices = node.getInputs()[0], values = node.getInputs()[2];
  int64_t axis = axisOf(node, typeOf(indices).getRank() + 1, -1);
  Value count = convertScalar(b, b.scalar(node, node.getInputs()[1]),
                              b.getI64Type(), isUnsignedInput(node, 1), false);
  SmallVector<OpFoldResult> sizes = b.sizes(indices);
  sizes.insert(sizes.begin() + axis, b.requireSize(node, count));
  b.replace(
      node,
      b.compute(sizes, elementOf(values),
                [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
                  SmallVector<Value> at(ivs);
                  at.erase(at.begin() + axis);
                  Value found = convertScalar(
                      b, tensor::ExtractOp::create(b, indices, at),
                      b.getI64Type(), isUnsignedInput(node), false);
                  Value size =
                      arith::IndexCastOp::create(b, b.getIndexType(), count);
                  Value hit = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                                    wrapIndex(b, found, size),
                                                    ivs[axis]);
                  Value offset = arith::IndexCastOp::create(
                      b, b.getIndexType(),
                      arith::ExtUIOp::create(b, b.getI64Type(), hit));
                  return tensor::ExtractOp::create(b, values, offset);
                }));
  return success();
}

static LogicalResult lowerEyeLike(onnx::NodeOp node, Lowering &b) {
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  Value diagonal = b.constant(b.getIndexType(), node.getInt("k", 0));
  b.replace(node,
            b.compute(b.sizes(node.getInputs()[0]), type.getElementType(),
                      [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                        Value hit = arith::CmpIOp::create(
                            b, arith::CmpIPredicate::eq,
                            arith::AddIOp::create(b, ivs[0], diagonal), ivs[1]);
                        return convertScalar(b, hit, type.getElementType(),
                                             true, false);
                      }));
  return success();
}

void addFills(LoweringTable &table) {
  table.move("ConstantOfShape", lowerConstantOfShape);
  table.move("Expand", lowerExpand);
  table.move("EyeLike", lowerEyeLike);
  table.move("OneHot", lowerOneHot);
  table.move("Tile", lowerTile);
  table.move("Trilu", lowerTrilu);
}

} // namespace attune
