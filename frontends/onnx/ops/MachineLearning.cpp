// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/MachineLearning.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;

namespace attune {

/// 1 for what is above the threshold, 0 for the rest.
static Value binarize(Scalar &s, ValueRange x) {
  double limit = s.node.getFloat("threshold", 0);
  Value one = s.number(x[0], 1), zero = s.number(x[0], 0);
  if (!isFloat(x[0])) {
    // The integers above a number are those above the next integer below it.
    double most = std::ldexp(1.0, x[0].getType().getIntOrFloatBitWidth() - 1);
    if (!(limit < most))
      return zero;
    if (limit < -most)
      return one;
    limit = std::floor(limit);
  }
  return arith::SelectOp::create(s, s.less(s.number(x[0], limit), x[0]), one,
                                 zero);
}

/// Picks elements along the last dimension.
static LogicalResult lowerArrayFeatureExtractor(onnx::NodeOp node,
                                                Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  if (sizes.empty())
    return node.emitNodeError("requires an input of at least one dimension");
  OpFoldResult count = b.product(b.sizes(node.getInputs()[1]));
  Value indices = b.reshape(node.getInputs()[1], count);
  b.checkIndices(node, indices, sizes.back());
  Value length = b.toIndex(sizes.back());
  bool isList = sizes.size() == 1;
  sizes.back() = count;
  if (isList)
    sizes.insert(sizes.begin(), b.getIndexAttr(1));
  b.replace(
      node,
      b.compute(sizes, elementOf(input),
                [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
                  SmallVector<Value> at(isList ? ivs.drop_front() : ivs);
                  at.back() = wrapIndex(
                      s, tensor::ExtractOp::create(s, indices, ivs.back()),
                      length);
                  return tensor::ExtractOp::create(s, input, at).getResult();
                }));
  return success();
}

void addMachineLearning(LoweringTable &table) {
  table.setDomain("ai.onnx.ml");
  table.move("ArrayFeatureExtractor", lowerArrayFeatureExtractor);
  table.compute("Binarizer", simple<binarize>);
  table.setDomain("");
}

} // namespace attune
