// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands around attention and has an operation of its own.

#include "dialects/attn/Attn.h"
#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static RankedTensorType typeOf(Value value) {
  return cast<RankedTensorType>(value.getType());
}

/// `parameter` as the dimensions of `input` from `axis` on; ONNX would
/// broadcast it.
static Value parameter(onnx::NodeOp node, Lowering &b, Value parameter,
                       Value input, int64_t axis) {
  RankedTensorType type = typeOf(input);
  ArrayRef<int64_t> wanted = type.getShape().drop_front(axis);
  if (typeOf(parameter).getShape() == wanted)
    return parameter;
  if (llvm::any_of(wanted, ShapedType::isDynamic)) {
    node.emitNodeError("requires parameters of the sizes that are normalised");
    return {};
  }
  auto shape = RankedTensorType::get(wanted, type.getElementType());
  Value like = tensor::EmptyOp::create(b, wanted, type.getElementType());
  Value result = b.elementwise(
      node, {parameter, like}, type.getElementType(),
      [](OpBuilder &, Location, ValueRange x) { return x[0]; });
  if (result && result.getType() != shape) {
    node.emitNodeError("requires parameters that can be broadcast to ")
        << shape << ", but got " << parameter.getType();
    return {};
  }
  return result;
}

static int64_t axisOf(onnx::NodeOp node) {
  int64_t axis = node.getInt("axis", -1);
  return axis < 0 ? axis + typeOf(node.getInputs()[0]).getRank() : axis;
}

static LogicalResult lowerLayerNorm(onnx::NodeOp node, Lowering &b) {
  for (Value extra : node.getOutputs().drop_front())
    if (!extra.use_empty())
      return node.emitNodeError(
          "the outputs Mean and InvStdDev are not supported yet");
  Value input = node.getInputs()[0];
  int64_t axis = axisOf(node);
  Value scale = parameter(node, b, node.getInputs()[1], input, axis), bias;
  if (node.hasInput(2))
    bias = parameter(node, b, node.getInput(2), input, axis);
  if (!scale || (node.hasInput(2) && !bias))
    return failure();
  b.replace(node, attn::LayerNormOp::create(
                      b, input.getType(), input, scale, bias,
                      b.getI64IntegerAttr(axis),
                      b.getF64FloatAttr(node.getFloat("epsilon", 1e-5f))));
  return success();
}

static LogicalResult lowerRmsNorm(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t axis = axisOf(node);
  Value scale = parameter(node, b, node.getInputs()[1], input, axis);
  if (!scale)
    return failure();
  b.replace(node, attn::RmsNormOp::create(
                      b, input.getType(), input, scale,
                      b.getI64IntegerAttr(axis),
                      b.getF64FloatAttr(node.getFloat("epsilon", 1e-5f))));
  return success();
}

static LogicalResult lowerGelu(onnx::NodeOp node, Lowering &b) {
  StringRef kind = node.getString("approximate", "none");
  if (kind != "none" && kind != "tanh")
    return node.emitNodeError("requires approximate to be 'none' or 'tanh', "
                              "but got '")
           << kind << "'";
  Value input = node.getInputs()[0];
  b.replace(node, attn::GeluOp::create(
                      b, input.getType(), input,
                      kind == "tanh" ? b.getUnitAttr() : UnitAttr()));
  return success();
}

void addNeighbours(LoweringTable &table) {
  table["Gelu"] = lowerGelu;
  table["LayerNormalization"] = lowerLayerNorm;
  table["RMSNormalization"] = lowerRmsNorm;
}

} // namespace attune
