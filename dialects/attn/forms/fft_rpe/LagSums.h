// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGSUMS_H
#define ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGSUMS_H

#include "dialects/attn/Attn.h"
#include "dialects/attn/forms/fft_rpe/HeadTensors.h"

namespace attune::attn {

/// Sums over keys, for each query: of weighted values, `B x H x L x E`, and of
/// the weights, `B x H x L`.
struct WeightedSums {
  mlir::Value values, weights;
};

/// Rows of one part of the sequence from its start, all of f32 and with as many
/// heads as queries: features `B x H x L x m`, values `B x H x L x E`, and
/// `taps[h, j - i + L - 1]`, 2L - 1, or L with `causal`.
struct LagProblem {
  mlir::Value query, key, value, taps;
};

/// The share of a causal sequence whose first rows, which see few keys, are
/// taken as a problem of their own: the error of transforms is relative to the
/// rows that see most.
constexpr int64_t headShare = 32;
/// Of e^bias, what a row must see at least for transforms: their error in f32
/// is about 3e-7 over this share.
constexpr double leastExactShare = 0.03;

/// Writes sums over keys with weights taps * (query . key).
class LagSums {
public:
  LagSums(HeadTensors &b, FftRpeOp op) : b(b), op(op) {}
  WeightedSums sums(LagProblem problem);

private:
  WeightedSums byTransforms(const LagProblem &problem);
  WeightedSums byBlocks(const LagProblem &problem);
  mlir::Value valuesByTransforms(const LagProblem &problem);
  WeightedSums block(const LagProblem &problem, mlir::OpFoldResult first,
                     int64_t rows);
  WeightedSums addBlock(const LagProblem &problem, mlir::OpFoldResult first,
                        int64_t rows, WeightedSums into);
  mlir::Value toeplitz(mlir::Value columns, mlir::Value taps);

  HeadTensors &b;
  FftRpeOp op;
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_FORMS_FFT_RPE_LAGSUMS_H
