// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/BlockLists.h"
#include "dialects/attn/core/Heads.h"

using namespace mlir;

namespace attune::attn {

/// A mark for each block of each head, in the compiler's memory: 256 MiB.
static constexpr int64_t mostMarks = 1 << 28;

std::optional<BlockGrid> blockGrid(AttentionOp dense, StringRef form,
                                   int64_t block) {
  Heads q{dense.getQuery(), dense.getQueryLayout()};
  int64_t keys = Heads{dense.getKey(), dense.getKeyLayout()}.size(2);
  auto fail = [&]() {
    return dense.emitError("form '")
           << form << "' lists blocks when it compiles and requires ";
  };
  if (ShapedType::isDynamic(q.size(1)) || ShapedType::isDynamic(q.size(2)) ||
      q.size(2) != keys) {
    fail() << "known heads and as many queries as keys, of a known number, but "
              "got "
           << dense.getQuery().getType() << " and " << dense.getKey().getType()
           << "; give the sizes by '--dim'";
    return std::nullopt;
  }
  int64_t count = llvm::divideCeil(keys, block);
  int64_t heads = std::max<int64_t>(q.size(1), 1);
  if (count > 0 && mostMarks / count / count < heads) {
    fail() << "at most " << mostMarks << " of them for all heads, but got "
           << count << " x " << count << " for each; enlarge 'block'";
    return std::nullopt;
  }
  return BlockGrid{q.size(1), count, count};
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
