// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormRecord.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {

static DenseElementsAttr toGrid(MLIRContext *context, int64_t rows,
                                int64_t columns, ArrayRef<bool> shown) {
  Type bit = IntegerType::get(context, 1);
  return DenseElementsAttr::get(RankedTensorType::get({rows, columns}, bit),
                                shown);
}

/// From the mask that lists are made of; null if it is none.
static DenseElementsAttr shownByMask(attn::BlockListOp list) {
  DenseElementsAttr mask;
  if (!list || !matchPattern(list.getMask(), m_Constant(&mask)))
    return {};
  ArrayRef<int64_t> shape = cast<ShapedType>(mask.getType()).getShape();
  int64_t rows = shape[2], columns = shape[3];
  int64_t capacity = cast<ShapedType>(list.getBlocks().getType()).getDimSize(3);
  if (ShapedType::isDynamic(capacity))
    capacity = columns;
  SmallVector<bool> shown(rows * columns);
  auto value = mask.value_begin<bool>();
  for (int64_t row = 0; row < rows; ++row) {
    int64_t left = capacity;
    for (int64_t column = 0; column < columns; ++column, ++value)
      if (*value && left-- > 0)
        shown[row * columns + column] = true;
  }
  return toGrid(list.getContext(), rows, columns, shown);
}

/// From lists that are constant; null if they are not.
static DenseElementsAttr shownByLists(attn::AttentionOp op) {
  DenseIntElementsAttr counts, blocks;
  int64_t keys =
      attn::AttentionOp::logicalSize(op.getKey(), op.getKeyLayout(), 2);
  if (ShapedType::isDynamic(keys) ||
      !matchPattern(op.getCounts(), m_Constant(&counts)) ||
      !matchPattern(op.getBlocks(), m_Constant(&blocks)))
    return {};
  int64_t rows = cast<ShapedType>(counts.getType()).getDimSize(2);
  int64_t capacity = cast<ShapedType>(blocks.getType()).getDimSize(3);
  int64_t columns = llvm::divideCeil(keys, *op.getKeyBlock());
  SmallVector<bool> shown(rows * columns);
  auto count = counts.value_begin<int32_t>();
  auto block = blocks.value_begin<int32_t>();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t p = 0; p < capacity; ++p) {
      int64_t listed = *(block + (row * capacity + p));
      // A block that there is not shows nothing.
      if (p < *(count + row) && listed >= 0 && listed < columns)
        shown[row * columns + listed] = true;
    }
  return toGrid(op.getContext(), rows, columns, shown);
}

DictionaryAttr listedBlocks(attn::AttentionOp attention) {
  if (!attention.getCounts())
    return {};
  Builder b(attention.getContext());
  SmallVector<NamedAttribute> fields = {
      b.getNamedAttr("query_block", attention.getQueryBlockAttr()),
      b.getNamedAttr("key_block", attention.getKeyBlockAttr())};
  auto list = attention.getCounts().getDefiningOp<attn::BlockListOp>();
  DenseElementsAttr shown = list ? shownByMask(list) : shownByLists(attention);
  if (shown)
    fields.push_back(b.getNamedAttr("shown", shown));
  return b.getDictionaryAttr(fields);
}

DictionaryAttr FormRecord::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<NamedAttribute> given, fields;
  for (const auto &[key, value] : spec->parameters)
    given.push_back(b.getNamedAttr(key, b.getStringAttr(value)));
  auto add = [&](StringRef name, Attribute value) {
    fields.push_back(b.getNamedAttr(name, value));
  };
  add("layer", b.getI64IntegerAttr(layer));
  add("first_head", b.getI64IntegerAttr(heads.first));
  add("end_head", b.getI64IntegerAttr(heads.end));
  add("form", b.getStringAttr(spec->form));
  add("parameters", b.getDictionaryAttr(given));
  if (!whyNot.empty()) {
    add("why_not", b.getStringAttr(whyNot));
    return b.getDictionaryAttr(fields);
  }
  add("exact", b.getBoolAttr(isExact));
  add("flops", b.getF64FloatAttr(cost.flops));
  add("bytes", b.getF64FloatAttr(cost.bytes));
  if (mask)
    add("mask", mask);
  if (blocks)
    add("blocks", blocks);
  return b.getDictionaryAttr(fields);
}

void RewriteWatcher::fill(FormRecord &record, int64_t size) const {
  for (Operation *op : ops) {
    if (auto costed = dyn_cast<attn::Costed>(op)) {
      attn::Cost cost = costed.getCost(size);
      record.cost.flops += cost.flops;
      record.cost.bytes += cost.bytes;
    }
    if (auto attention = dyn_cast<attn::AttentionOp>(op)) {
      record.mask = attention.getMaskAttr();
      record.blocks = listedBlocks(attention);
    }
  }
}

} // namespace attune
