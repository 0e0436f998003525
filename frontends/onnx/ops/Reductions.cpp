// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using Axes = SmallVector<int64_t>;

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// Combines the elements of `input` along `axes`; reduced dimensions go.
static Value reduce(Lowering &b, Value input, const Axes &axes, double start,
                    Lowering::Body body) {
  Type element = typeOf(input).getElementType();
  int64_t rank = typeOf(input).getRank();
  SmallVector<OpFoldResult> sizes;
  SmallVector<AffineExpr> kept;
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (llvm::is_contained(axes, dim)) {
      iterators[dim] = utils::IteratorType::reduction;
      continue;
    }
    sizes.push_back(b.size(input, dim));
    kept.push_back(b.getAffineDimExpr(dim));
  }
  Value init = linalg::FillOp::create(b, b.constant(element, start),
                                      b.empty(sizes, element))
                   .getResult(0);
  return b.generic(input,
                   {b.getMultiDimIdentityMap(rank),
                    AffineMap::get(rank, 0, kept, b.getContext())},
                   init, iterators, body);
}

/// `body(x, reduced)` on every element of `input`, where `reduced` lacks
/// `axes`.
static Value combine(Lowering &b, Value input, Value reduced, const Axes &axes,
                     Lowering::Body body) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<AffineExpr> kept;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(axes, dim))
      kept.push_back(b.getAffineDimExpr(dim));
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  return b.generic(
      {input, reduced},
      {identity, AffineMap::get(rank, 0, kept, b.getContext()), identity},
      b.empty(b.sizes(input), typeOf(input).getElementType()),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      body);
}

/// Puts dimensions of size 1 where `axes` were.
static Value keepDims(Lowering &b, Value reduced, const Axes &axes,
                      int64_t rank) {
  auto type = typeOf(reduced);
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices leading;
  SmallVector<OpFoldResult> sizes;
  SmallVector<int64_t> shape;
  for (int64_t dim = 0, next = 0; dim < rank; ++dim) {
    bool gone = llvm::is_contained(axes, dim);
    sizes.push_back(gone ? OpFoldResult(b.getIndexAttr(1))
                         : b.size(reduced, next));
    shape.push_back(gone ? 1 : type.getDimSize(next));
    next += !gone;
    if (!gone) {
      groups.push_back(groups.empty() ? leading : ReassociationIndices());
      groups.back().push_back(dim);
    } else if (groups.empty()) {
      leading.push_back(dim);
    } else {
      groups.back().push_back(dim);
    }
  }
  return tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(shape, type.getElementType()), reduced, groups,
      sizes);
}

static Value sumOf(OpBuilder &b, Location loc, ValueRange x) {
  if (isa<FloatType>(x[0].getType()))
    return arith::AddFOp::create(b, loc, x[1], x[0]);
  return arith::AddIOp::create(b, loc, x[1], x[0]);
}

static Value sumOfSquares(OpBuilder &b, Location loc, ValueRange x) {
  return arith::AddFOp::create(b, loc, x[1],
                               arith::MulFOp::create(b, loc, x[0], x[0]));
}

static Value maximumOf(OpBuilder &b, Location loc, ValueRange x) {
  return arith::MaximumFOp::create(b, loc, x[1], x[0]);
}

static Value minimumOf(OpBuilder &b, Location loc, ValueRange x) {
  return arith::MinimumFOp::create(b, loc, x[1], x[0]);
}

/// How many elements each sum has, as a float.
static Value countOf(Lowering &b, Value input, const Axes &axes) {
  Value count = b.constant(b.getIndexType(), 1);
  for (int64_t axis : axes)
    count = b.createOrFold<arith::MulIOp>(count,
                                          b.toIndex(b.size(input, axis)));
  Type element = typeOf(input).getElementType();
  Value integer = arith::IndexCastOp::create(b, b.getI64Type(), count);
  return arith::SIToFPOp::create(b, element, integer);
}

