// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What the form 'hyper' consists of: which queries meet which keys, and how
// sorted and sampled attention is written for them.

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_HYPER_PARTS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_HYPER_PARTS_H

#include "dialects/attn/core/Tensors.h"
#include "dialects/attn/forms/Forms.h"

namespace attune::attn {

/// What a plan says.
struct HyperRules {
  int64_t block, samples, planes, least, seed;
};

/// Pairs of `rows` queries and `keys` keys: pair p has the queries from
/// `firstRow + p * step` on and the keys from `p * step` on. Queries behind the
/// last one there are not.
struct HyperPart {
  int64_t count, rows, keys, firstRow, step;
};

/// How often causal attention over `length` positions is halved until parts
/// have at most `least`.
int64_t hyperLevels(int64_t length, int64_t least);

/// The pairs of each level of a causal attention that is halved `levels` times,
/// the largest first. Halves are multiples of the shortest parts, of which the
/// last may be cut off.
llvm::SmallVector<HyperPart> hyperParts(int64_t length, int64_t levels);

/// A result and the logarithms of its sums of weights.
struct HyperResult {
  mlir::Value result, sums;
};

/// Queries and keys in the order of their codes.
struct HyperOrder {
  /// `batch * pairs x heads x length`: positions within the pair.
  mlir::Value order, inverse;
};

/// Writes attention over parts in the place of `dense`.
class HyperParts : public Tensors {
public:
  HyperParts(mlir::RewriterBase &rewriter, AttentionOp dense,
             const HyperRules &rules);

  /// Causal attention within blocks of `leaf` positions.
  HyperResult leaves(int64_t leaf);
  /// The queries of a part over some of its keys, for all queries: those that
  /// are in no pair have seen nothing.
  HyperResult meet(const HyperPart &part);
  /// Joins results and takes the place of `dense`.
  void finish(mlir::RewriterBase &rewriter, llvm::ArrayRef<HyperResult> parts);

private:
  HyperResult attend(mlir::ValueRange heads, const struct HyperCall &call);
  HyperOrder sort(mlir::Value codes, const HyperPart &part, bool isKey);
  mlir::Value gather(mlir::Value from, llvm::ArrayRef<int64_t> layout,
                     mlir::Value order, const HyperPart &part, bool isKey);
  mlir::Value pick(mlir::Value sorted, mlir::Value positions);
  HyperResult ownBlocks(mlir::ValueRange heads, const HyperPart &part);
  HyperResult sampled(mlir::ValueRange heads, const HyperPart &part);
  HyperResult place(HyperResult sorted, mlir::Value inverse,
                    const HyperPart &part);
  /// The place in a part of what is at `at`, of batch, head and length.
  llvm::SmallVector<mlir::Value> placeOf(mlir::ImplicitLocOpBuilder &b,
                                         mlir::ValueRange at,
                                         mlir::Value inverse,
                                         const HyperPart &part);
  mlir::Value integers(llvm::ArrayRef<int32_t> values,
                       llvm::ArrayRef<int64_t> shape);

  AttentionOp dense;
  const HyperRules &rules;
  int64_t width;
  /// Of all queries and all keys.
  mlir::Value queryCodes, keyCodes;
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_HYPER_PARTS_H
