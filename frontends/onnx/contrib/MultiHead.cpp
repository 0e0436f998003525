// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/AttentionParts.h"
#include "frontends/onnx/contrib/Expansions.h"

using namespace mlir;

namespace attune {

namespace {
enum Input : unsigned {
  query,
  key,
  value,
  bias,
  mask,
  addend,
  pastKey,
  pastValue,
  pastLength,
  indirection
};

class MultiHead {
public:
  MultiHead(NodeBuilder &b, int64_t heads) : b(b) {
    parts.heads = parts.keyHeads = heads;
  }

  LogicalResult expand();

private:
  LogicalResult check();
  LogicalResult readParts();
  LogicalResult readPacked(Value packed, SmallVector<Value *> into);
  LogicalResult readSeparate();
  LogicalResult addBias();
  LogicalResult checkSizes();
  LogicalResult readPast();
  LogicalResult checkCausal();

  NodeBuilder &b;
  AttentionParts parts;
};
} // namespace

LogicalResult MultiHead::check() {
  if (b.isUsed(3))
    return b.node.emitNodeError("the output 'qk' is not supported; write the "
                                "attention with MatMul and Softmax");
  if (failed(b.refuseInput(pastLength, "past_sequence_length",
                           "past and present are tensors of their own, and "
                           "the past's own length counts")) ||
      failed(b.refuseInput(indirection, "cache_indirection",
                           "beam search keeps its state outside of the model")))
    return failure();
  return b.requireRank(query, 3, 5);
}

/// [batch, rows, heads, parts, width] as parts of [batch, rows, heads * width].
LogicalResult MultiHead::readPacked(Value packed, SmallVector<Value *> into) {
  Extents own = extentsOf(packed);
  int64_t count = into.size();
  if (!own[2].is(parts.heads) || !own[3].is(count) || !own[4].isKnown() ||
      own[4].size < 1)
    return b.node.emitNodeError("requires packed heads of [batch, rows, ")
           << parts.heads << ", " << count << ", constant width], but got "
           << packed.getType();
  int64_t width = parts.heads * own[4].size;
  SmallVector<Value> each = b.split(packed, 3, SmallVector<int64_t>(count, 1));
  for (auto [part, place] : llvm::zip(each, into))
    *place = b.reshape(part, {0, 0, width}, {own[0], own[1], width});
  return success();
}

LogicalResult MultiHead::readSeparate() {
  parts.query = b.node.getInput(query);
  if (!b.node.hasInput(key))
    return b.node.emitNodeError("requires keys, or queries of rank 5 that hold "
                                "them");
  parts.key = b.node.getInput(key);
  if (rankOf(parts.key) == 5) {
    if (b.node.hasInput(value))
      return b.node.emitNodeError("requires no values beside keys that hold "
                                  "them");
    return readPacked(parts.key, {&parts.key, &parts.value});
  }
  if (failed(b.requireRank(key, 3, 4)) || failed(b.requireRank(value, 3, 4)))
    return failure();
  parts.value = b.node.getInput(value);
  if (rankOf(parts.key) != rankOf(parts.value))
    return b.node.emitNodeError("requires keys and values of one rank");
  return success();
}

LogicalResult MultiHead::readParts() {
  if (rankOf(b.node.getInput(query)) == 3) {
    if (failed(readSeparate()))
      return failure();
  } else {
    if (b.node.hasInput(key) || b.node.hasInput(value))
      return b.node.emitNodeError("requires no keys and values beside queries "
                                  "that hold them");
    if (failed(readPacked(b.node.getInput(query),
                          {&parts.query, &parts.key, &parts.value})))
      return failure();
  }
  FailureOr<int64_t> width =
      widthOfHeads(b, parts.query, parts.heads, "queries");
  if (failed(width))
    return failure();
  parts.width = parts.valueWidth = *width;
  if (rankOf(parts.value) == 3) {
    FailureOr<int64_t> other =
        widthOfHeads(b, parts.value, parts.heads, "values");
    if (failed(other))
      return failure();
    parts.valueWidth = *other;
    return success();
  }
  if (!extentOf(parts.key, 1).is(parts.heads) ||
      !extentOf(parts.value, 1).is(parts.heads) ||
      !extentOf(parts.value, 3).isKnown())
    return b.node.emitNodeError("requires keys and values of ")
           << parts.heads << " heads and a constant width, but got "
           << parts.key.getType() << " and " << parts.value.getType();
  parts.valueWidth = extentOf(parts.value, 3).size;
  return success();
}

/// One list for queries, keys and values; keys that come in heads have theirs.
LogicalResult MultiHead::addBias() {
  Value all = b.node.getInput(bias);
  if (!all)
    return success();
  int64_t width = parts.heads * parts.width;
  int64_t valueWidth = parts.heads * parts.valueWidth;
  if (failed(b.requireRank(bias, 1)))
    return failure();
  if (!extentOf(all, 0).is(2 * width + valueWidth))
    return b.node.emitNodeError("requires a bias of ")
           << 2 * width + valueWidth << " elements, but got " << all.getType();
  SmallVector<Value> each = b.split(all, 0, {width, width, valueWidth});
  parts.query = b.binary("Add", parts.query, each[0]);
  if (rankOf(parts.key) == 4)
    return success();
  parts.key = b.binary("Add", parts.key, each[1]);
  parts.value = b.binary("Add", parts.value, each[2]);
  return success();
}

LogicalResult MultiHead::checkSizes() {
  bool areHeads = rankOf(parts.key) == 4;
  int64_t rows = areHeads ? 2 : 1;
  int64_t width = areHeads ? parts.width : parts.heads * parts.width;
  Extent batch = extentOf(parts.query, 0);
  if (failed(b.requireEqual(extentOf(parts.key, -1), width,
                            "widths of queries and keys")) ||
      failed(b.requireEqual(extentOf(parts.key, rows),
                            extentOf(parts.value, rows),
                            "lengths of keys and values")))
    return failure();
  for (Value other : {parts.key, parts.value})
    if (failed(b.requireEqual(extentOf(other, 0), batch,
                              "batch sizes of queries, keys and values")))
      return failure();
  return success();
}

LogicalResult MultiHead::readPast() {
  if (b.node.hasInput(pastKey) != b.node.hasInput(pastValue))
    return b.node.emitNodeError("requires past_key and past_value together");
  if (!b.node.hasInput(pastKey))
    return success();
  if (failed(b.requireRank(pastKey, 4)) || failed(b.requireRank(pastValue, 4)))
    return failure();
  parts.pastKey = b.node.getInput(pastKey);
  parts.pastValue = b.node.getInput(pastValue);
  for (auto [past, width] : {std::pair(parts.pastKey, parts.width),
                             {parts.pastValue, parts.valueWidth}})
    if (failed(b.requireEqual(extentOf(past, 0), extentOf(parts.query, 0),
                              "batch sizes of the past and of queries")) ||
        failed(b.requireEqual(extentOf(past, 1), parts.heads,
                              "numbers of heads of the past and num_heads")) ||
        failed(b.requireEqual(extentOf(past, 3), width,
                              "widths of heads of the past and of new rows")))
      return failure();
  return b.requireEqual(extentOf(parts.pastKey, 2),
                        extentOf(parts.pastValue, 2),
                        "lengths of past_key and past_value");
}

/// Where there are not as many new keys as queries, it is not documented which
/// of them a query sees.
LogicalResult MultiHead::checkCausal() {
  Extent rows = extentOf(parts.query, 1);
  Extent added = extentOf(parts.key, rankOf(parts.key) == 4 ? 2 : 1);
  if (rows.equals(added))
    return success();
  return b.node.emitNodeError("requires as many keys as queries with "
                              "unidirectional, known when the model is "
                              "compiled, but got ")
         << parts.query.getType() << " and " << parts.key.getType();
}

LogicalResult MultiHead::expand() {
  if (failed(check()) || failed(readParts()) || failed(checkSizes()) ||
      failed(addBias()) || failed(readPast()))
    return failure();
  FailureOr<bool> causal = b.flag("unidirectional");
  if (failed(causal))
    return failure();
  parts.causal = *causal;
  if (parts.causal && failed(checkCausal()))
    return failure();
  parts.scale = b.node.getFloat("scale", 0);
  PaddingMask padding;
  padding.mask = b.node.getInput(mask);
  padding.name = "key_padding_mask";
  padding.query = parts.query;
  padding.keys = parts.key;
  padding.keysDim = rankOf(parts.key) == 4 ? 2 : 1;
  padding.past = parts.pastKey;
  padding.causal = parts.causal;
  FailureOr<Value> added = scoreBias(b, padding, addend);
  if (failed(added))
    return failure();
  parts.bias = *added;
  parts.causal = padding.causal;
  if (rankOf(parts.key) == 4)
    parts.query = splitHeads(b, parts.query, parts.heads, parts.width);
  AttentionResults results = makeAttention(b, parts);
  return b.replaceFirst(
      {results.output, results.presentKey, results.presentValue});
}

static LogicalResult expandMultiHead(NodeBuilder &b, const ExpansionOptions &) {
  FailureOr<int64_t> heads = countOfHeads(b, "num_heads");
  return failed(heads) ? failure() : MultiHead(b, *heads).expand();
}

void addMultiHead(Expansions &table) {
  table[{contribDomain, "MultiHeadAttention"}] = {expandMultiHead, 1};
}

} // namespace attune
