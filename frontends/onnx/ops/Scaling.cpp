// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

/// For each channel, the sum of the squares of the `size` channels around it.
static Value squaresAround(Lowering &b, Value input, int64_t size) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<OpFoldResult> low(rank, b.getIndexAttr(0)), high(low);
  low[1] = b.getIndexAttr((size - 1) / 2);
  high[1] = b.getIndexAttr(size - 1 - (size - 1) / 2);
  Value zero = b.constant(elementOf(input), 0);
  Value padded = padConstant(b, input, low, high, zero);
  // Loops: batch, channel, channels around it, positions.
  SmallVector<AffineExpr> from, to;
  for (int64_t dim = 0; dim < rank; ++dim) {
    AffineExpr own = b.getAffineDimExpr(dim < 2 ? dim : dim + 1);
    from.push_back(dim == 1 ? own + b.getAffineDimExpr(2) : own);
    to.push_back(own);
  }
  SmallVector<utils::IteratorType> iterators(rank + 1,
                                             utils::IteratorType::parallel);
  iterators[2] = utils::IteratorType::reduction;
  // The second operand only says how many channels are summed.
  Value around = b.empty({b.getIndexAttr(size)}, elementOf(input));
  return b.generic({padded, around},
                   {AffineMap::get(rank + 1, 0, from, b.getContext()),
                    AffineMap::get(rank + 1, 0, b.getAffineDimExpr(2)),
                    AffineMap::get(rank + 1, 0, to, b.getContext())},
                   b.fill(b.sizes(input), zero), iterators,
                   [](OpBuilder &b, Location loc, ValueRange x) -> Value {
                     return arith::AddFOp::create(
                         b, loc, x[2],
                         arith::MulFOp::create(b, loc, x[0], x[0]));
                   });
}

/// x / (bias + alpha / size * squares)^beta
static LogicalResult lowerLrn(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t size = node.getInt("size", 0);
  if (size < 1 || typeOf(input).getRank() < 2)
    return node.emitNodeError("requires a positive size and channels");
  double alpha = node.getFloat("alpha", 0.0001) / static_cast<double>(size);
  double beta = node.getFloat("beta", 0.75), bias = node.getFloat("bias", 1);
  Value result = b.elementwise(
      node, {input, squaresAround(b, input, size)}, elementOf(input),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        Scalar s(loc, inner, node);
        Value scaled = arith::MulFOp::create(s, x[1], s.number(x[1], alpha));
        Value base = arith::AddFOp::create(s, scaled, s.number(x[1], bias));
        Value power = math::PowFOp::create(s, base, s.number(x[1], beta));
        return arith::DivFOp::create(s, x[0], power);
      });
  if (!result)
    return failure();
  b.replace(node, result);
  return success();
}

/// x / norm; rows whose norm is 0 become 0.
static LogicalResult lowerLpNormalization(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  Axes axes = {axisOf(node, typeOf(input).getRank(), -1)};
  int64_t p = node.getInt("p", 2);
  if (p != 1 && p != 2)
    return node.emitNodeError("requires p to be 1 or 2, but got ") << p;
  auto apply = [&](Value tensor, auto code) {
    return mapped(b, tensor, [&](OpBuilder &inner, Location loc, ValueRange x) {
      Scalar s(loc, inner, node);
      return code(s, x[0]);
    });
  };
  auto absolute = [](Scalar &s, Value x) -> Value {
    return math::AbsFOp::create(s, x);
  };
  auto root = [](Scalar &s, Value x) -> Value {
    return math::SqrtOp::create(s, x);
  };
  Value norm = p == 1 ? sum(b, apply(input, absolute), axes)
                      : apply(sumOfSquares(b, input, axes), root);
  b.replace(
      node,
      combine(b, input, norm, axes,
              [&](OpBuilder &inner, Location loc, ValueRange x) {
                Scalar s(loc, inner, node);
                Value zero = s.number(x[1], 0);
                Value none = arith::CmpFOp::create(s, arith::CmpFPredicate::OEQ,
                                                   x[1], zero);
                Value part = arith::DivFOp::create(s, x[0], x[1]);
                return arith::SelectOp::create(s, none, zero, part).getResult();
              }));
  return success();
}

/// Dropout keeps everything, unless the model is trained.
static LogicalResult lowerDropout(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  auto isZero = [&](unsigned index) {
    std::optional<SmallVector<Value>> known = b.elements(node.getInput(index));
    return known && known->size() == 1 &&
           (matchPattern(known->front(), m_Zero()) ||
            matchPattern(known->front(), m_AnyZeroFloat()));
  };
  bool dropsNothing = node.hasInput(1) && isZero(1);
  if (node.hasInput(2) && !isZero(2) && !dropsNothing)
    return node.emitNodeError("requires training_mode to be a constant false "
                              "or the ratio a constant 0; export the model "
                              "for inference");
  if (node.getVersion() < 7 && node.getInt("is_test", 0) == 0)
    return node.emitNodeError("requires is_test = 1; export the model for "
                              "inference");
  b.replace(node, input);
  if (node.getOutputs().size() > 1 &&
      !isa<NoneType>(node.getOutputs()[1].getType())) {
    Type kept = elementOf(node.getOutputs()[1]);
    b.replace(node, b.fill(b.sizes(input), b.constant(kept, 1)), 1);
  }
  return success();
}

void addScaling(LoweringTable &table) {
  table.compute("Dropout", lowerDropout);
  table.compute("LRN", lowerLrn);
  table.compute("LpNormalization", lowerLpNormalization);
}

} // namespace attune
