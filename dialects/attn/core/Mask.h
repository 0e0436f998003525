// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Masks are unions of integer sets: a query at position i sees key j of n if
// (i, j) is in one of them. A query's position is that of the key beside it:
// i = row + Lk - Lq, or i = row with `top_left`.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_MASK_H
#define ATTUNE_DIALECTS_ATTN_CORE_MASK_H

#include "dialects/attn/Attn.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/IntegerSet.h"

namespace attune::attn {

/// Checks that each attribute is an integer set of (i, j)[n], without products
/// of them and with numbers that 64 bits hold, and that there is one.
mlir::LogicalResult verifyMask(mlir::Operation *op, mlir::ArrayAttr sets);

/// The query's own key, and up to `steps` on either side, `stride` apart.
mlir::IntegerSet windowSet(mlir::MLIRContext *context, int64_t steps,
                           int64_t stride);
/// The first `count` keys, for every query.
mlir::IntegerSet firstKeys(mlir::MLIRContext *context, int64_t count);
/// All keys, for the first `count` queries.
mlir::IntegerSet firstQueries(mlir::MLIRContext *context, int64_t count);
/// Pairs in both masks.
mlir::ArrayAttr intersectMasks(mlir::ArrayAttr left, mlir::ArrayAttr right);

/// Hides from the queries of `dense` what is in none of `sets`.
void restrictTo(mlir::RewriterBase &rewriter, AttentionOp dense,
                llvm::ArrayRef<mlir::IntegerSet> sets);

/// Whether the query at position `i` sees key `j` of `n`.
bool isVisible(mlir::ArrayAttr sets, int64_t i, int64_t j, int64_t n);
/// About which share of `n` x `n` pairs a mask shows, of those with j <= i if
/// `causal` hides the others: that of a sample.
double shareOf(mlir::ArrayAttr sets, bool causal, int64_t n);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_MASK_H
