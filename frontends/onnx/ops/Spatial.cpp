// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"

using namespace mlir;

namespace attune {

/// Channels become blocks of `blocksize` x `blocksize` pixels.
static LogicalResult lowerDepthToSpace(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t block = node.getInt("blocksize", 1);
  SmallVector<OpFoldResult> s = b.sizes(input);
  std::optional<int64_t> channels = getConstantIntValue(s[1]);
  if (block < 1 || !channels || *channels % (block * block) != 0)
    return node.emitNodeError("requires a constant number of channels that is "
                              "a multiple of the block");
  OpFoldResult by = b.getIndexAttr(block);
  OpFoldResult left = b.getIndexAttr(*channels / (block * block));
  bool blockFirst = node.getString("mode", "DCR") == "DCR";
  SmallVector<OpFoldResult> split =
      blockFirst ? SmallVector<OpFoldResult>{s[0], by, by, left, s[2], s[3]}
                 : SmallVector<OpFoldResult>{s[0], left, by, by, s[2], s[3]};
  SmallVector<int64_t> order = blockFirst
                                   ? SmallVector<int64_t>{0, 3, 4, 1, 5, 2}
                                   : SmallVector<int64_t>{0, 1, 4, 2, 5, 3};
  Value moved = b.transpose(b.reshape(input, split), order);
  b.replace(node, b.reshape(moved, {s[0], left, b.multiply(s[2], by),
                                    b.multiply(s[3], by)}));
  return success();
}

/// Blocks of pixels become channels.
static LogicalResult lowerSpaceToDepth(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t block = node.getInt("blocksize", 1);
  SmallVector<OpFoldResult> s = b.sizes(input);
  OpFoldResult by = b.getIndexAttr(block), parts[2];
  for (int64_t dim : {0, 1}) {
    Value size = b.toIndex(s[2 + dim]), divisor = b.toIndex(by);
    Value part = b.createOrFold<arith::DivUIOp>(size, divisor);
    parts[dim] = getAsOpFoldResult(part);
    if (failed(b.requireEqual(node, b.multiply(parts[dim], by), s[2 + dim],
                              "sizes of the blocks and the image")))
      return failure();
  }
  Value split = b.reshape(input, {s[0], s[1], parts[0], by, parts[1], by});
  bool blockFirst = node.getString("mode", "DCR") == "DCR";
  Value moved = blockFirst ? b.transpose(split, {0, 3, 5, 1, 2, 4})
                           : b.transpose(split, {0, 1, 3, 5, 2, 4});
  OpFoldResult channels = b.multiply(s[1], b.getIndexAttr(block * block));
  b.replace(node, b.reshape(moved, {s[0], channels, parts[0], parts[1]}));
  return success();
}

void addSpatial(LoweringTable &table) {
  table.move("DepthToSpace", lowerDepthToSpace);
  table.move("SpaceToDepth", lowerSpaceToDepth);
}

} // namespace attune
