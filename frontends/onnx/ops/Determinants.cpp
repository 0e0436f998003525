// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/MatMul.h"

using namespace mlir;

namespace attune {

LogicalResult lowerDet(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  if (!isFloat(input) || sizes.size() < 2)
    return node.emitNodeError("requires matrices of floats, but got ")
           << input.getType();
  OpFoldResult side = sizes.pop_back_val();
  if (failed(b.requireEqual(node, sizes.pop_back_val(), side,
                            "numbers of rows and columns")))
    return failure();
  OpFoldResult count = b.product(sizes);
  Type element = elementOf(input);
  SmallVector<Value> init = {b.reshape(input, {count, side, side}),
                             b.empty({count}, element)};
  auto op = kernel::DeterminantOp::create(b, ValueRange(init).getTypes(), init);
  b.replace(node, b.reshape(op.getResult()[1], sizes));
  return success();
}

} // namespace attune
