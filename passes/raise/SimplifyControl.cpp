// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Loops.h"
#include "dialects/onnx/Nodes.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "passes/raise/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_SIMPLIFYCONTROLPASS
#include "passes/raise/Passes.h.inc"

/// The only element, if it is constant.
static std::optional<bool> truthOf(Value value) {
  DenseIntElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() != 1)
    return std::nullopt;
  return !(*elements.begin()).isZero();
}

/// An If that always takes the same branch loses the other.
static void dropBranch(onnx::NodeOp node) {
  if (node.getInputs().empty())
    return;
  std::optional<bool> truth = truthOf(node.getInputs()[0]);
  if (!truth)
    return;
  StringRef dropped = *truth ? "else_branch" : "then_branch";
  SmallVector<NamedAttribute> kept;
  for (NamedAttribute attribute : node.getNodeAttributes())
    if (attribute.getName() != dropped)
      kept.push_back(attribute);
  node.setNodeAttributesAttr(DictionaryAttr::get(node.getContext(), kept));
}

/// A body that gives the condition on as it got it, or always true, leaves
/// only the number of trips to end a loop.
static void markCounted(onnx::NodeOp node, SymbolTable &symbols) {
  auto symbol = dyn_cast_or_null<FlatSymbolRefAttr>(node.getNodeAttr("body"));
  auto body = symbol ? symbols.lookup<func::FuncOp>(symbol.getAttr()) : nullptr;
  if (!body || body.isExternal() || !node.hasInput(0))
    return;
  Operation *end = body.getBody().front().getTerminator();
  if (end->getNumOperands() == 0 || body.getNumArguments() < 2)
    return;
  Value condition = end->getOperand(0);
  if (condition == body.getArgument(1) || truthOf(condition) == true)
    node->setAttr(countedAttr, UnitAttr::get(node.getContext()));
}

namespace {
struct SimplifyControl : impl::SimplifyControlPassBase<SimplifyControl> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    getOperation().walk([&](onnx::NodeOp node) {
      if (isOperator(node, "If"))
        dropBranch(node);
      if (isOperator(node, "Loop"))
        markCounted(node, symbols);
    });
  }
};
} // namespace
} // namespace attune
