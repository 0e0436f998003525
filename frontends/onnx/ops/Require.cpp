// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Require.h"

using namespace mlir;

namespace attune {

static LogicalResult lowerRequire(onnx::NodeOp node, Lowering &b) {
  if (!node.hasInput(1) || !elementOf(node.getInput(1)).isInteger(1))
    return node.emitNodeError("requires a boolean as its second input");
  b.require(node, b.scalar(node, node.getInput(1)),
            node.getString("message", "a condition does not hold"));
  b.replace(node, node.getInput(0));
  return success();
}

void addRequire(LoweringTable &table) {
  table.setDomain("attune");
  table.move("Require", lowerRequire);
}

} // namespace attune
