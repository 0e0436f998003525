// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_MASKPICTURE_H
#define ATTUNE_COMPILER_MASKPICTURE_H

#include "dialects/attn/Attn.h"
#include "llvm/Support/JSON.h"

namespace attune {

/// The queries and keys of an attention, for pictures of which see which.
class MaskFrame {
public:
  /// `size` stands for a length that is not known.
  MaskFrame(attn::AttentionOp attention, int64_t size);

  /// `queries`, `keys`, and `rows`: strings of hexadecimal digits, a cell each,
  /// from 0 (no pair in it is visible) to f (all are). Null mask: all pairs.
  /// Null `blocks` (see listedBlocks()): all of those. Null if they are not
  /// known before the run.
  llvm::json::Value draw(mlir::ArrayAttr mask,
                         mlir::DictionaryAttr blocks) const;

private:
  int64_t queries, keys;
  bool isCausal, isTopLeft;
};

} // namespace attune

#endif // ATTUNE_COMPILER_MASKPICTURE_H
