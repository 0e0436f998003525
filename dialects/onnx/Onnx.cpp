// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Onnx.h"
#include "dialects/onnx/Errors.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

#include "dialects/onnx/OnnxDialect.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/onnx/OnnxOps.cpp.inc"

using namespace mlir;

namespace attune::onnx {

void OnnxDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/onnx/OnnxOps.cpp.inc"
      >();
}

bool NodeOp::hasInput(unsigned index) {
  return index < getInputs().size() &&
         !isa<NoneType>(getInputs()[index].getType());
}

Value NodeOp::getInput(unsigned index) {
  return hasInput(index) ? getInputs()[index] : Value();
}

Attribute NodeOp::getNodeAttr(StringRef attribute) {
  return getNodeAttributes().get(attribute);
}

int64_t NodeOp::getInt(StringRef attribute, int64_t otherwise) {
  auto value = dyn_cast_or_null<IntegerAttr>(getNodeAttr(attribute));
  return value ? value.getInt() : otherwise;
}

double NodeOp::getFloat(StringRef attribute, double otherwise) {
  auto value = dyn_cast_or_null<FloatAttr>(getNodeAttr(attribute));
  return value ? value.getValueAsDouble() : otherwise;
}

StringRef NodeOp::getString(StringRef attribute, StringRef otherwise) {
  auto value = dyn_cast_or_null<StringAttr>(getNodeAttr(attribute));
  return value ? value.getValue() : otherwise;
}

std::optional<SmallVector<int64_t>> NodeOp::getInts(StringRef attribute) {
  auto value = dyn_cast_or_null<DenseI64ArrayAttr>(getNodeAttr(attribute));
  if (!value)
    return std::nullopt;
  return SmallVector<int64_t>(value.asArrayRef());
}

InFlightDiagnostic NodeOp::emitNodeError(const Twine &reason) {
  InFlightDiagnostic diagnostic = onnx::emitNodeError(
      getLoc(), getNodeName(), getDomain(), getOpType(), getVersion());
  diagnostic << reason;
  return diagnostic;
}

static ArrayAttr dimsOf(Value value) {
  if (auto node = value.getDefiningOp<NodeOp>()) {
    ArrayAttr all = node.getDimsAttr();
    unsigned index = cast<OpResult>(value).getResultNumber();
    return all && index < all.size() ? dyn_cast<ArrayAttr>(all[index])
                                     : ArrayAttr();
  }
  // What took a node's place carries its names on.
  if (Operation *op = value.getDefiningOp()) {
    auto all = op->getAttrOfType<ArrayAttr>(dimsAttr);
    unsigned index = cast<OpResult>(value).getResultNumber();
    return all && index < all.size() ? dyn_cast<ArrayAttr>(all[index])
                                     : ArrayAttr();
  }
  auto argument = cast<BlockArgument>(value);
  auto function =
      dyn_cast<FunctionOpInterface>(argument.getOwner()->getParentOp());
  if (!function)
    return {};
  return function.getArgAttrOfType<ArrayAttr>(argument.getArgNumber(),
                                              dimsAttr);
}

SmallVector<StringRef> dimNames(Value value) {
  SmallVector<StringRef> names;
  if (ArrayAttr dims = dimsOf(value))
    for (StringAttr name : dims.getAsRange<StringAttr>())
      names.push_back(name.getValue());
  return names;
}

} // namespace attune::onnx
