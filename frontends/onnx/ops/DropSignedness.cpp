// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/LowTypes.h"
#include "frontends/onnx/ops/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_DROPSIGNEDNESSPASS
#include "frontends/onnx/ops/Passes.h.inc"

static constexpr StringLiteral inputsAttr = "onnx.unsigned_inputs";
static constexpr StringLiteral outputsAttr = "onnx.unsigned_outputs";
static constexpr StringLiteral lowInputsAttr = "onnx.low_inputs";
static constexpr StringLiteral lowOutputsAttr = "onnx.low_outputs";

static Type elementOf(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  return shaped ? shaped.getElementType() : Type();
}

static bool isUnsigned(Type type) {
  Type element = elementOf(type);
  return element && element.isUnsignedInteger();
}

static bool isLow(Type type) {
  Type element = elementOf(type);
  return element && isLowType(element);
}

/// The type that memory has: an integer without a sign.
static Type stored(Type type) {
  if (!isUnsigned(type) && !isLow(type))
    return type;
  auto shaped = cast<ShapedType>(type);
  unsigned width = isLow(type) ? 8 : shaped.getElementTypeBitWidth();
  return shaped.clone(IntegerType::get(type.getContext(), width));
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

static Type lowType(onnx::NodeOp node, StringRef attribute, unsigned index) {
  auto marks = node->getAttrOfType<ArrayAttr>(attribute);
  auto mark = marks && index < marks.size() ? dyn_cast<TypeAttr>(marks[index])
                                            : TypeAttr();
  return mark ? mark.getValue() : Type();
}

Type lowInput(onnx::NodeOp node, unsigned index) {
  return lowType(node, lowInputsAttr, index);
}

Type lowOutput(onnx::NodeOp node, unsigned index) {
  return lowType(node, lowOutputsAttr, index);
}

bool hasLowTypes(onnx::NodeOp node) {
  return node->hasAttr(lowInputsAttr) || node->hasAttr(lowOutputsAttr);
}

static void mark(onnx::NodeOp node, StringRef attribute, StringRef lowAttribute,
                 TypeRange types) {
  SmallVector<bool> marks = llvm::map_to_vector(types, isUnsigned);
  if (llvm::is_contained(marks, true))
    node->setAttr(attribute, DenseBoolArrayAttr::get(node.getContext(), marks));
  if (llvm::none_of(types, isLow))
    return;
  SmallVector<Attribute> low;
  for (Type type : types)
    low.push_back(isLow(type) ? Attribute(TypeAttr::get(elementOf(type)))
                              : UnitAttr::get(node.getContext()));
  node->setAttr(lowAttribute, ArrayAttr::get(node.getContext(), low));
}

static DenseElementsAttr stored(DenseElementsAttr elements) {
  return DenseElementsAttr::getFromRawBuffer(
      cast<ShapedType>(stored(elements.getType())), elements.getRawData());
}

static void dropFromAttributes(onnx::NodeOp node) {
  SmallVector<NamedAttribute> attributes(node.getNodeAttributes().getValue());
  for (NamedAttribute &attribute : attributes)
    if (auto elements = dyn_cast<DenseElementsAttr>(attribute.getValue()))
      attribute.setValue(stored(elements));
  node.setNodeAttributesAttr(
      DictionaryAttr::get(node.getContext(), attributes));
}

namespace {
struct DropSignedness : impl::DropSignednessPassBase<DropSignedness> {
  void runOnOperation() override {
    // Nodes first: they look at the types that the rest loses.
    getOperation().walk([&](onnx::NodeOp node) {
      mark(node, inputsAttr, lowInputsAttr, node.getInputs().getTypes());
      mark(node, outputsAttr, lowOutputsAttr, node.getOutputs().getTypes());
      dropFromAttributes(node);
    });
    getOperation().walk([&](kernel::WeightOp weight) {
      weight.setTypeAttr(TypeAttr::get(stored(weight.getType())));
      weight.setStoredAttr(TypeAttr::get(stored(weight.getStored())));
    });
    getOperation().walk([&](Operation *op) {
      if (auto constant = dyn_cast<arith::ConstantOp>(op))
        if (stored(constant.getType()) != constant.getType())
          constant.setValueAttr(
              stored(cast<DenseElementsAttr>(constant.getValue())));
      for (Value result : op->getResults())
        result.setType(stored(result.getType()));
    });
    for (auto function : getOperation().getOps<func::FuncOp>())
      dropFromBoundary(function);
  }

  static void dropFromBoundary(func::FuncOp function) {
    auto all = [](TypeRange types) {
      return llvm::map_to_vector(types, [](Type type) { return stored(type); });
    };
    SmallVector<Type> arguments = all(function.getArgumentTypes());
    function.setType(FunctionType::get(function.getContext(), arguments,
                                       all(function.getResultTypes())));
    if (!function.isExternal())
      for (BlockArgument argument : function.getArguments())
        argument.setType(stored(argument.getType()));
  }
};
} // namespace
} // namespace attune
