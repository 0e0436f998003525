// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Expansions.h"

using namespace mlir;

namespace attune {

namespace {
/// Weights of N rows, each of `blocks` blocks with a scale and a zero point.
struct Blocks {
  int64_t rows, width, bits, size, count;
};
} // namespace

/// The numbers in the bytes of the last dimension, of which `count` are kept.
static Value unpack(NodeBuilder &b, Value bytes, int64_t bits, int64_t count) {
  Extents extents = extentsOf(bytes);
  Type element = b.elementOf(bytes);
  int64_t last = extents.size() - 1;
  if (bits == 4) {
    Value low = b.make("BitwiseAnd", 18, {bytes, b.scalar(15, element)},
                       element, extents);
    Value high = b.make("BitShift", 11, {bytes, b.scalar(4, element)}, element,
                        extents, b.attribute("direction", "RIGHT"));
    Value pairs = b.concat(
        {b.unsqueeze(low, last + 1), b.unsqueeze(high, last + 1)}, last + 1, 2);
    extents.back() = extents.back().size * 2;
    SmallVector<int64_t> target(last, 0);
    target.push_back(extents.back().size);
    bytes = b.reshape(pairs, target, extents);
  }
  if (extents.back().is(count))
    return bytes;
  return b.slice(bytes, last, 0, count, count);
}

static bool hasShape(Value tensor, ArrayRef<int64_t> shape) {
  RankedTensorType type = typeOf(tensor);
  return type.hasStaticShape() && type.getShape() == shape;
}

/// A list, or a table, of one number a block as [rows, blocks].
static FailureOr<Value> perBlock(NodeBuilder &b, unsigned input, StringRef name,
                                 const Blocks &blocks, int64_t count) {
  Value value = b.node.getInput(input);
  if (hasShape(value, {blocks.rows, count}))
    return value;
  if (hasShape(value, {blocks.rows * count}))
    return b.reshape(value, {blocks.rows, count}, {blocks.rows, count});
  return b.node.emitNodeError("requires ")
         << name << " of " << blocks.rows << " x " << count
         << " elements, but got " << value.getType();
}

static FailureOr<Value> zeroPoints(NodeBuilder &b, const Blocks &blocks,
                                   Type element) {
  if (!b.node.hasInput(3))
    return b.scalar(static_cast<double>(1 << (blocks.bits - 1)), element);
  bool isPacked = b.elementOf(b.node.getInput(3)).isUnsignedInteger(8);
  if (!isPacked && b.elementOf(b.node.getInput(3)) != element)
    return b.node.emitNodeError("requires zero_points that are packed bytes "
                                "or have the type of the input");
  int64_t perByte = isPacked ? 8 / blocks.bits : 1;
  FailureOr<Value> points = perBlock(b, 3, "zero_points", blocks,
                                     llvm::divideCeil(blocks.count, perByte));
  if (failed(points))
    return failure();
  Value value = *points;
  if (isPacked)
    value = b.cast(unpack(b, value, blocks.bits, blocks.count), element);
  return b.unsqueeze(value, 2);
}

static FailureOr<Blocks> blocksOf(NodeBuilder &b) {
  Blocks blocks;
  blocks.rows = b.node.getInt("N", 0);
  blocks.width = b.node.getInt("K", 0);
  blocks.bits = b.node.getInt("bits", 4);
  blocks.size = b.node.getInt("block_size", 0);
  constexpr int64_t limit = int64_t(1) << 31;
  if (blocks.rows < 1 || blocks.width < 1 || blocks.size < 16 ||
      blocks.rows > limit || blocks.width > limit || blocks.size > limit ||
      (blocks.size & (blocks.size - 1)))
    return b.node.emitNodeError("requires positive K and N, and a block_size "
                                "that is a power of 2 of 16 or more");
  if (blocks.bits != 4 && blocks.bits != 8)
    return b.node.emitNodeError("requires weights of 4 or 8 bits, but got ")
           << blocks.bits;
  blocks.count = llvm::divideCeil(blocks.width, blocks.size);
  int64_t bytes = blocks.size * blocks.bits / 8;
  if (!hasShape(b.node.getInput(1), {blocks.rows, blocks.count, bytes}))
    return b.node.emitNodeError("requires weights of ")
           << blocks.rows << " x " << blocks.count << " x " << bytes
           << " bytes, but got " << b.node.getInput(1).getType();
  return blocks;
}

/// Weights become floats again, in front of an ordinary product.
static LogicalResult expandNBits(NodeBuilder &b, const ExpansionOptions &) {
  if (failed(b.refuseInput(4, "g_idx",
                           "rows in another order; write the "
                           "weights in order")) ||
      failed(b.requireInt("weight_prepacked", 0,
                          "the layout is that of one kernel")))
    return failure();
  FailureOr<Blocks> blocks = blocksOf(b);
  if (failed(blocks))
    return failure();
  Value input = b.node.getInput(0);
  Type element = b.elementOf(input);
  if (rankOf(input) < 2 || !extentOf(input, -1).is(blocks->width))
    return b.node.emitNodeError("requires an input of K = ")
           << blocks->width << " columns, but got " << input.getType();
  FailureOr<Value> scales = perBlock(b, 2, "scales", *blocks, blocks->count);
  FailureOr<Value> zeros = zeroPoints(b, *blocks, element);
  if (failed(scales) || failed(zeros))
    return failure();
  Value weights = b.cast(
      unpack(b, b.node.getInput(1), blocks->bits, blocks->size), element);
  weights = b.binary("Sub", weights, *zeros);
  weights = b.binary("Mul", weights, b.unsqueeze(*scales, 2));
  int64_t padded = blocks->count * blocks->size;
  weights = b.reshape(weights, {blocks->rows, padded}, {blocks->rows, padded});
  if (padded != blocks->width)
    weights = b.slice(weights, 1, 0, blocks->width, blocks->width);
  FailureOr<Value> result = b.matMul(input, b.transpose(weights, {1, 0}));
  if (b.node.hasInput(5))
    result = b.addBias(*result, 5);
  return failed(result) ? failure() : b.replace(0, *result);
}

void addQuantizedWeights(Expansions &table) {
  table[{contribDomain, "MatMulNBits"}] = {expandNBits, 3};
}

} // namespace attune
