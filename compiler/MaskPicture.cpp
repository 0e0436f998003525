// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/MaskPicture.h"
#include "dialects/attn/core/Mask.h"

using namespace mlir;

namespace attune {

/// Cells in a row or column, and places of each that are looked at.
static constexpr int64_t cells = 48, looks = 4;

MaskFrame::MaskFrame(attn::AttentionOp attention, int64_t size)
    : isCausal(attention.getCausal()), isTopLeft(attention.getTopLeft()) {
  auto length = [&](Value value, ArrayRef<int64_t> layout) {
    int64_t known = attn::AttentionOp::logicalSize(value, layout, 2);
    return ShapedType::isDynamic(known) ? size : known;
  };
  queries = length(attention.getQuery(), attention.getQueryLayout());
  keys = length(attention.getKey(), attention.getKeyLayout());
}

/// Whether lists of blocks show a key to a query.
static bool isListed(DictionaryAttr blocks, int64_t query, int64_t key) {
  auto shown = blocks.getAs<DenseElementsAttr>("shown");
  ArrayRef<int64_t> shape = cast<ShapedType>(shown.getType()).getShape();
  int64_t row = query / blocks.getAs<IntegerAttr>("query_block").getInt();
  int64_t column = key / blocks.getAs<IntegerAttr>("key_block").getInt();
  return row < shape[0] && column < shape[1] &&
         *(shown.value_begin<bool>() + (row * shape[1] + column));
}

llvm::json::Value MaskFrame::draw(ArrayAttr mask, DictionaryAttr blocks) const {
  if (blocks && !blocks.contains("shown"))
    return nullptr;
  int64_t rows = std::min(queries, cells), columns = std::min(keys, cells);
  int64_t shift = isTopLeft ? 0 : keys - queries;
  auto isSeen = [&](int64_t query, int64_t j) {
    int64_t i = query + shift;
    return (!isCausal || j <= i) &&
           (!mask || attn::isVisible(mask, i, j, keys)) &&
           (!blocks || isListed(blocks, query, j));
  };
  // Place `look` of cell `cell` of `count` over `length` positions.
  auto at = [](int64_t cell, int64_t look, int64_t count, int64_t length) {
    return static_cast<int64_t>(static_cast<__int128>(cell * looks + look) *
                                length / (count * looks));
  };
  llvm::json::Array lines;
  for (int64_t row = 0; row < rows; ++row) {
    std::string line;
    for (int64_t column = 0; column < columns; ++column) {
      int64_t seen = 0;
      for (int64_t look = 0; look < looks * looks; ++look)
        seen += isSeen(at(row, look / looks, rows, queries),
                       at(column, look % looks, columns, keys));
      constexpr int64_t all = looks * looks;
      line += "0123456789abcdef"[(seen * 15 + all - 1) / all];
    }
    lines.push_back(std::move(line));
  }
  return llvm::json::Object{
      {"queries", queries}, {"keys", keys}, {"rows", std::move(lines)}};
}

} // namespace attune
