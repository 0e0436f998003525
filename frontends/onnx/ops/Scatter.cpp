// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

/// Indices as i64, none negative; `limits` as `checkIndices` has them.
static Value normalIndices(Lowering &b, Value indices,
                           ArrayRef<OpFoldResult> limits) {
  int64_t rank = typeOf(indices).getRank();
  SmallVector<Value> bounds = llvm::map_to_vector(
      limits, [&](OpFoldResult limit) { return b.toIndex(limit); });
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  return b.generic(
      indices, {identity, identity}, b.empty(b.sizes(indices), b.getI64Type()),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        Value index = wrapIndex(s, x[0], selectByIndex(s, rank - 1, bounds));
        return arith::IndexCastOp::create(s, s.getI64Type(), index);
      });
}

/// What an update does to the element that it meets.
static FailureOr<ScalarCode> reductionOf(onnx::NodeOp node) {
  StringRef name = node.getString("reduction", "none");
  if (name == "none")
    return ScalarCode([](Scalar &, ValueRange x) { return x[1]; });
  if (name == "add")
    return ScalarCode([](Scalar &b, ValueRange x) -> Value {
      if (isFloat(x[0]))
        return arith::AddFOp::create(b, x[0], x[1]);
      return arith::AddIOp::create(b, x[0], x[1]);
    });
  if (name == "mul")
    return ScalarCode([](Scalar &b, ValueRange x) -> Value {
      if (isFloat(x[0]))
        return arith::MulFOp::create(b, x[0], x[1]);
      return arith::MulIOp::create(b, x[0], x[1]);
    });
  if (name == "max" || name == "min")
    return ScalarCode([](Scalar &b, ValueRange x) -> Value {
      bool largest = b.node.getString("reduction", "") == "max";
      if (isFloat(x[0]))
        return largest ? arith::MaximumFOp::create(b, x[0], x[1]).getResult()
                       : arith::MinimumFOp::create(b, x[0], x[1]).getResult();
      Value less = b.less(x[0], x[1]);
      return arith::SelectOp::create(b, less, x[largest ? 1 : 0],
                                     x[largest ? 0 : 1]);
    });
  node.emitNodeError("the reduction '") << name << "' is not supported";
  return failure();
}

static LogicalResult scatter(onnx::NodeOp node, Lowering &b, Value indices,
                             ArrayRef<AffineMap> positions,
                             ArrayRef<bool> indexed) {
  FailureOr<ScalarCode> reduction = reductionOf(node);
  if (failed(reduction))
    return failure();
  Value data = node.getInputs()[0], updates = node.getInputs()[2];
  Type element = elementOf(data);
  Value target =
      linalg::CopyOp::create(b, data, b.empty(b.sizes(data), element))
          .getResult(0);
  auto op = kernel::ScatterOp::create(
      b, TypeRange(target.getType()), indices, updates, ValueRange(target),
      b.getAffineMapArrayAttr(positions), b.getDenseBoolArrayAttr(indexed));
  {
    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&op.getCombine(), {}, {element, element},
                                {b.getLoc(), b.getLoc()});
    Scalar scalar(b.getLoc(), b, node);
    Value result =
        (*reduction)(scalar, {body->getArgument(0), body->getArgument(1)});
    kernel::YieldOp::create(scalar, ValueRange(result));
  }
  b.replace(node, op.getResult()[0]);
  return success();
}

static LogicalResult lowerScatterElements(onnx::NodeOp node, Lowering &b) {
  Value data = node.getInputs()[0], indices = node.getInputs()[1];
  Value updates = node.getInputs()[2];
  int64_t rank = typeOf(data).getRank(), axis = axisOf(node, rank);
  if (failed(checkSmaller(node, b, indices, data, axis)))
    return failure();
  SmallVector<AffineMap> positions;
  SmallVector<bool> indexed(rank, false);
  indexed[axis] = true;
  for (int64_t dim = 0; dim < rank; ++dim) {
    if (failed(b.requireEqual(node, b.size(indices, dim), b.size(updates, dim),
                              "sizes of indices and updates")))
      return failure();
    positions.push_back(dim == axis
                            ? b.getMultiDimIdentityMap(rank)
                            : AffineMap::get(rank, 0, b.getAffineDimExpr(dim)));
  }
  OpFoldResult limit = b.size(data, axis);
  b.checkIndices(node, indices, limit);
  return scatter(node, b, normalIndices(b, indices, limit), positions, indexed);
}

