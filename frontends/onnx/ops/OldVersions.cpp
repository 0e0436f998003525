// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/OldVersions.h"
#include "frontends/onnx/ops/Passes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace attune {

/// Versions before these have other attributes, or the same with another
/// meaning; all but Scan's are from before opset 7.
int64_t oldestVersion(StringRef opType) {
  return llvm::StringSwitch<int64_t>(opType)
      .Cases({"GlobalLpPool", "LpPool", "Pad", "Split"}, 2)
      .Case("Concat", 4)
      .Case("Reshape", 5)
      .Cases({"BatchNormalization", "Cast", "Selu", "Tile"}, 6)
      .Cases({"GRU", "LSTM", "RNN", "Upsample"}, 7)
      .Case("Scan", 9)
      .Default(1);
}

LogicalResult checkVersion(onnx::NodeOp node) {
  int64_t oldest = oldestVersion(node.getOpType());
  if (!node.getDomain().empty() ||
      static_cast<int64_t>(node.getVersion()) >= oldest)
    return success();
  return node.emitNodeError("requires version ")
         << oldest << " of the operator or later; convert the model to opset "
         << oldest;
}

SmallVector<Value> alignedInputs(onnx::NodeOp node, Lowering &b) {
  SmallVector<Value> inputs(node.getInputs());
  if (node.getVersion() >= 7 || inputs.size() != 2)
    return inputs;
  int64_t rank = typeOf(inputs[0]).getRank();
  SmallVector<OpFoldResult> sizes = b.sizes(inputs[1]);
  bool isPerChannel = node.getOpType() == "PRelu" && rank > 1 &&
                      typeOf(inputs[1]).getRank() == 1 &&
                      typeOf(inputs[1]).getDimSize(0) != 1;
  if (!node.getNodeAttr("axis") && !isPerChannel)
    return inputs;
  int64_t axis = isPerChannel ? 1 : axisOf(node, rank);
  int64_t behind = rank - axis - static_cast<int64_t>(sizes.size());
  if (behind <= 0)
    return inputs;
  sizes.append(behind, b.getIndexAttr(1));
  inputs[1] = b.reshape(inputs[1], sizes);
  return inputs;
}

} // namespace attune
