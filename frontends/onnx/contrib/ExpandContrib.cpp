// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Expansions.h"
#include "frontends/onnx/contrib/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EXPANDCONTRIBPASS
#include "frontends/onnx/contrib/Passes.h.inc"

static Expansions makeTable() {
  Expansions table;
  addAttention(table);
  addElementwise(table);
  addEmbedding(table);
  addGroupQuery(table);
  addMultiHead(table);
  addNormalization(table);
  addProducts(table);
  addQuantizedWeights(table);
  addRotary(table);
  return table;
}

/// Null for what stays as it is.
static const Expansion *expansionOf(StringRef domain, StringRef opType) {
  static const Expansions table = makeTable();
  auto found = table.find({domain.str(), opType.str()});
  return found == table.end() ? nullptr : &found->second;
}

bool hasExpansion(StringRef domain, StringRef opType) {
  return expansionOf(domain, opType) != nullptr;
}

/// What expansions rely on; a file that is IR may have anything.
static LogicalResult checkOperands(onnx::NodeOp node, unsigned required) {
  for (TypeRange types :
       {TypeRange(node->getOperandTypes()), TypeRange(node->getResultTypes())})
    for (Type type : types)
      if (!isa<RankedTensorType, NoneType>(type))
        return node.emitNodeError("requires tensors of a known rank");
  for (unsigned input = 0; input < required; ++input)
    if (!node.hasInput(input))
      return node.emitNodeError("requires input ") << input;
  if (node.getOutputs().empty())
    return node.emitNodeError("requires an output");
  Type type;
  for (Value value : node->getOperands())
    if (auto tensor = dyn_cast<RankedTensorType>(value.getType());
        tensor && isa<FloatType>(tensor.getElementType())) {
      if (type && type != tensor.getElementType())
        return node.emitNodeError("requires floats of one type, but got ")
               << type << " and " << tensor.getElementType();
      type = tensor.getElementType();
    }
  return success();
}

namespace {
struct ExpandContrib : impl::ExpandContribPassBase<ExpandContrib> {
  using ExpandContribPassBase::ExpandContribPassBase;

  void runOnOperation() override {
    SmallVector<onnx::NodeOp> nodes;
    getOperation().walk([&](onnx::NodeOp node) { nodes.push_back(node); });
    bool fine = true;
    for (onnx::NodeOp node : nodes)
      fine &= succeeded(expand(node));
    if (!fine)
      return signalPassFailure();
    for (auto end : getOperation().getBody().getOps<func::ReturnOp>())
      getOperation().setType(
          FunctionType::get(&getContext(), getOperation().getArgumentTypes(),
                            end.getOperandTypes()));
  }

  LogicalResult expand(onnx::NodeOp node) {
    const Expansion *known = expansionOf(node.getDomain(), node.getOpType());
    if (!known)
      return success();
    NodeBuilder builder(node);
    if (failed(checkOperands(node, known->required)) ||
        failed(known->expand(builder, {growingCaches})))
      return failure();
    node.erase();
    return success();
  }
};
} // namespace
} // namespace attune