static LogicalResult lowerScatterND(onnx::NodeOp node, Lowering &b) {
  Value data = node.getInputs()[0], indices = node.getInputs()[1];
  Value updates = node.getInputs()[2];
  int64_t rank = typeOf(data).getRank(), last = typeOf(indices).getRank() - 1;
  int64_t depth = typeOf(indices).getDimSize(last);
  int64_t loops = typeOf(updates).getRank();
  if (ShapedType::isDynamic(depth) || depth == 0)
    return node.emitNodeError("requires indices whose last size is a constant "
                              "above 0");
  SmallVector<AffineMap> positions;
  SmallVector<bool> indexed;
  SmallVector<OpFoldResult> limits;
  SmallVector<AffineExpr> row;
  for (int64_t dim = 0; dim < last; ++dim) {
    row.push_back(b.getAffineDimExpr(dim));
    if (failed(b.requireEqual(node, b.size(indices, dim), b.size(updates, dim),
                              "sizes of indices and updates")))
      return failure();
  }
  for (int64_t dim = 0; dim < rank; ++dim) {
    indexed.push_back(dim < depth);
    if (dim < depth) {
      SmallVector<AffineExpr> at(row);
      at.push_back(b.getAffineConstantExpr(dim));
      positions.push_back(AffineMap::get(loops, 0, at, b.getContext()));
      limits.push_back(b.size(data, dim));
      continue;
    }
    int64_t own = last + dim - depth;
    positions.push_back(AffineMap::get(loops, 0, b.getAffineDimExpr(own)));
    if (failed(b.requireEqual(node, b.size(data, dim), b.size(updates, own),
                              "sizes of data and updates")))
      return failure();
  }
  b.checkIndices(node, indices, limits);
  return scatter(node, b, normalIndices(b, indices, limits), positions,
                 indexed);
}

/// Sizes before, at and after an axis that is read from a tensor.
static SmallVector<OpFoldResult> aroundAxis(onnx::NodeOp node, Lowering &b,
                                            ArrayRef<OpFoldResult> sizes) {
  Value axis = b.scalar(node, node.getInputs()[1]);
  Value one = b.constant(b.getIndexType(), 1);
  Value parts[3] = {one, one, one}, reached = b.constant(b.getI1Type(), 0);
  for (auto [size, mark] : llvm::zip(
           sizes, b.marksOf(node, axis, static_cast<int64_t>(sizes.size())))) {
    Value own = b.toIndex(size);
    auto times = [&](Value part, Value skips) -> Value {
      return b.createOrFold<arith::MulIOp>(
          part, b.createOrFold<arith::SelectOp>(skips, one, own));
    };
    auto negated = [&](Value flag) -> Value {
      return b.createOrFold<arith::XOrIOp>(flag, b.constant(b.getI1Type(), 1));
    };
    parts[2] = times(parts[2], negated(reached));
    reached = b.createOrFold<arith::OrIOp>(reached, mark);
    parts[0] = times(parts[0], reached);
    parts[1] = times(parts[1], negated(mark));
  }
  return getAsOpFoldResult(parts);
}

/// Running sums or products along an axis.
template <typename FloatOp, typename IntOp>
static LogicalResult lowerScan(onnx::NodeOp node, Lowering &b, int64_t start) {
  Value input = node.getInputs()[0];
  Type element = elementOf(input);
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  std::optional<SmallVector<int64_t>> axis = b.integers(node.getInputs()[1]);
  bool isRead = !axis;
  if (isRead) {
    input = b.reshape(input, aroundAxis(node, b, sizes));
    axis = {1};
  }
  auto unit = [&](StringRef name) {
    return node.getInt(name, 0) != 0 ? b.getUnitAttr() : UnitAttr();
  };
  TypedAttr first = start == 0 ? b.getZeroAttr(element) : b.getOneAttr(element);
  Value init = b.empty(b.sizes(input), element);
  auto op = kernel::ScanOp::create(
      b, TypeRange(init.getType()), input, ValueRange(init),
      b.getI64IntegerAttr(fromEnd(axis->front(), typeOf(input).getRank())),
      first, unit("exclusive"), unit("reverse"));
  {
    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&op.getCombine(), {}, {element, element},
                                {b.getLoc(), b.getLoc()});
    Value left = body->getArgument(0), right = body->getArgument(1), total;
    if (isFloat(left))
      total = FloatOp::create(b, left, right);
    else
      total = IntOp::create(b, left, right);
    kernel::YieldOp::create(b, ValueRange(total));
  }
  Value result = op.getResult()[0];
  b.replace(node, isRead ? b.reshape(result, sizes) : result);
  return success();
}

static LogicalResult lowerCumSum(onnx::NodeOp node, Lowering &b) {
  return lowerScan<arith::AddFOp, arith::AddIOp>(node, b, 0);
}

static LogicalResult lowerCumProd(onnx::NodeOp node, Lowering &b) {
  return lowerScan<arith::MulFOp, arith::MulIOp>(node, b, 1);
}

void addScatter(LoweringTable &table) {
  table.compute("CumProd", lowerCumProd);
  table.compute("CumSum", lowerCumSum);
  table.compute("Scatter", lowerScatterElements);
  table.compute("ScatterElements", lowerScatterElements);
  table.compute("ScatterND", lowerScatterND);
}

} // namespace attune
