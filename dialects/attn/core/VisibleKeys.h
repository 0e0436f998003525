// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Which keys all queries of an attention see, apart from their positions.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_VISIBLEKEYS_H
#define ATTUNE_DIALECTS_ATTN_CORE_VISIBLEKEYS_H

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"

namespace attune::attn {

/// Constraint C6 of attn.linear.
mlir::LogicalResult verifyVisible(mlir::Operation *op, mlir::Value visible,
                                  mlir::AffineMapAttr map, Heads query,
                                  Heads key);

/// Bytes that are 0 where a key is hidden, or null, and where they are read;
/// and what a row without any key gives (neither: zeros).
struct VisibleKeys {
  mlir::Value bytes;
  mlir::AffineMapAttr map;
  bool nanEmptyRows = false, meanEmptyRows = false;
};

/// The keys that `dense` hides by its score region, if that does nothing else
/// and hides them from every query alike. Otherwise reports at `dense` why
/// `form` cannot take its place.
mlir::FailureOr<VisibleKeys> visibleKeys(mlir::RewriterBase &rewriter,
                                         AttentionOp dense,
                                         llvm::StringRef form);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_VISIBLEKEYS_H
