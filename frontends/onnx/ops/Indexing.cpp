// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

static int64_t axisOf(onnx::NodeOp node, int64_t rank) {
  int64_t axis = node.getInt("axis", 0);
  return axis < 0 ? axis + rank : axis;
}

/// The smallest or largest of all elements, as a tensor without dimensions.
static Value extremum(Lowering &b, Value tensor, bool largest) {
  Type element = typeOf(tensor).getElementType();
  int64_t rank = typeOf(tensor).getRank();
  Value start = b.constant(element, 0);
  Value init =
      linalg::FillOp::create(b, start, b.empty({}, element)).getResult(0);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  return b.generic(
      tensor,
      {b.getMultiDimIdentityMap(rank),
       AffineMap::get(rank, 0, b.getContext())},
      init, iterators, [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        if (largest)
          return arith::MaxSIOp::create(b, loc, x[0], x[1]);
        return arith::MinSIOp::create(b, loc, x[0], x[1]);
      });
}

/// Ends the run unless all of `indices` are in [-size, size).
static void checkIndices(onnx::NodeOp node, Lowering &b, Value indices,
                         OpFoldResult size) {
  Type element = typeOf(indices).getElementType();
  Value limit =
      arith::IndexCastOp::create(b, element, b.toIndex(size));
  Value zero = b.constant(element, 0);
  Value lowest = arith::SubIOp::create(b, zero, limit);
  Value largest =
      tensor::ExtractOp::create(b, extremum(b, indices, true), ValueRange());
  Value smallest =
      tensor::ExtractOp::create(b, extremum(b, indices, false), ValueRange());
  Value below = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, largest,
                                      limit);
  Value above = arith::CmpIOp::create(b, arith::CmpIPredicate::sge, smallest,
                                      lowest);
  cf::AssertOp::create(b, arith::AndIOp::create(b, below, above),
                       ("node '" + node.getNodeName() +
                        "' (Gather): an index is out of range")
                           .str());
}

/// Elements of a list of sizes, picked by constant indices.
static bool gatherElements(onnx::NodeOp node, Lowering &b) {
  std::optional<SmallVector<Value>> list = b.elements(node.getInputs()[0]);
  std::optional<SmallVector<int64_t>> indices =
      b.integers(node.getInputs()[1]);
  auto type = typeOf(node.getOutputs()[0]);
  if (!list || !indices || !Lowering::isSmall(type))
    return false;
  SmallVector<Value> picked;
  for (int64_t index : *indices) {
    index = index < 0 ? index + static_cast<int64_t>(list->size()) : index;
    if (index < 0 || index >= static_cast<int64_t>(list->size()))
      return false;
    picked.push_back((*list)[index]);
  }
  b.replace(node, b.fromElements(type, picked));
  return true;
}

static LogicalResult lowerGather(onnx::NodeOp node, Lowering &b) {
  if (gatherElements(node, b))
    return success();
  Value data = node.getInputs()[0], indices = node.getInputs()[1];
  int64_t rank = typeOf(data).getRank(), axis = axisOf(node, rank);
  int64_t indexRank = typeOf(indices).getRank();
  OpFoldResult limit = b.size(data, axis);
  checkIndices(node, b, indices, limit);
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (dim != axis) {
      sizes.push_back(b.size(data, dim));
      continue;
    }
    for (int64_t own = 0; own < indexRank; ++own) {
      exprs.push_back(b.getAffineDimExpr(axis + own));
      sizes.push_back(b.size(indices, own));
    }
  }
  int64_t loops = sizes.size();
  Value bound = b.toIndex(limit);
  Value result = b.generic(
      indices,
      {AffineMap::get(loops, 0, exprs, b.getContext()),
       b.getMultiDimIdentityMap(loops)},
      b.empty(sizes, typeOf(data).getElementType()),
      SmallVector<utils::IteratorType>(loops, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        Value index =
            arith::IndexCastOp::create(b, loc, b.getIndexType(), x[0]);
        Value zero = arith::ConstantIndexOp::create(b, loc, 0);
        Value negative = arith::CmpIOp::create(
            b, loc, arith::CmpIPredicate::slt, index, zero);
        Value wrapped = arith::AddIOp::create(b, loc, index, bound);
        index = arith::SelectOp::create(b, loc, negative, wrapped, index);
        SmallVector<Value> at;
        for (int64_t dim = 0; dim < rank; ++dim) {
          int64_t loop = dim < axis ? dim : dim + indexRank - 1;
          at.push_back(dim == axis
                           ? index
                           : linalg::IndexOp::create(b, loc, loop).getResult());
        }
        return tensor::ExtractOp::create(b, loc, data, at);
      });
  b.replace(node, result);
  return success();
}

static LogicalResult lowerConcat(onnx::NodeOp node, Lowering &b) {
  auto type = typeOf(node.getOutputs()[0]);
  SmallVector<Value> list;
  bool known = Lowering::isSmall(type);
  for (Value input : node.getInputs()) {
    std::optional<SmallVector<Value>> own = b.elements(input);
    known = known && own;
    if (known)
      llvm::append_range(list, *own);
  }
  if (known) {
    b.replace(node, b.fromElements(type, list));
    return success();
  }
  b.replace(node, tensor::ConcatOp::create(b, axisOf(node, type.getRank()),
                                           node.getInputs()));
  return success();
}

