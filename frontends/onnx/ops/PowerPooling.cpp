// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "frontends/onnx/ops/Scalars.h"
#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune {

/// The attribute p, a float in the first versions.
static double powerOf(onnx::NodeOp node) {
  if (isa_and_nonnull<FloatAttr>(node.getNodeAttr("p")))
    return node.getFloat("p", 2);
  return static_cast<double>(node.getInt("p", 2));
}

/// |x|^p, or the p-th root of x, on every element.
static Value powers(onnx::NodeOp node, Lowering &b, Value input, bool root) {
  double p = powerOf(node);
  return mapped(
      b, input, [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        Scalar s(loc, inner, node);
        if (p == 2)
          return root ? Value(math::SqrtOp::create(s, x[0]))
                      : Value(arith::MulFOp::create(s, x[0], x[0]));
        Value size = root ? x[0] : math::AbsFOp::create(s, x[0]).getResult();
        if (p == 1)
          return size;
        return math::PowFOp::create(s, size, s.number(size, root ? 1 / p : p));
      });
}

/// (sum of |x|^p in a window)^(1/p)
static LogicalResult lowerLpPool(onnx::NodeOp node, Lowering &b) {
  if (powerOf(node) <= 0)
    return node.emitNodeError("requires a positive p");
  FailureOr<Windows> windows = windowsOf(node, b);
  if (failed(windows))
    return failure();
  Value high = powers(node, b, node.getInputs()[0], /*root=*/false);
  Value padded = windows->pad(b, high, b.constant(elementOf(high), 0));
  b.replace(node, powers(node, b, poolSum(b, padded, *windows), /*root=*/true));
  return success();
}

static LogicalResult lowerGlobalLpPool(onnx::NodeOp node, Lowering &b) {
  if (powerOf(node) <= 0)
    return node.emitNodeError("requires a positive p");
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  Axes axes = llvm::to_vector(llvm::seq<int64_t>(2, rank));
  Value total = sum(b, powers(node, b, input, /*root=*/false), axes);
  b.replace(node,
            keepDims(b, powers(node, b, total, /*root=*/true), axes, rank));
  return success();
}

void addPowerPooling(LoweringTable &table) {
  table.compute("GlobalLpPool", lowerGlobalLpPool);
  table.compute("LpPool", lowerLpPool);
}

} // namespace attune
