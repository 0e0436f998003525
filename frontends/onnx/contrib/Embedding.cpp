// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Expansions.h"

using namespace mlir;

namespace attune {

namespace {
/// Inputs by their place.
enum Input : unsigned {
  ids,
  segmentIds,
  words,
  positions,
  segments,
  gamma,
  beta,
  mask,
  positionIds
};
} // namespace

static LogicalResult checkInputs(NodeBuilder &b) {
  for (unsigned input : {words, positions})
    if (failed(b.requireRank(input, 2)))
      return failure();
  for (unsigned input : {ids, segmentIds, segments, mask, positionIds})
    if (b.node.hasInput(input) && failed(b.requireRank(input, 2)))
      return failure();
  for (unsigned input : {gamma, beta})
    if (failed(b.requireRank(input, 1)))
      return failure();
  if (b.node.hasInput(segmentIds) != b.node.hasInput(segments))
    return b.node.emitNodeError("requires segment_ids and segment_embedding "
                                "together");
  if (failed(b.flag("mask_index_type")))
    return failure();
  return b.requireEqual(extentOf(b.node.getInput(words), 1),
                        extentOf(b.node.getInput(positions), 1),
                        "widths of word_embedding and position_embedding");
}

/// An input that has a number for each of the ids; null if it is left out.
static FailureOr<Value> forEachId(NodeBuilder &b, Input which, StringRef name) {
  Value given = b.node.getInput(which);
  if (!given)
    return given;
  SmallVector<int64_t> dims = {0, 1};
  // One row of positions is that of all sequences.
  if (which == positionIds && extentOf(given, 0).is(1))
    dims = {1};
  return b.sameSizes(given, b.node.getInput(ids), dims,
                     ("sizes of " + name + " and of input_ids").str());
}

/// Row by row how many elements of the mask are 1; zeros without a mask.
static Value countMask(NodeBuilder &b, Value mask) {
  Value input = b.node.getInput(ids);
  Type element = b.elementOf(input);
  Extent batch = extentOf(input, 0);
  if (!mask) {
    Value list = b.make(
        "Shape", 21, input, b.integerType(), {Extent(1)},
        {b.attribute("start", int64_t(0)), b.attribute("end", int64_t(1))});
    return b.expand(b.scalar(0, element), list, {batch});
  }
  Value marked = b.compare("Equal", mask, b.scalar(1, element));
  return b.make("ReduceSum", 13, {b.cast(marked, element), b.integers(1)},
                element, {batch}, b.attribute("keepdims", int64_t(0)));
}

static LogicalResult expandEmbedding(NodeBuilder &b, const ExpansionOptions &) {
  if (failed(checkInputs(b)))
    return failure();
  FailureOr<Value> kinds = forEachId(b, segmentIds, "segment_ids");
  FailureOr<Value> marks = forEachId(b, mask, "mask");
  FailureOr<Value> given = forEachId(b, positionIds, "position_ids");
  if (failed(kinds) || failed(marks) || failed(given))
    return failure();
  auto input = [&](Input which) { return b.node.getInput(which); };
  auto look = [&](Input table, Value indices) {
    return b.gather(input(table), indices, 0);
  };
  Value sum = look(words, b.notNegative(input(ids)));
  // Positions are picked one by one, so that too many of them are an error.
  Value places =
      *given ? b.notNegative(*given)
             : b.range(b.sizeOf(input(ids), 1), extentOf(input(ids), 1));
  sum = b.binary("Add", sum, look(positions, places));
  if (*kinds)
    sum = b.binary("Add", sum, look(segments, b.notNegative(*kinds)));
  float epsilon = b.node.getFloat("epsilon", 1e-12);
  Value norm = b.make(
      "LayerNormalization", 17, {sum, input(gamma), input(beta)},
      b.elementOf(sum), extentsOf(sum),
      {b.attribute("axis", int64_t(-1)), b.attribute("epsilon", epsilon)});
  if (failed(b.replace(0, norm)) ||
      (b.isUsed(1) && failed(b.replace(1, countMask(b, *marks)))))
    return failure();
  return b.replace(2, sum);
}

void addEmbedding(Expansions &table) {
  table[{contribDomain, "EmbedLayerNormalization"}] = {expandEmbedding, 1};
}

} // namespace attune