static Value divide(Lowering &b, Value tensor, Value by) {
  int64_t rank = typeOf(tensor).getRank();
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  return b.generic(
      tensor, {identity, identity},
      b.empty(b.sizes(tensor), typeOf(tensor).getElementType()),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &b, Location loc, ValueRange x) -> Value {
        return arith::DivFOp::create(b, loc, x[0], by);
      });
}

static FailureOr<Axes> axesOf(onnx::NodeOp node, Lowering &b, int64_t rank) {
  std::optional<Axes> axes = node.getInts("axes");
  if (node.hasInput(1)) {
    axes = b.integers(node.getInput(1));
    if (!axes) {
      node.emitNodeError("requires constant axes");
      return failure();
    }
  }
  if (!axes || axes->empty()) {
    if (node.getInt("noop_with_empty_axes", 0) != 0) {
      node.emitNodeError("noop_with_empty_axes = 1 is not supported yet");
      return failure();
    }
    axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  for (int64_t &axis : *axes)
    axis = axis < 0 ? axis + rank : axis;
  return *axes;
}

enum class Kind { mean, sum, max, min, l2, sumSquare };

template <Kind kind>
static LogicalResult lowerReduction(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  FailureOr<Axes> axes = axesOf(node, b, rank);
  if (failed(axes))
    return failure();
  bool isFloat = isa<FloatType>(typeOf(input).getElementType());
  if (!isFloat && kind != Kind::sum)
    return node.emitNodeError("is supported on floats only");
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value result;
  if constexpr (kind == Kind::max)
    result = reduce(b, input, *axes, -infinity, maximumOf);
  else if constexpr (kind == Kind::min)
    result = reduce(b, input, *axes, infinity, minimumOf);
  else if constexpr (kind == Kind::l2 || kind == Kind::sumSquare)
    result = reduce(b, input, *axes, 0, sumOfSquares);
  else
    result = reduce(b, input, *axes, 0, sumOf);
  if constexpr (kind == Kind::mean)
    result = divide(b, result, countOf(b, input, *axes));
  if constexpr (kind == Kind::l2)
    result = b.elementwise(node, result, typeOf(input).getElementType(),
                           [](OpBuilder &b, Location loc, ValueRange x) {
                             return math::SqrtOp::create(b, loc, x[0])
                                 .getResult();
                           });
  if (node.getInt("keepdims", 1) != 0)
    result = keepDims(b, result, *axes, rank);
  b.replace(node, result);
  return success();
}

static LogicalResult lowerSoftmax(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  if (node.getVersion() < 13)
    return node.emitNodeError("of before opset 13 flattens its input and is "
                              "not supported; convert the model to opset 13");
  int64_t axis = node.getInt("axis", -1);
  Axes axes = {axis < 0 ? axis + rank : axis};
  Value highest = reduce(b, input, axes,
                         -std::numeric_limits<double>::infinity(), maximumOf);
  Value powers = combine(b, input, highest, axes,
                         [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                           return math::ExpOp::create(
                               b, loc,
                               arith::SubFOp::create(b, loc, x[0], x[1]));
                         });
  Value sums = reduce(b, powers, axes, 0, sumOf);
  b.replace(node, combine(b, powers, sums, axes,
                          [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                            return arith::DivFOp::create(b, loc, x[0], x[1]);
                          }));
  return success();
}

void addReductions(LoweringTable &table) {
  table["ReduceL2"] = lowerReduction<Kind::l2>;
  table["ReduceMax"] = lowerReduction<Kind::max>;
  table["ReduceMean"] = lowerReduction<Kind::mean>;
  table["ReduceMin"] = lowerReduction<Kind::min>;
  table["ReduceSum"] = lowerReduction<Kind::sum>;
  table["ReduceSumSquare"] = lowerReduction<Kind::sumSquare>;
  table["Softmax"] = lowerSoftmax;
}

} // namespace attune
