// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// How forms make attention over listed blocks.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_BLOCKLISTS_H
#define ATTUNE_DIALECTS_ATTN_CORE_BLOCKLISTS_H

#include "dialects/attn/Attn.h"

namespace attune::attn {

/// Blocks of queries (rows) and of keys (columns) of an attention of known
/// sizes.
struct BlockGrid {
  int64_t heads, rows, columns;
};

/// The blocks of `block` positions of `dense`. Sizes that are not known,
/// lengths that differ, and more blocks than can be listed are reported there
/// for `form`.
std::optional<BlockGrid> blockGrid(AttentionOp dense, llvm::StringRef form,
                                   int64_t block);

/// Hides from `dense` what is in no block that `mask`, [b,h,u,v] of i1, shows;
/// at most `capacity` in each row.
void restrictToBlocks(mlir::RewriterBase &rewriter, AttentionOp dense,
                      mlir::Value mask, int64_t block, int64_t capacity);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_BLOCKLISTS_H
