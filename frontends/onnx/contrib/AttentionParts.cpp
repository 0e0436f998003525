// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/AttentionParts.h"

using namespace mlir;

namespace attune {

Value splitHeads(NodeBuilder &b, Value rows, int64_t heads, int64_t width) {
  Extents own = extentsOf(rows);
  Value apart =
      b.reshape(rows, {0, 0, heads, width}, {own[0], own[1], heads, width});
  return b.transpose(apart, {0, 2, 1, 3});
}

Value joinHeads(NodeBuilder &b, Value heads) {
  Value rows = b.transpose(heads, {0, 2, 1, 3});
  Extents own = extentsOf(rows);
  int64_t width = own[2].size * own[3].size;
  return b.reshape(rows, {0, 0, width}, {own[0], own[1], width});
}

FailureOr<int64_t> countOfHeads(NodeBuilder &b, StringRef name) {
  int64_t count = b.node.getInt(name, 0);
  constexpr int64_t limit = 1 << 20;
  if (count >= 1 && count <= limit)
    return count;
  return b.node.emitNodeError("requires a positive ")
         << name << ", but got " << count;
}

FailureOr<int64_t> widthOfHeads(NodeBuilder &b, Value rows, int64_t heads,
                                StringRef what) {
  Extent width = extentOf(rows, -1);
  if (width.isKnown() && width.size > 0 && width.size % heads == 0)
    return width.size / heads;
  InFlightDiagnostic error = b.node.emitNodeError("requires ")
                             << what << " of a constant width that " << heads
                             << " heads divide, but got ";
  error << rows.getType();
  return error;
}

LogicalResult requireColumns(NodeBuilder &b, Value tensor, const Extent &keys,
                             StringRef name) {
  Extent own = extentOf(tensor, -1);
  bool bothKnown = own.isKnown() && keys.isKnown();
  if (bothKnown ? own.equals(keys) : !own.is(1))
    return success();
  InFlightDiagnostic error = b.node.emitNodeError("requires ")
                             << name
                             << " of as many columns as there are keys, ";
  if (keys.isKnown())
    error << keys.size << ", ";
  error << "but got " << tensor.getType();
  return error;
}

/// The length of past and new rows.
static Extent total(const Extent &past, const Extent &added) {
  if (past.isKnown() && added.isKnown())
    return past.size + added.size;
  return {};
}

AttentionResults makeAttention(NodeBuilder &b, const AttentionParts &parts) {
  bool isFlat = rankOf(parts.query) == 3;
  Type element = b.elementOf(parts.query);
  auto optional = [&](Value value) { return value ? value : b.none(); };
  SmallVector<Value> inputs = {parts.query,
                               parts.key,
                               parts.value,
                               optional(parts.bias),
                               optional(parts.pastKey),
                               optional(parts.pastValue),
                               optional(parts.lengths)};
  SmallVector<NamedAttribute> attributes = {
      b.attribute("is_causal", int64_t(parts.causal))};
  if (isFlat) {
    attributes.push_back(b.attribute("q_num_heads", parts.heads));
    attributes.push_back(b.attribute("kv_num_heads", parts.keyHeads));
  }
  if (parts.scale != 0)
    attributes.push_back(b.attribute("scale", float(parts.scale)));
  if (parts.softcap != 0)
    attributes.push_back(b.attribute("softcap", float(parts.softcap)));
  if (parts.window >= 0)
    attributes.push_back(b.attribute("left_window_size", parts.window));
  Extents query = extentsOf(parts.query), result = query;
  result.back() = isFlat ? parts.heads * parts.valueWidth : parts.valueWidth;
  Extent keys = extentOf(parts.key, isFlat ? 1 : 2);
  if (parts.pastKey)
    keys = total(extentOf(parts.pastKey, 2), keys);
  auto present = [&](int64_t width) {
    return tensorOf(element, {query[0], parts.keyHeads, keys, width});
  };
  bool wantsPresent = b.isUsed(1) || b.isUsed(2);
  Type unused = NoneType::get(b.context());
  onnx::NodeOp made = b.makeMany(
      "Attention", 25, inputs,
      {tensorOf(element, result), wantsPresent ? present(parts.width) : unused,
       wantsPresent ? present(parts.valueWidth) : unused},
      attributes);
  b.name(made, 0, result);
  Value output = made.getOutputs()[0];
  return {isFlat ? output : joinHeads(b, output), made.getOutputs()[1],
          made.getOutputs()[2]};
}

} // namespace attune
