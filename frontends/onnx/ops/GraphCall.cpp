// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Control.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"

using namespace mlir;

namespace attune {

unsigned capturesOf(onnx::NodeOp node) {
  auto count = node->getAttrOfType<IntegerAttr>(onnx::capturesAttr);
  return count ? std::clamp<int64_t>(count.getInt(), 0, node.getInputs().size())
               : 0;
}

FailureOr<Value> conditionOf(onnx::NodeOp node, Lowering &b, Value tensor) {
  RankedTensorType type = typeOf(tensor);
  bool isOne = type.getRank() <= 1 && type.getElementType().isInteger(1) &&
               (!type.hasStaticShape() || type.getNumElements() == 1);
  if (!isOne)
    return node.emitNodeError(
               "requires conditions of one truth value, but got ")
           << type;
  return b.scalar(node, tensor);
}

Value fit(onnx::NodeOp node, Lowering &b, Value value, RankedTensorType type) {
  auto own = cast<RankedTensorType>(value.getType());
  if (!tensor::CastOp::areCastCompatible(own, type)) {
    node.emitNodeError("gives ") << own << " where its graph has " << type;
    return {};
  }
  SmallVector<int64_t> shape(own.getShape());
  for (int64_t dim = 0; dim < own.getRank(); ++dim) {
    if (!own.isDynamicDim(dim) || type.isDynamicDim(dim))
      continue;
    shape[dim] = type.getDimSize(dim);
    if (failed(b.requireEqual(node, b.size(value, dim),
                              b.getIndexAttr(shape[dim]),
                              "a size and what a graph says of it")))
      return {};
  }
  value = b.createOrFold<tensor::CastOp>(own.clone(shape), value);
  return b.createOrFold<tensor::CastOp>(type, value);
}

FailureOr<Value> carryOn(onnx::NodeOp node, Lowering &b, Value next,
                         Value carried, unsigned output) {
  RankedTensorType type = typeOf(carried);
  next = fit(node, b, next, type);
  if (!next)
    return failure();
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim) &&
        (isa<NoneType>(node.getOutputs()[output].getType()) ||
         !b.knownSize(node.getOutputs()[output], dim)))
      return next;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (type.isDynamicDim(dim) &&
        failed(b.requireEqual(node, b.size(next, dim), b.size(carried, dim),
                              "sizes of what is carried")))
      return failure();
  return Value(
      bufferization::MaterializeInDestinationOp::create(b, type, next, carried)
          .getResult());
}

FailureOr<GraphCall> GraphCall::find(onnx::NodeOp node, StringRef attribute,
                                     unsigned inputs) {
  GraphCall found;
  found.node = node;
  if (auto symbol =
          dyn_cast_or_null<FlatSymbolRefAttr>(node.getNodeAttr(attribute)))
    found.function =
        SymbolTable::lookupNearestSymbolFrom<func::FuncOp>(node, symbol);
  if (!found.function || found.function.isExternal())
    return node.emitNodeError("requires a graph in ") << attribute;
  unsigned wanted = inputs + attune::capturesOf(node);
  if (found.function.getNumArguments() != wanted)
    return node.emitNodeError("requires ")
           << attribute << " to have " << inputs << " inputs, but got "
           << int64_t(found.function.getNumArguments()) -
                  int64_t(attune::capturesOf(node));
  FunctionType type = found.function.getFunctionType();
  for (TypeRange types : {type.getInputs(), type.getResults()})
    for (Type each : types)
      if (!isa<RankedTensorType>(each))
        return node.emitNodeError("requires ")
               << attribute << " to work on tensors, but got " << each;
  return found;
}

LogicalResult GraphCall::requireResults(unsigned count) {
  unsigned own = function.getFunctionType().getNumResults();
  if (own == count)
    return success();
  onnx::NodeOp at = node;
  return at.emitNodeError("requires graphs of ")
         << count << " outputs here, but got " << own;
}

RankedTensorType GraphCall::argumentType(unsigned index) {
  return cast<RankedTensorType>(function.getFunctionType().getInput(index));
}

RankedTensorType GraphCall::resultType(unsigned index) {
  return cast<RankedTensorType>(function.getFunctionType().getResult(index));
}

/// A scalar as a tensor of one element.
static Value asTensor(onnx::NodeOp node, Lowering &b, Value scalar,
                      RankedTensorType type) {
  bool isOne = type.getRank() <= 1 &&
               type.getElementType() == scalar.getType() &&
               (!type.hasStaticShape() || type.getNumElements() == 1);
  if (!isOne) {
    node.emitNodeError("requires a graph that takes one ")
        << scalar.getType() << " here, but got " << type;
    return {};
  }
  SmallVector<int64_t> ones(type.getRank(), 1);
  Value tensor = b.fromElements(type.clone(ones), scalar);
  return b.createOrFold<tensor::CastOp>(type, tensor);
}

FailureOr<SmallVector<Value>> GraphCall::call(Lowering &b,
                                              ArrayRef<Value> inputs) {
  onnx::NodeOp at = node;
  SmallVector<Value> values(inputs), operands;
  llvm::append_range(values, at.getInputs().take_back(attune::capturesOf(at)));
  for (auto [index, value] : llvm::enumerate(values)) {
    RankedTensorType type = argumentType(index);
    operands.push_back(isa<RankedTensorType>(value.getType())
                           ? fit(at, b, value, type)
                           : asTensor(at, b, value, type));
    if (!operands.back())
      return failure();
  }
  auto call =
      func::CallOp::create(b, function.getSymNameAttr(),
                           function.getFunctionType().getResults(), operands);
  return llvm::to_vector_of<Value>(call.getResults());
}

} // namespace attune
