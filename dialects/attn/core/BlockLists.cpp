// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/BlockLists.h"
#include "dialects/attn/core/Heads.h"

using namespace mlir;

namespace attune::attn {

std::optional<BlockGrid> blockGrid(AttentionOp dense, StringRef form,
                                   int64_t block) {
  int64_t queries = Heads{dense.getQuery(), dense.getQueryLayout()}.size(2);
  int64_t keys = Heads{dense.getKey(), dense.getKeyLayout()}.size(2);
  if (!ShapedType::isDynamic(queries) && queries == keys) {
    int64_t count = llvm::divideCeil(keys, block);
    return BlockGrid{block, count, count};
  }
  dense.emitError("form '")
      << form
      << "' lists blocks when it compiles and requires as many queries as "
         "keys, of a known number, but got "
      << dense.getQuery().getType() << " and " << dense.getKey().getType()
      << "; give the sizes by '--dim'";
  return std::nullopt;
}

void restrictToBlocks(RewriterBase &rewriter, AttentionOp dense, Value mask,
                      int64_t block, int64_t capacity) {
  auto type = cast<RankedTensorType>(mask.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = capacity;
  Type integer = rewriter.getI32Type();
  auto lists = BlockListOp::create(
      rewriter, dense.getLoc(),
      RankedTensorType::get(type.getShape().drop_back(), integer),
      RankedTensorType::get(shape, integer), mask);
  rewriter.modifyOpInPlace(dense, [&] {
    dense.getCountsMutable().assign(lists.getCounts());
    dense.getBlocksMutable().assign(lists.getBlocks());
    dense.setQueryBlock(block);
    dense.setKeyBlock(block);
  });
}

} // namespace attune::attn
