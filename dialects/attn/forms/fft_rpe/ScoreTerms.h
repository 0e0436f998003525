// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_SCORETERMS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_SCORETERMS_H

#include "dialects/attn/Attn.h"
#include "dialects/attn/forms/fft_rpe/ToeplitzBias.h"

namespace attune::attn {

/// Below this a bias hides a key.
constexpr float hiddenBias = -1e30f;

/// What a dense attention adds to its scores, and what it hides, as a sum of a
/// bias of lags and one of keys.
class ScoreTerms {
public:
  /// Reads the score region and the mask of `dense`. What cannot be said as
  /// such a sum is reported there.
  static mlir::FailureOr<ScoreTerms> read(AttentionOp dense);

  std::optional<ToeplitzBias> lags;
  bool hasKeyBias() const { return !keys.empty(); }
  /// Writes the bias of keys, `B x L` or `1 x L`.
  mlir::Value writeKeyBias(mlir::RewriterBase &rewriter,
                           AttentionOp dense) const;

private:
  /// An element of a tensor that a key meets at map(b,h,i,j): added to the
  /// score, or a byte that hides it where it is 0, or is not if `negated`.
  struct Term {
    mlir::Value tensor;
    mlir::AffineMap map;
    bool isFlag = false, negated = false;
  };
  friend class ScoreReader;

  llvm::SmallVector<Term> keys;
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_SCORETERMS_H
