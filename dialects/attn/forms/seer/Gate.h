// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// The gate of the form 'seer': from queries and keys to the blocks that are
// seen.

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_SEER_GATE_H
#define ATTUNE_DIALECTS_ATTN_FORMS_SEER_GATE_H

#include "dialects/attn/forms/Forms.h"

namespace attune::attn {

/// Kinds of `attn.pool`, as plans write them.
inline constexpr llvm::StringLiteral seerPools[] = {
    "avg", "max", "min", "max_min_avg", "max_min", "max_avg", "min_avg"};

/// What a plan says about the choice of blocks.
struct SeerRules {
  int64_t block, lastDense, gateWidth;
  double threshold, ratio; ///< ratio 0: by the threshold
  bool ownBlock;
  /// Of a learned gate; otherwise means of both.
  llvm::SmallVector<llvm::StringRef> queryPools = {"avg"}, keyPools = {"avg"};
};

/// A learned gate; without `keys` there is none.
struct SeerWeights {
  mlir::Value keys, queries;
  /// What the gate takes instead of queries and keys after their rotary
  /// positions, if the model has these.
  RotaryOp queryRotary, keyRotary;
};

/// What is wrong is reported at `dense`; then there is nothing.
std::optional<SeerRules> readSeerRules(AttentionOp dense,
                                       const FormParameters &parameters);

/// Loads the weights of a learned gate, if the plan names a file.
mlir::FailureOr<SeerWeights> readSeerWeights(mlir::RewriterBase &rewriter,
                                             AttentionOp dense,
                                             const FormParameters &parameters,
                                             const SeerRules &rules);

/// The blocks of keys that each block of queries sees: `batch x heads x blocks
/// of queries x blocks of keys`.
mlir::Value seerMask(mlir::RewriterBase &rewriter, AttentionOp dense,
                     const SeerRules &rules, const SeerWeights &weights);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_SEER_GATE_H
