// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/Lowering.h"
#include "frontends/onnx/ops/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_DROPSIGNEDNESSPASS
#include "frontends/onnx/ops/Passes.h.inc"

static constexpr StringLiteral inputsAttr = "onnx.unsigned_inputs";
static constexpr StringLiteral outputsAttr = "onnx.unsigned_outputs";

static bool isUnsigned(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped && shaped.getElementType().isUnsignedInteger();
}

static Type signless(Type type) {
  if (!isUnsigned(type))
    return type;
  auto shaped = cast<ShapedType>(type);
  return shaped.clone(
      IntegerType::get(type.getContext(), shaped.getElementTypeBitWidth()));
}

static bool isMarked(onnx::NodeOp node, StringRef attribute, unsigned index) {
  auto marks = node->getAttrOfType<DenseBoolArrayAttr>(attribute);
  return marks && index < marks.asArrayRef().size() &&
         marks.asArrayRef()[index];
}

bool isUnsignedInput(onnx::NodeOp node, unsigned index) {
  return isMarked(node, inputsAttr, index);
}

bool isUnsignedOutput(onnx::NodeOp node, unsigned index) {
  return isMarked(node, outputsAttr, index);
}

static void mark(onnx::NodeOp node, StringRef attribute, TypeRange types) {
  SmallVector<bool> marks = llvm::map_to_vector(types, isUnsigned);
  if (llvm::is_contained(marks, true))
    node->setAttr(attribute, DenseBoolArrayAttr::get(node.getContext(), marks));
}

static DenseElementsAttr signless(DenseElementsAttr elements) {
  return DenseElementsAttr::getFromRawBuffer(
      cast<ShapedType>(signless(elements.getType())), elements.getRawData());
}

static void dropFromAttributes(onnx::NodeOp node) {
  SmallVector<NamedAttribute> attributes(node.getNodeAttributes().getValue());
  for (NamedAttribute &attribute : attributes)
    if (auto elements = dyn_cast<DenseElementsAttr>(attribute.getValue()))
      if (isUnsigned(elements.getType()))
        attribute.setValue(signless(elements));
  node.setNodeAttributesAttr(
      DictionaryAttr::get(node.getContext(), attributes));
}

namespace {
struct DropSignedness : impl::DropSignednessPassBase<DropSignedness> {
  void runOnOperation() override {
    // Nodes first: they look at the types that the rest loses.
    getOperation().walk([&](onnx::NodeOp node) {
      mark(node, inputsAttr, node.getInputs().getTypes());
      mark(node, outputsAttr, node.getOutputs().getTypes());
      dropFromAttributes(node);
    });
    getOperation().walk([&](kernel::WeightOp weight) {
      weight.setTypeAttr(TypeAttr::get(signless(weight.getType())));
      weight.setStoredAttr(TypeAttr::get(signless(weight.getStored())));
    });
    getOperation().walk([&](Operation *op) {
      if (auto constant = dyn_cast<arith::ConstantOp>(op))
        if (isUnsigned(constant.getType()))
          constant.setValueAttr(
              signless(cast<DenseElementsAttr>(constant.getValue())));
      for (Value result : op->getResults())
        result.setType(signless(result.getType()));
    });
    for (auto function : getOperation().getOps<func::FuncOp>())
      dropFromBoundary(function);
  }

  static void dropFromBoundary(func::FuncOp function) {
    auto all = [](TypeRange types) {
      return llvm::map_to_vector(types,
                                 [](Type type) { return signless(type); });
    };
    SmallVector<Type> arguments = all(function.getArgumentTypes());
    function.setType(FunctionType::get(function.getContext(), arguments,
                                       all(function.getResultTypes())));
    if (!function.isExternal())
      for (BlockArgument argument : function.getArguments())
        argument.setType(signless(argument.getType()));
  }
};
} // namespace
} // namespace attune
