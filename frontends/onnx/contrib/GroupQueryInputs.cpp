// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/GroupQueryInputs.h"

using namespace mlir;

namespace attune::gqa {

static LogicalResult refuseAttributes(NodeBuilder &b) {
  // -1 leaves it to what is usual, which is 0.
  if (b.node.getInt("smooth_softmax", -1) != -1 &&
      failed(b.flag("smooth_softmax")))
    return failure();
  for (StringRef name : {"k_quant_type", "v_quant_type"})
    if (StringRef type = b.node.getString(name, "NONE"); type != "NONE")
      return b.node.emitNodeError("requires ")
             << name << " = NONE, but got " << type
             << ": caches are of the queries' type";
  if (failed(b.requireInt("kv_cache_bit_width", 0,
                          "caches are of the queries' type")) ||
      failed(b.requireInt("sliding_window_cache", 0,
                          "caches keep all positions")) ||
      failed(b.requireInt("qk_output", 0, "scores are not kept")))
    return failure();
  return b.isUsed(3) ? b.node.emitNodeError("the output 'output_qk' is not "
                                            "supported: scores are not kept")
                     : success();
}

static LogicalResult refuseInputs(NodeBuilder &b) {
  StringRef noNorm = "write the norm before the node";
  StringRef noScale = "caches are of the queries' type";
  for (auto [input, name, reason] :
       {std::tuple(keyScale, "k_scale", noScale),
        {valueScale, "v_scale", noScale},
        {queryNorm, "q_norm_weight", noNorm},
        {keyNorm, "k_norm_weight", noNorm},
        {queryLengths, "query_seqlens", StringRef("seqlens_k says it")}})
    if (failed(b.refuseInput(input, name, reason)))
      return failure();
  return success();
}

LogicalResult checkInputs(NodeBuilder &b) {
  if (failed(refuseAttributes(b)) || failed(refuseInputs(b)) ||
      failed(b.requireRank(query, 3)))
    return failure();
  for (auto [first, second, rank, names] :
       {std::tuple(key, value, 3, "key and value"),
        {pastKey, pastValue, 4, "past_key and past_value"}}) {
    if (b.node.hasInput(first) != b.node.hasInput(second))
      return b.node.emitNodeError("requires ") << names << " together";
    if (b.node.hasInput(first) && (failed(b.requireRank(first, rank)) ||
                                   failed(b.requireRank(second, rank))))
      return failure();
  }
  if (b.node.hasInput(addend) && failed(b.requireRank(addend, 4)))
    return failure();
  if (b.node.hasInput(headSink) && failed(b.requireRank(headSink, 1)))
    return failure();
  return success();
}

Value readLengths(NodeBuilder &b) {
  if (failed(b.requireRank(lastKeys, 1, 2)))
    return {};
  Value last = b.node.getInput(lastKeys);
  if (rankOf(last) == 2) {
    if (!extentOf(last, 1).is(1)) {
      b.node.emitNodeError("requires seqlens_k of [batch] or [batch, 1], but "
                           "got ")
          << last.getType();
      return {};
    }
    last = b.reshape(last, -1, {extentOf(last, 0)});
  }
  return b.binary("Add", b.cast(last, b.integerType()),
                  b.scalar(1, b.integerType()));
}

Value readLongest(NodeBuilder &b) {
  if (failed(b.requireRank(totalLength, 1, 0)))
    return {};
  Value total = b.node.getInput(totalLength);
  if (rankOf(total) == 1) {
    if (!extentOf(total, 0).is(1)) {
      b.node.emitNodeError("requires total_sequence_length of one element, but "
                           "got ")
          << total.getType();
      return {};
    }
    total =
        b.make("Squeeze", 21, {total, b.integers(0)}, b.elementOf(total), {});
  }
  return b.cast(total, b.integerType());
}

} // namespace attune::gqa
