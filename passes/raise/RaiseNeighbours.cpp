// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/Neighbours.h"
#include "passes/raise/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_RAISENEIGHBOURSPASS
#include "passes/raise/Passes.h.inc"

namespace {
struct RaiseNeighbours : impl::RaiseNeighboursPassBase<RaiseNeighbours> {
  void runOnOperation() override {
    SmallVector<onnx::NodeOp> products, sums;
    getOperation().walk([&](onnx::NodeOp node) {
      RankedTensorType type =
          node.getOutputs().empty() ? nullptr : typeOf(node.getOutputs()[0]);
      if (!type || !type.getElementType().isF32())
        return;
      if (isOperator(node, "Mul"))
        products.push_back(node);
      if (isOperator(node, "Add"))
        sums.push_back(node);
    });
    // From the end: a product's factors are inside the match of its user.
    for (onnx::NodeOp node : llvm::reverse(products)) {
      if (node.use_empty())
        continue;
      onnx::NodeOp raised = raiseGelu(node);
      if (!raised)
        raised = raiseNorm(node);
      if (raised)
        node.getOutputs()[0].replaceAllUsesWith(raised.getOutputs()[0]);
    }
    for (onnx::NodeOp node : sums)
      if (Value raised = raiseRotary(node))
        node.getOutputs()[0].replaceAllUsesWith(raised);
    eraseUnused(getOperation());
  }
};
} // namespace
} // namespace attune
