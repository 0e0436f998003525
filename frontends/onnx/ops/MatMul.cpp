// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// sum over the last iterator of lhs * rhs, from zero.
static Value contract(Lowering &b, Value lhs, Value rhs, AffineMap lhsMap,
                      AffineMap rhsMap, ArrayRef<OpFoldResult> sizes) {
  Type element = typeOf(lhs).getElementType();
  int64_t rank = sizes.size();
  Value zero = b.constant(element, 0);
  Value init =
      linalg::FillOp::create(b, zero, b.empty(sizes, element)).getResult(0);
  SmallVector<AffineExpr> out;
  for (int64_t dim = 0; dim < rank; ++dim)
    out.push_back(b.getAffineDimExpr(dim));
  AffineMap outMap = AffineMap::get(rank + 1, 0, out, b.getContext());
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators.push_back(utils::IteratorType::reduction);
  return b.generic(
      {lhs, rhs}, {lhsMap, rhsMap, outMap}, init, iterators,
      [](OpBuilder &b, Location loc, ValueRange x) -> Value {
        if (isa<FloatType>(x[0].getType()))
          return arith::AddFOp::create(
              b, loc, x[2], arith::MulFOp::create(b, loc, x[0], x[1]));
        return arith::AddIOp::create(
            b, loc, x[2], arith::MulIOp::create(b, loc, x[0], x[1]));
      });
}

/// Batch dimensions of one side, aligned right among `batch` of them.
static LogicalResult batchExprs(onnx::NodeOp node, Lowering &b, Value side,
                                Value other, int64_t batch,
                                SmallVectorImpl<AffineExpr> &exprs) {
  int64_t own = typeOf(side).getRank() - 2;
  int64_t others = typeOf(other).getRank() - 2;
  for (int64_t dim = 0; dim < own; ++dim) {
    int64_t at = batch - own + dim, there = dim - own + others;
    bool repeated = typeOf(side).getDimSize(dim) == 1 && there >= 0 &&
                    typeOf(other).getDimSize(there) != 1;
    if (there >= 0 && !repeated && typeOf(other).getDimSize(there) != 1 &&
        b.size(side, dim) != b.size(other, there))
      return node.emitNodeError("requires equal batch sizes at dimension ")
             << at;
    exprs.push_back(repeated ? b.getAffineConstantExpr(0)
                             : b.getAffineDimExpr(at));
  }
  return success();
}

static LogicalResult lowerMatMul(onnx::NodeOp node, Lowering &b) {
  Value lhs = node.getInputs()[0], rhs = node.getInputs()[1];
  int64_t left = typeOf(lhs).getRank(), right = typeOf(rhs).getRank();
  if (left < 2 || right < 2)
    return node.emitNodeError("vectors as operands are not supported yet; "
                              "make them matrices with Unsqueeze");
  int64_t batch = std::max(left, right) - 2;
  SmallVector<AffineExpr> lhsExprs, rhsExprs;
  if (failed(batchExprs(node, b, lhs, rhs, batch, lhsExprs)) ||
      failed(batchExprs(node, b, rhs, lhs, batch, rhsExprs)))
    return failure();
  AffineExpr m = b.getAffineDimExpr(batch), n = b.getAffineDimExpr(batch + 1);
  AffineExpr k = b.getAffineDimExpr(batch + 2);
  lhsExprs.append({m, k});
  rhsExprs.append({k, n});
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < batch; ++dim) {
    int64_t inLeft = dim - batch + left - 2, inRight = dim - batch + right - 2;
    bool fromLeft = inLeft >= 0 && (inRight < 0 ||
                                    typeOf(lhs).getDimSize(inLeft) != 1);
    sizes.push_back(fromLeft ? b.size(lhs, inLeft) : b.size(rhs, inRight));
  }
  sizes.push_back(b.size(lhs, left - 2));
  sizes.push_back(b.size(rhs, right - 1));
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(batch + 3, 0, exprs, b.getContext());
  };
  b.replace(node,
            contract(b, lhs, rhs, map(lhsExprs), map(rhsExprs), sizes));
  return success();
}

static LogicalResult lowerGemm(onnx::NodeOp node, Lowering &b) {
  Value lhs = node.getInputs()[0], rhs = node.getInputs()[1];
  bool leftTransposed = node.getInt("transA", 0) != 0;
  bool rightTransposed = node.getInt("transB", 0) != 0;
  AffineExpr m = b.getAffineDimExpr(0), n = b.getAffineDimExpr(1);
  AffineExpr k = b.getAffineDimExpr(2);
  auto map = [&](AffineExpr first, AffineExpr second, bool swap) {
    SmallVector<AffineExpr> exprs = {first, second};
    if (swap)
      std::swap(exprs[0], exprs[1]);
    return AffineMap::get(3, 0, exprs, b.getContext());
  };
  Value result = contract(b, lhs, rhs, map(m, k, leftTransposed),
                          map(k, n, rightTransposed),
                          {b.size(lhs, leftTransposed ? 1 : 0),
                           b.size(rhs, rightTransposed ? 0 : 1)});
  double alpha = node.getFloat("alpha", 1), beta = node.getFloat("beta", 1);
  Type element = typeOf(lhs).getElementType();
  if (!isa<FloatType>(element))
    return node.emitNodeError("is supported on floats only");
  SmallVector<Value> inputs = {result};
  if (node.hasInput(2) && beta != 0)
    inputs.push_back(node.getInput(2));
  if (inputs.size() == 1 && alpha == 1) {
    b.replace(node, result);
    return success();
  }
  result = b.elementwise(
      node, inputs, element,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        auto scaled = [&](Value value, double by) -> Value {
          if (by == 1)
            return value;
          Value factor = arith::ConstantOp::create(
              inner, loc, inner.getFloatAttr(element, by));
          return arith::MulFOp::create(inner, loc, value, factor);
        };
        Value sum = scaled(x[0], alpha);
        if (inputs.size() == 2)
          sum = arith::AddFOp::create(inner, loc, sum, scaled(x[1], beta));
        return sum;
      });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

void addMatMul(LoweringTable &table) {
  table["Gemm"] = lowerGemm;
  table["MatMul"] = lowerMatMul;
}

} // namespace attune
