// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/AttentionParts.h"
#include "frontends/onnx/contrib/Expansions.h"

using namespace mlir;

namespace attune {

namespace {
enum Input : unsigned { input, weights, bias, mask, past, addend, pastLength };
} // namespace

static LogicalResult checkAttributes(NodeBuilder &b) {
  if (failed(b.requireInt("do_rotary", 0,
                          "write a RotaryEmbedding before a "
                          "MultiHeadAttention")) ||
      failed(b.requireInt("past_present_share_buffer", 0,
                          "past and present are tensors of their own; write a "
                          "GroupQueryAttention")))
    return failure();
  if (failed(b.refuseInput(pastLength, "past_sequence_length",
                           "the past's own length counts")) ||
      failed(b.requireRank(input, 3)) || failed(b.requireRank(weights, 2)) ||
      (b.node.hasInput(past) && failed(b.requireRank(past, 5))))
    return failure();
  return success();
}

/// The widths of queries, keys and values in the product.
static FailureOr<SmallVector<int64_t>> widths(NodeBuilder &b, int64_t heads) {
  Extent whole = extentOf(b.node.getInput(weights), 1);
  if (!whole.isKnown())
    return b.node.emitNodeError("requires weights of a constant width");
  SmallVector<int64_t> parts(3, whole.size / 3);
  if (std::optional<SmallVector<int64_t>> given =
          b.node.getInts("qkv_hidden_sizes"))
    parts = *given;
  bool isFine = parts.size() == 3 && parts[0] == parts[1];
  for (int64_t part : parts)
    isFine &= part > 0 && part <= whole.size && part % heads == 0;
  if (!isFine || parts[0] + parts[1] + parts[2] != whole.size)
    return b.node.emitNodeError("requires weights whose ")
           << whole.size << " columns are those of queries, keys (as many) and "
           << "values, thirds or qkv_hidden_sizes, each a multiple of "
           << "num_heads = " << heads;
  return parts;
}

/// Puts keys and values of the past into their place; they are one tensor.
static LogicalResult splitPast(NodeBuilder &b, AttentionParts &parts) {
  Value both = b.node.getInput(past);
  if (!both)
    return success();
  Extents own = extentsOf(both);
  Extent batch = extentOf(b.node.getInput(input), 0);
  if (parts.width != parts.valueWidth)
    return b.node.emitNodeError("requires heads of keys and values of one "
                                "width for 'past', but got ")
           << parts.width << " and " << parts.valueWidth;
  if (failed(b.requireEqual(own[0], 2,
                            "sizes of 'past' and of keys with "
                            "values")) ||
      failed(b.requireEqual(own[1], batch,
                            "batch sizes of 'past' and of the "
                            "input")) ||
      failed(b.requireEqual(own[2], parts.heads,
                            "numbers of heads of 'past' "
                            "and of the node")) ||
      failed(b.requireEqual(own[4], parts.width,
                            "widths of heads of 'past' "
                            "and of the node")))
    return failure();
  parts.pastKey = b.gather(both, b.scalar(0, b.integerType()), 0);
  parts.pastValue = b.gather(both, b.scalar(1, b.integerType()), 0);
  return success();
}

static LogicalResult finish(NodeBuilder &b, const AttentionParts &parts) {
  // The tensor of both needs both from the attention.
  if (!b.isUsed(1))
    return b.replace(0, makeAttention(b, parts).output);
  if (parts.width != parts.valueWidth)
    return b.node.emitNodeError("requires heads of keys and values of one "
                                "width for 'present', but got ")
           << parts.width << " and " << parts.valueWidth;
  AttentionResults results = makeAttention(b, parts);
  Value present = b.concat({b.unsqueeze(results.presentKey, 0),
                            b.unsqueeze(results.presentValue, 0)},
                           0, 2);
  if (failed(b.replace(0, results.output)))
    return failure();
  return b.replace(1, present);
}

static LogicalResult expandAttention(NodeBuilder &b, const ExpansionOptions &) {
  FailureOr<int64_t> heads = countOfHeads(b, "num_heads");
  if (failed(heads) || failed(checkAttributes(b)))
    return failure();
  FailureOr<SmallVector<int64_t>> sizes = widths(b, *heads);
  if (failed(sizes))
    return failure();
  AttentionParts parts;
  parts.heads = parts.keyHeads = *heads;
  parts.width = sizes->front() / *heads;
  parts.valueWidth = sizes->back() / *heads;
  parts.scale = b.node.getFloat("scale", 0);
  FailureOr<Value> all =
      b.matMul(b.node.getInput(input), b.node.getInput(weights));
  if (b.node.hasInput(bias))
    all = b.addBias(*all, bias);
  FailureOr<bool> causal = b.flag("unidirectional");
  if (failed(all) || failed(causal))
    return failure();
  SmallVector<Value> each = b.split(*all, 2, *sizes);
  parts.query = each[0];
  parts.key = each[1];
  parts.value = each[2];
  if (failed(splitPast(b, parts)))
    return failure();
  PaddingMask padding;
  padding.mask = b.node.getInput(mask);
  padding.name = "mask_index";
  padding.mayStart = true;
  padding.query = padding.keys = parts.query;
  padding.past = parts.pastKey;
  padding.causal = *causal;
  FailureOr<Value> added = scoreBias(b, padding, addend);
  if (failed(added))
    return failure();
  parts.bias = *added;
  parts.causal = padding.causal;
  return finish(b, parts);
}

void addAttention(Expansions &table) {
  table[{contribDomain, "Attention"}] = {expandAttention, 2};
}

} // namespace attune
