// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/AttentionParts.h"
#include "frontends/onnx/contrib/Expansions.h"
#include "frontends/onnx/contrib/GroupQueryInputs.h"
#include "frontends/onnx/contrib/RotaryParts.h"

using namespace mlir;

namespace attune {
namespace {

class GroupQuery {
public:
  GroupQuery(NodeBuilder &b, bool growing) : b(b), growing(growing) {}

  LogicalResult expand();

private:
  LogicalResult readSight();
  LogicalResult readParts();
  LogicalResult readCache();
  LogicalResult checkSizes();
  LogicalResult rotate();
  Value firstPositions();
  Value positions();
  Value givenPositions();
  Value insert(Value cache, Value rows, int64_t width);
  Value held(Value cache);
  LogicalResult attendRows();
  void requireNothingPadded();
  LogicalResult finish();

  /// Sizes as i64 scalars.
  Value rowCount() { return b.sizeOf(b.node.getInput(gqa::query), 1); }
  Value pastLength() { return b.sizeOf(parts.pastKey, 2); }

  NodeBuilder &b;
  /// Whether the past holds just what was appended: it is state.
  bool growing;
  AttentionParts parts;
  /// How many keys there are with the new ones: of each batch item, and of the
  /// longest, i64.
  Value lengths, longest;
  /// How many keys come before the new ones, [batch] of i64; null without past.
  Value before;
};

} // namespace

LogicalResult GroupQuery::readParts() {
  FailureOr<int64_t> heads = countOfHeads(b, "num_heads");
  FailureOr<int64_t> keyHeads = countOfHeads(b, "kv_num_heads");
  if (failed(heads) || failed(keyHeads))
    return failure();
  if (*heads % *keyHeads != 0)
    return b.node.emitNodeError("requires num_heads to be a multiple of "
                                "kv_num_heads, but got ")
           << *heads << " and " << *keyHeads;
  parts.heads = *heads;
  parts.keyHeads = *keyHeads;
  parts.query = b.node.getInput(gqa::query);
  bool isPacked = !b.node.hasInput(gqa::key);
  FailureOr<int64_t> width = widthOfHeads(
      b, parts.query, isPacked ? *heads + 2 * *keyHeads : *heads, "queries");
  if (failed(width))
    return failure();
  parts.width = parts.valueWidth = *width;
  if (isPacked) {
    SmallVector<Value> each =
        b.split(parts.query, 2,
                {*heads * *width, *keyHeads * *width, *keyHeads * *width});
    parts.query = each[0];
    parts.key = each[1];
    parts.value = each[2];
    return success();
  }
  parts.key = b.node.getInput(gqa::key);
  parts.value = b.node.getInput(gqa::value);
  for (Value rows : {parts.key, parts.value})
    if (!extentOf(rows, 2).is(*keyHeads * *width))
      return b.node.emitNodeError("requires keys and values of ")
             << *keyHeads << " heads of the width " << *width << ", but got "
             << rows.getType();
  return checkSizes();
}

LogicalResult GroupQuery::checkSizes() {
  for (int64_t dim : {0, 1})
    for (Value rows : {parts.key, parts.value})
      if (failed(b.requireEqual(extentOf(rows, dim), extentOf(parts.query, dim),
                                "batch sizes and lengths of queries, keys and "
                                "values")))
        return failure();
  return success();
}

/// Where the new rows begin in the cache: a first prompt, which is as long as
/// all that there is, at 0, and all else behind what is there.
Value GroupQuery::firstPositions() {
  Value ends = b.binary("Sub", lengths, rowCount());
  return b.where(b.compare("Equal", longest, rowCount()),
                 b.scalar(0, b.integerType()), ends);
}

LogicalResult GroupQuery::readCache() {
  lengths = gqa::readLengths(b);
  longest = gqa::readLongest(b);
  parts.pastKey = b.node.getInput(gqa::pastKey);
  parts.pastValue = b.node.getInput(gqa::pastValue);
  if (!lengths || !longest)
    return failure();
  Extent batch = extentOf(parts.query, 0);
  if (failed(b.requireEqual(extentOf(lengths, 0), batch,
                            "sizes of seqlens_k and of the batch")))
    return failure();
  if (!parts.pastKey) {
    parts.query = b.requireTrue(
        parts.query, b.compare("Equal", longest, rowCount()),
        "without a past, total_sequence_length must be the number of queries");
    return success();
  }
  if (failed(b.requireEqual(extentOf(parts.pastKey, 0), batch,
                            "batch sizes of the past and of queries")) ||
      failed(b.requireEqual(extentOf(parts.pastKey, 2),
                            extentOf(parts.pastValue, 2),
                            "lengths of past_key and past_value")))
    return failure();
  for (Value past : {parts.pastKey, parts.pastValue})
    if (!extentOf(past, 1).is(parts.keyHeads) ||
        !extentOf(past, 3).is(parts.width) ||
        b.elementOf(past) != b.elementOf(parts.query))
      return b.node.emitNodeError("requires a past of ")
             << parts.keyHeads << " heads of the width " << parts.width
             << " and of the queries' type, but got " << past.getType();
  Value whole = b.binary("Add", pastLength(), rowCount());
  if (growing) {
    longest = b.requireTrue(
        longest, b.compare("Equal", longest, whole),
        "total_sequence_length must be the length of the state and the new "
        "positions");
    return success();
  }
  Value inOrder = b.make("And", 7,
                         {b.compare("LessOrEqual", longest, whole),
                          b.compare("GreaterOrEqual", longest, rowCount())},
                         IntegerType::get(b.context(), 1), {});
  longest = b.requireTrue(longest, inOrder,
                          "total_sequence_length must be at least the number "
                          "of queries, and at most the past's length more");
  before = firstPositions();
  return success();
}

/// Where the new rows stand, [batch, rows].
Value GroupQuery::positions() {
  Value first = b.scalar(0, b.integerType());
  if (before)
    first = b.unsqueeze(before, 1);
  else if (parts.pastKey)
    first = pastLength();
  return countFrom(b, first, b.node.getInput(gqa::query), 1);
}

/// position_ids; a first prompt takes its first one, and those that follow.
Value GroupQuery::givenPositions() {
  Value given = b.notNegative(b.node.getInput(gqa::positionIds));
  Value zero = b.scalar(0, b.integerType());
  Value start = b.gather(b.gather(given, zero, 0), zero, 0);
  Value counted = countFrom(b, start, b.node.getInput(gqa::query), 1);
  return b.where(b.compare("Equal", longest, rowCount()), counted, given);
}

LogicalResult GroupQuery::rotate() {
  FailureOr<bool> turns = b.flag("do_rotary");
  FailureOr<bool> interleaved = b.flag("rotary_interleaved");
  if (failed(turns) || failed(interleaved))
    return failure();
  if (!*turns)
    return success();
  Value cos = b.node.getInput(gqa::cosCache);
  Value sin = b.node.getInput(gqa::sinCache);
  if (!cos || !sin || rankOf(cos) != 2 || rankOf(sin) != 2)
    return b.node.emitNodeError("requires cos_cache and sin_cache of rank 2 "
                                "with do_rotary");
  bool isGiven = b.node.hasInput(gqa::positionIds);
  if (isGiven && failed(b.requireRank(gqa::positionIds, 2)))
    return failure();
  Angles angles =
      pickAngles(b, cos, sin, isGiven ? givenPositions() : positions());
  angles.interleaved = *interleaved;
  for (auto [rows, heads] :
       {std::pair(&parts.query, parts.heads), {&parts.key, parts.keyHeads}}) {
    FailureOr<Value> turned = turn(b, *rows, heads, parts.width, angles);
    if (failed(turned))
      return failure();
    *rows = *turned;
  }
  return success();
}

/// The cache with room for all keys, and the new rows in their places.
Value GroupQuery::insert(Value cache, Value rows, int64_t width) {
  Type index = b.integerType();
  Value room = b.make(
      "Max", 13, {b.binary("Sub", longest, pastLength()), b.scalar(0, index)},
      index, {});
  Value sizes =
      b.concat({b.unsqueeze(b.sizeOf(cache, 0), 0), b.integers(parts.keyHeads),
                b.unsqueeze(room, 0), b.integers(width)},
               0, 4);
  Extents extents = extentsOf(cache);
  extents[2] = Extent();
  Value more = b.expand(b.scalar(0, b.elementOf(cache)), sizes, extents);
  Value whole = b.concat({cache, more}, 2, Extent());
  Value added = splitHeads(b, rows, parts.keyHeads, width);
  return b.make(
      "TensorScatter", 24, {whole, added, before}, b.elementOf(cache), extents,
      {b.attribute("axis", int64_t(2)), b.attribute("mode", "linear")});
}

/// The rows of a cache up to the longest batch item's last one.
Value GroupQuery::held(Value cache) {
  Extents extents = extentsOf(cache);
  extents[2] = Extent();
  return b.make("Slice", 13,
                {cache, b.integers(0), b.unsqueeze(longest, 0), b.integers(2)},
                b.elementOf(cache), extents);
}

/// Attention over rows that are outputs before: a cache, which may be longer
/// than what it holds, or the new rows alone.
LogicalResult GroupQuery::attendRows() {
  bool isCache = static_cast<bool>(parts.pastKey);
  for (auto [index, rows, past] : {std::tuple(1u, &parts.key, &parts.pastKey),
                                   {2u, &parts.value, &parts.pastValue}}) {
    *rows = isCache ? insert(*past, *rows, parts.width)
                    : splitHeads(b, *rows, parts.keyHeads, parts.width);
    if (failed(b.replace(index, *rows)))
      return failure();
  }
  parts.query = splitHeads(b, parts.query, parts.heads, parts.width);
  bool hasSink = gqa::hasSink(b);
  // Biases are as long as what the cache holds.
  if (isCache && (parts.bias || hasSink)) {
    parts.key = held(parts.key);
    parts.value = held(parts.value);
  }
  Value places = hasSink ? positions() : Value();
  parts.pastKey = parts.pastValue = Value();
  parts.lengths = lengths;
  if (parts.causal && before)
    parts.lengths = b.binary("Add", before, rowCount());
  if (hasSink && failed(gqa::addSink(b, parts, {places, lengths, longest})))
    return failure();
  // The attention itself gives no cache back.
  return b.replace(0, makeAttention(b, parts).output);
}

/// Rows that are shorter than others would leave gaps in what grows.
void GroupQuery::requireNothingPadded() {
  Type index = b.integerType();
  Value shortest = b.make("ReduceMin", 18, {lengths, b.integers(0)}, index, {},
                          b.attribute("keepdims", int64_t(0)));
  Value most = b.make("ReduceMax", 18, {lengths, b.integers(0)}, index, {},
                      b.attribute("keepdims", int64_t(0)));
  Value equal = b.make("And", 7,
                       {b.compare("Equal", shortest, longest),
                        b.compare("Equal", most, longest)},
                       IntegerType::get(b.context(), 1), {});
  // What the check gives on is what the result hangs on.
  parts.query = b.requireTrue(
      parts.query, equal,
      "with state, sequences must have no padding: seqlens_k must be "
      "total_sequence_length - 1 throughout");
}

/// The frontier of time, and how far back from it a query sees.
LogicalResult GroupQuery::readSight() {
  FailureOr<bool> causal = b.flag("causal", /*otherwise=*/true);
  if (failed(causal))
    return failure();
  parts.causal = *causal;
  int64_t window = b.node.getInt("local_window_size", -1);
  if (window != -1 && (window < 1 || !parts.causal))
    return b.node.emitNodeError("requires local_window_size = -1, or a "
                                "positive one with causal, but got ")
           << window;
  parts.window = window > 0 ? window - 1 : -1;
  return success();
}

LogicalResult GroupQuery::finish() {
  if (parts.pastKey && growing)
    requireNothingPadded();
  parts.scale = b.node.getFloat("scale", 0);
  parts.softcap = b.node.getFloat("softcap", 0);
  parts.bias = b.node.getInput(gqa::addend);
  Extent keys = parts.pastKey ? Extent() : extentOf(parts.key, 1);
  if (parts.bias &&
      failed(requireColumns(b, parts.bias, keys, "attention_bias")))
    return failure();
  bool isState = parts.pastKey && growing;
  if (isState && gqa::hasSink(b))
    return b.node.emitNodeError("head_sink and smooth_softmax are not "
                                "supported with state; compile without it");
  // With state no batch item is shorter than others.
  if (!isState && (parts.pastKey || !parts.causal || gqa::hasSink(b)))
    return attendRows();
  AttentionResults results = makeAttention(b, parts);
  return b.replaceFirst(
      {results.output, results.presentKey, results.presentValue});
}

LogicalResult GroupQuery::expand() {
  if (failed(gqa::checkInputs(b)) || failed(readSight()) ||
      failed(readParts()) || failed(readCache()) || failed(rotate()))
    return failure();
  return finish();
}

static LogicalResult expandGroupQuery(NodeBuilder &b,
                                      const ExpansionOptions &options) {
  return GroupQuery(b, options.growingCaches).expand();
}

void addGroupQuery(Expansions &table) {
  table[{contribDomain, "GroupQueryAttention"}] = {expandGroupQuery, 1};
}

} // namespace attune
