// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/MatMul.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

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
        failed(b.requireEqual(node, b.size(side, dim), b.size(other, there),
                              "batch sizes")))
      return failure();
    exprs.push_back(repeated ? b.getAffineConstantExpr(0)
                             : b.getAffineDimExpr(at));
  }
  return success();
}

/// Product of matrices, or of stacks of them.
static Value multiplyMatrices(onnx::NodeOp node, Lowering &b, Value lhs,
                              Value rhs) {
  int64_t left = typeOf(lhs).getRank(), right = typeOf(rhs).getRank();
  int64_t batch = std::max(left, right) - 2;
  SmallVector<AffineExpr> lhsExprs, rhsExprs;
  if (failed(batchExprs(node, b, lhs, rhs, batch, lhsExprs)) ||
      failed(batchExprs(node, b, rhs, lhs, batch, rhsExprs)) ||
      failed(b.requireEqual(node, b.size(lhs, left - 1), b.size(rhs, right - 2),
                            "inner sizes")))
    return {};
  AffineExpr m = b.getAffineDimExpr(batch), n = b.getAffineDimExpr(batch + 1);
  AffineExpr k = b.getAffineDimExpr(batch + 2);
  lhsExprs.append({m, k});
  rhsExprs.append({k, n});
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < batch; ++dim) {
    int64_t inLeft = dim - batch + left - 2, inRight = dim - batch + right - 2;
    bool fromLeft =
        inLeft >= 0 && (inRight < 0 || typeOf(lhs).getDimSize(inLeft) != 1);
    sizes.push_back(fromLeft ? b.size(lhs, inLeft) : b.size(rhs, inRight));
  }
  sizes.push_back(b.size(lhs, left - 2));
  sizes.push_back(b.size(rhs, right - 1));
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(batch + 3, 0, exprs, b.getContext());
  };
  return contract(b, lhs, rhs, map(lhsExprs), map(rhsExprs), sizes);
}

/// A vector is a matrix of one row on the left, of one column on the right.
Value matrixProduct(onnx::NodeOp node, Lowering &b, Value lhs, Value rhs) {
  bool leftVector = typeOf(lhs).getRank() == 1;
  bool rightVector = typeOf(rhs).getRank() == 1;
  OpFoldResult one = b.getIndexAttr(1);
  if (leftVector)
    lhs = b.reshape(lhs, {one, b.size(lhs, 0)});
  if (rightVector)
    rhs = b.reshape(rhs, {b.size(rhs, 0), one});
  Value result = multiplyMatrices(node, b, lhs, rhs);
  if (!result)
    return {};
  SmallVector<OpFoldResult> sizes = b.sizes(result);
  if (rightVector)
    sizes.pop_back();
  if (leftVector)
    sizes.erase(sizes.end() - (rightVector ? 1 : 2));
  if (leftVector || rightVector)
    result = b.reshape(result, sizes);
  return result;
}

static LogicalResult lowerMatMul(onnx::NodeOp node, Lowering &b) {
  Value result =
      matrixProduct(node, b, node.getInputs()[0], node.getInputs()[1]);
  if (!result)
    return failure();
  b.replace(node, result);
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
  if (failed(b.requireEqual(node, b.size(lhs, leftTransposed ? 0 : 1),
                            b.size(rhs, rightTransposed ? 1 : 0),
                            "inner sizes")))
    return failure();
  Value result = contract(b, lhs, rhs, map(m, k, leftTransposed),
                          map(k, n, rightTransposed),
                          {b.size(lhs, leftTransposed ? 1 : 0),
                           b.size(rhs, rightTransposed ? 0 : 1)});
  double alpha = node.getFloat("alpha", 1), beta = node.getFloat("beta", 1);
  Type element = elementOf(lhs);
  if (!isa<FloatType>(element) && (alpha != 1 || beta != 1))
    return node.emitNodeError("requires alpha = beta = 1 for integers");
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
        if (!isFloat(x[0]))
          return arith::AddIOp::create(inner, loc, x[0], x[1]);
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
  table.compute("Det", lowerDet);
  table.compute("Gemm", lowerGemm);
  table.compute("MatMul", lowerMatMul);
}

} // namespace attune