/// Starts, ends and steps of each dimension, as the file has them.
namespace {
struct Bounds {
  SmallVector<Value> starts, ends;
  SmallVector<int64_t> axes, steps;
};
} // namespace

static FailureOr<Bounds> boundsOf(onnx::NodeOp node, Lowering &b,
                                  int64_t rank) {
  if (node.getVersion() < 10) {
    node.emitNodeError("bounds as attributes (before opset 10) are not "
                       "supported; convert the model to opset 13");
    return failure();
  }
  Bounds bounds;
  std::optional<SmallVector<Value>> starts = b.elements(node.getInputs()[1]);
  std::optional<SmallVector<Value>> ends = b.elements(node.getInputs()[2]);
  std::optional<SmallVector<int64_t>> axes, steps;
  if (node.hasInput(3))
    axes = b.integers(node.getInput(3));
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, starts ? starts->size() : 0));
  if (node.hasInput(4))
    steps = b.integers(node.getInput(4));
  else
    steps = SmallVector<int64_t>(axes ? axes->size() : 0, 1);
  if (!starts || !ends || !axes || !steps) {
    node.emitNodeError("requires bounds that are computed from sizes, and "
                       "constant axes and steps");
    return failure();
  }
  for (int64_t &axis : *axes)
    axis = axis < 0 ? axis + rank : axis;
  for (int64_t step : *steps)
    if (step < 1) {
      node.emitNodeError("a step of ") << step << " is not supported yet";
      return failure();
    }
  return Bounds{*starts, *ends, *axes, *steps};
}

/// A bound counted from the end if it is negative, and kept in [0, size].
static Value clampBound(Lowering &b, Value bound, Value size) {
  Value at = b.createOrFold<arith::IndexCastOp>(b.getIndexType(), bound);
  Value zero = b.constant(b.getIndexType(), 0);
  Value negative =
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, at, zero);
  Value wrapped = b.createOrFold<arith::AddIOp>(at, size);
  at = b.createOrFold<arith::SelectOp>(negative, wrapped, at);
  at = b.createOrFold<arith::MaxSIOp>(at, zero);
  return b.createOrFold<arith::MinSIOp>(at, size);
}

static LogicalResult lowerSlice(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  FailureOr<Bounds> bounds = boundsOf(node, b, rank);
  if (failed(bounds))
    return failure();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  SmallVector<OpFoldResult> steps(rank, b.getIndexAttr(1));
  for (auto [axis, start, end, step] : llvm::zip(
           bounds->axes, bounds->starts, bounds->ends, bounds->steps)) {
    Value size = b.toIndex(sizes[axis]);
    Value from = clampBound(b, start, size), to = clampBound(b, end, size);
    Value length = b.createOrFold<arith::SubIOp>(to, from);
    length = b.createOrFold<arith::MaxSIOp>(
        length, b.constant(b.getIndexType(), 0));
    Value by = b.constant(b.getIndexType(), step);
    if (step > 1)
      length = b.createOrFold<arith::CeilDivSIOp>(length, by);
    offsets[axis] = getAsOpFoldResult(from);
    sizes[axis] = getAsOpFoldResult(length);
    steps[axis] = b.getIndexAttr(step);
  }
  if (std::optional<SmallVector<Value>> list = b.elements(input)) {
    std::optional<int64_t> from = getConstantIntValue(offsets[0]);
    std::optional<int64_t> count = getConstantIntValue(sizes[0]);
    if (from && count) {
      SmallVector<Value> kept;
      for (int64_t i = 0; i < *count; ++i)
        kept.push_back((*list)[*from + i * *getConstantIntValue(steps[0])]);
      auto type =
          RankedTensorType::get({*count}, typeOf(input).getElementType());
      b.replace(node, b.fromElements(type, kept));
      return success();
    }
  }
  b.replace(node,
            tensor::ExtractSliceOp::create(b, input, offsets, sizes, steps));
  return success();
}

static LogicalResult lowerSplit(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), axis = axisOf(node, rank);
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> steps(rank, b.getIndexAttr(1));
  int64_t next = 0;
  for (auto [index, output] : llvm::enumerate(node.getOutputs())) {
    auto type = typeOf(output);
    if (type.isDynamicDim(axis))
      return node.emitNodeError("requires parts of constant size");
    SmallVector<OpFoldResult> sizes = b.sizes(input);
    sizes[axis] = b.getIndexAttr(type.getDimSize(axis));
    offsets[axis] = b.getIndexAttr(next);
    next += type.getDimSize(axis);
    b.replace(node,
              tensor::ExtractSliceOp::create(b, input, offsets, sizes, steps),
              index);
  }
  return success();
}

void addIndexing(LoweringTable &table) {
  table["Concat"] = lowerConcat;
  table["Gather"] = lowerGather;
  table["Slice"] = lowerSlice;
  table["Split"] = lowerSplit;
}

} // namespace attune
