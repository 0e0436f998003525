// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_OPENATTENTION_H
#define ATTUNE_PASSES_FORMS_OPENATTENTION_H

#include "dialects/attn/Attn.h"

namespace attune {

/// Replaces attention by products, `attn.poly exp` of the scores (or the power
/// that its normaliser raises them to) and `attn.poly inverse` of the sums of
/// these, with all scores in memory and without the largest score taken away.
/// Keys that are not seen weigh 0; scores below -10000 that a score of 0 would
/// give are taken for that. Errors are emitted; then nothing is changed.
mlir::LogicalResult openAttention(mlir::RewriterBase &rewriter,
                                  attn::AttentionOp op);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_OPENATTENTION_H
