// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_SPLITHEADS_H
#define ATTUNE_PASSES_FORMS_SPLITHEADS_H

#include "dialects/attn/Attn.h"

namespace attune {

/// Query heads [first, end).
struct HeadRange {
  int64_t first = 0, end = 0;
};

/// Puts one attention for each range in the place of `dense`; the ranges are
/// all of its heads in order. Heads that share keys or values with heads of
/// another range are an error at `dense`: then nothing is changed.
mlir::FailureOr<llvm::SmallVector<attn::AttentionOp>>
splitHeads(attn::AttentionOp dense, llvm::ArrayRef<HeadRange> ranges);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_SPLITHEADS_H
