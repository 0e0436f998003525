// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {
/// One LinearAttention node: a state of key width x value width for each key
/// head, which decays, is corrected and is added to in each step.
class LinearAttentionLowering {
public:
  LinearAttentionLowering(onnx::NodeOp node, Lowering &b)
      : node(node), b(b), heads(node.getInt("q_num_heads", 0)),
        keyHeads(node.getInt("kv_num_heads", 0)) {}

  LogicalResult lower();

private:
  enum Input { queryInput, keyInput, valueInput, pastInput, decayInput, rate };

  Value read(Input input);
  LogicalResult checkRule();
  LogicalResult readWidths();
  FailureOr<Value> past();
  LogicalResult readDecay(SmallVector<Value> &decay);
  LogicalResult readRate(SmallVector<Value> &found);
  LogicalResult checkSteps(Value tensor, StringRef name);

  onnx::NodeOp node;
  Lowering &b;
  int64_t heads, keyHeads;
  int64_t keyWidth = 0, valueWidth = 0;
};
} // namespace

/// The state is held in f32, whatever the file has.
Value LinearAttentionLowering::read(Input input) {
  return b.convert(node.getInput(input), b.getF32Type());
}

LogicalResult LinearAttentionLowering::checkRule() {
  StringRef rule = node.getString("update_rule", "gated_delta");
  bool decays = rule.starts_with("gated"), corrects = rule.ends_with("delta");
  if (!decays && !corrects && rule != "linear")
    return node.emitNodeError("requires an update_rule of linear, gated, delta "
                              "or gated_delta, but got '")
           << rule << "'";
  if (node.hasInput(decayInput) != decays)
    return node.emitNodeError("requires the input decay for gated rules, and "
                              "only for them; the rule is '")
           << rule << "'";
  if (node.hasInput(rate) != corrects)
    return node.emitNodeError("requires the input beta for delta rules, and "
                              "only for them; the rule is '")
           << rule << "'";
  return success();
}

LogicalResult LinearAttentionLowering::readWidths() {
  if (heads < 1 || keyHeads < 1 || heads % keyHeads != 0)
    return node.emitNodeError("requires q_num_heads to be a multiple of "
                              "kv_num_heads, but got ")
           << heads << " and " << keyHeads;
  int64_t widths[3];
  for (unsigned input : {queryInput, keyInput, valueInput}) {
    RankedTensorType type = typeOf(node.getInputs()[input]);
    int64_t count = input == queryInput ? heads : keyHeads;
    if (type.getRank() != 3 || type.isDynamicDim(2) ||
        type.getDimSize(2) % count != 0)
      return node.emitNodeError("requires query, key and value of rank 3, with "
                                "a constant width that is a multiple of their "
                                "heads");
    widths[input] = type.getDimSize(2) / count;
  }
  keyWidth = widths[keyInput];
  valueWidth = widths[valueInput];
  if (widths[queryInput] != keyWidth)
    return node.emitNodeError("requires heads of query and key of one width, "
                              "but got ")
           << widths[queryInput] << " and " << keyWidth;
  for (auto [input, name] : {std::pair(keyInput, "key"), {valueInput, "value"}})
    if (failed(checkSteps(node.getInput(input), name)))
      return failure();
  return success();
}

LogicalResult LinearAttentionLowering::checkSteps(Value tensor,
                                                  StringRef name) {
  if (typeOf(tensor).getRank() != 3)
    return node.emitNodeError("requires ") << name << " of rank 3";
  for (int64_t dim : {0, 1})
    if (failed(b.requireEqual(node, b.size(node.getInputs()[0], dim),
                              b.size(tensor, dim),
                              dim == 0 ? "batch sizes" : "numbers of steps")))
      return failure();
  return success();
}

FailureOr<Value> LinearAttentionLowering::past() {
  SmallVector<OpFoldResult> sizes = {
      b.size(node.getInputs()[0], 0), b.getIndexAttr(keyHeads),
      b.getIndexAttr(keyWidth), b.getIndexAttr(valueWidth)};
  if (!node.hasInput(pastInput))
    return b.fill(sizes, b.constant(b.getF32Type(), 0));
  Value past = read(pastInput);
  if (typeOf(past).getRank() != 4)
    return node.emitNodeError("requires past_state of rank 4");
  for (int64_t dim = 0; dim < 4; ++dim)
    if (failed(b.requireEqual(node, b.size(past, dim), sizes[dim],
                              "sizes of past_state and the heads")))
      return failure();
  return past;
}

/// What a step leaves of the state, by head or by row of the state.
LogicalResult LinearAttentionLowering::readDecay(SmallVector<Value> &found) {
  if (!node.hasInput(decayInput))
    return success();
  Value decay = read(decayInput);
  if (failed(checkSteps(decay, "decay")))
    return failure();
  int64_t width = typeOf(decay).getDimSize(2);
  if (width != keyHeads && width != keyHeads * keyWidth)
    return node.emitNodeError("requires a decay of width ")
           << keyHeads << " or " << keyHeads * keyWidth << ", but got "
           << typeOf(decay);
  Value kept = mapped(b, decay, [](OpBuilder &b, Location loc, ValueRange x) {
    return math::ExpOp::create(b, loc, x[0]).getResult();
  });
  found.push_back(b.reshape(kept, {b.size(decay, 0), b.size(decay, 1),
                                   b.getIndexAttr(keyHeads),
                                   b.getIndexAttr(width / keyHeads)}));
  return success();
}

LogicalResult LinearAttentionLowering::readRate(SmallVector<Value> &found) {
  if (!node.hasInput(rate))
    return success();
  Value beta = read(rate);
  if (failed(checkSteps(beta, "beta")))
    return failure();
  int64_t width = typeOf(beta).getDimSize(2);
  if (width != keyHeads && width != 1)
    return node.emitNodeError("requires a beta of width ")
           << keyHeads << " or 1, but got " << typeOf(beta);
  found.push_back(beta);
  return success();
}

LogicalResult LinearAttentionLowering::lower() {
  if (failed(checkRule()) || failed(readWidths()))
    return failure();
  FailureOr<Value> start = past();
  SmallVector<Value> decay, beta;
  if (failed(start) || failed(readDecay(decay)) || failed(readRate(beta)))
    return failure();
  double scale = node.getFloat("scale", 0);
  if (scale == 0)
    scale = 1 / std::sqrt(static_cast<double>(keyWidth));
  Value query = read(queryInput);
  Value output = b.empty(
      {b.size(query, 0), b.size(query, 1), b.getIndexAttr(heads * valueWidth)},
      b.getF32Type());
  Value state = b.empty(b.sizes(*start), b.getF32Type());
  auto op = kernel::StateAttentionOp::create(
      b, TypeRange{output.getType(), state.getType()}, query, read(keyInput),
      read(valueInput), *start, decay, beta, ValueRange{output, state},
      b.getI64IntegerAttr(heads), b.getI64IntegerAttr(keyHeads),
      b.getF64FloatAttr(scale));
  for (unsigned index : {0u, 1u}) {
    if (index >= node.getOutputs().size() ||
        isa<NoneType>(node.getOutputs()[index].getType()))
      continue;
    Value result = op.getResult()[index];
    Type wanted = elementOf(node.getOutputs()[index]);
    b.replace(node, b.convert(result, wanted), index);
  }
  return success();
}

static LogicalResult lowerLinearAttention(onnx::NodeOp node, Lowering &b) {
  return LinearAttentionLowering(node, b).lower();
}

void addLinearAttention(LoweringTable &table) {
  table.compute("LinearAttention", lowerLinearAttention);
}

} // namespace attune
