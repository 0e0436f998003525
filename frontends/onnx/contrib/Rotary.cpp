// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/AttentionParts.h"
#include "frontends/onnx/contrib/Expansions.h"
#include "frontends/onnx/contrib/RotaryParts.h"

using namespace mlir;

namespace attune {

Angles pickAngles(NodeBuilder &b, Value cos, Value sin, Value positions) {
  return {b.gather(cos, positions, 0), b.gather(sin, positions, 0)};
}

FailureOr<Value> turn(NodeBuilder &b, Value rows, int64_t heads, int64_t width,
                      const Angles &angles) {
  Extent pairs = extentOf(angles.cos, 2);
  if (!pairs.isKnown() || pairs.size < 1 || 2 * pairs.size > width ||
      !extentOf(angles.sin, 2).equals(pairs))
    return b.node.emitNodeError("requires caches of one constant width, at "
                                "most half of the heads' ")
           << width;
  SmallVector<NamedAttribute> attributes = {
      b.attribute("interleaved", int64_t(angles.interleaved)),
      b.attribute("rotary_embedding_dim",
                  2 * pairs.size == width ? int64_t(0) : 2 * pairs.size)};
  if (rankOf(rows) == 3)
    attributes.push_back(b.attribute("num_heads", heads));
  return b.make("RotaryEmbedding", 23, {rows, angles.cos, angles.sin},
                b.elementOf(rows), extentsOf(rows), attributes);
}

Value countFrom(NodeBuilder &b, Value first, Value input, int64_t rowDim) {
  Extent batch = extentOf(input, 0), rows = extentOf(input, rowDim);
  Value counted =
      b.binary("Add", b.range(b.sizeOf(input, rowDim), rows), first);
  Value sizes = b.concat({b.unsqueeze(b.sizeOf(input, 0), 0),
                          b.unsqueeze(b.sizeOf(input, rowDim), 0)},
                         0, 2);
  return b.expand(counted, sizes, {batch, rows});
}

namespace {
enum Input : unsigned { input, positions, cosCache, sinCache };
} // namespace

static LogicalResult checkRotary(NodeBuilder &b) {
  if (failed(b.requireRank(input, 3, 4)) ||
      failed(b.requireRank(cosCache, 2)) || failed(b.requireRank(sinCache, 2)))
    return failure();
  if (double scale = b.node.getFloat("scale", 1); scale != 1)
    return b.node.emitNodeError("requires scale = 1, but got ")
           << scale << "; scale the caches";
  return b.requireInt("is_packed_batching", 0,
                      "sequences are padded to one length");
}

/// The width of a head: given by the number of heads, or by what turns.
static FailureOr<int64_t> widthOf(NodeBuilder &b, int64_t &heads) {
  Value rows = b.node.getInput(input);
  heads = b.node.getInt("num_heads", 0);
  int64_t turns = b.node.getInt("rotary_embedding_dim", 0);
  Extent width = extentOf(rows, -1);
  if (rankOf(rows) == 3 && heads == 0 && turns == 0 && width.isKnown()) {
    Extent pairs = extentOf(b.node.getInput(cosCache), 1);
    if (pairs.isKnown() && pairs.size > 0 && width.size % (2 * pairs.size) == 0)
      heads = width.size / (2 * pairs.size);
  }
  constexpr int64_t limit = 1 << 20;
  if (rankOf(rows) == 4) {
    if (!width.isKnown())
      return b.node.emitNodeError("requires heads of a constant width");
  } else if (heads < 1 || heads > limit) {
    return b.node.emitNodeError("requires num_heads, or caches of half the "
                                "width of a head");
  }
  FailureOr<int64_t> found = rankOf(rows) == 4
                                 ? FailureOr<int64_t>(width.size)
                                 : widthOfHeads(b, rows, heads, "an input");
  if (succeeded(found) && turns != 0 &&
      !extentOf(b.node.getInput(cosCache), 1).is(turns / 2))
    return b.node.emitNodeError("requires caches of rotary_embedding_dim / 2 "
                                "columns, but got ")
           << b.node.getInput(cosCache).getType();
  return found;
}

static LogicalResult expandRotary(NodeBuilder &b, const ExpansionOptions &) {
  if (failed(checkRotary(b)))
    return failure();
  int64_t heads = 0;
  FailureOr<int64_t> width = widthOf(b, heads);
  FailureOr<bool> interleaved = b.flag("interleaved");
  if (failed(width) || failed(interleaved))
    return failure();
  Value rows = b.node.getInput(input), where = b.node.getInput(positions);
  if (rankOf(where) < 2) {
    // One number: the first position of all sequences.
    if (rankOf(where) == 1 && !extentOf(where, 0).is(1))
      return b.node.emitNodeError("requires position_ids of [batch, rows] or "
                                  "of one element, but got ")
             << where.getType();
    where = countFrom(b, b.notNegative(where), rows, rankOf(rows) == 3 ? 1 : 2);
  } else if (failed(b.requireRank(positions, 2))) {
    return failure();
  } else {
    where = b.notNegative(where);
  }
  Angles angles = pickAngles(b, b.node.getInput(cosCache),
                             b.node.getInput(sinCache), where);
  angles.interleaved = *interleaved;
  FailureOr<Value> result = turn(b, rows, heads, *width, angles);
  return failed(result) ? failure() : b.replace(0, *result);
}

void addRotary(Expansions &table) {
  table[{contribDomain, "RotaryEmbedding"}] = {expandRotary, 4};
}

} // namespace attune
