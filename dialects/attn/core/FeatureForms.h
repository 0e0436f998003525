// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What forms share that put products of features in the place of scores.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_FEATUREFORMS_H
#define ATTUNE_DIALECTS_ATTN_CORE_FEATUREFORMS_H

#include "dialects/attn/core/VisibleKeys.h"

namespace attune::attn {

/// Features of queries and keys whose products stand for e^score.
struct ScoreFeatures {
  FeatureMap map;
  mlir::Value projection; ///< features x width, or null
  int64_t count;
  double eps; ///< added to each
};

/// Reports a mask of positions, which the form cannot express.
mlir::LogicalResult checkUnmasked(AttentionOp dense, llvm::StringRef form);

/// The same, and that the scale is positive. Gives the known width of queries.
mlir::FailureOr<int64_t> widthForFeatures(AttentionOp dense,
                                          llvm::StringRef form);

/// Puts linear attention in the place of `dense`, over the keys that `visible`
/// tells. Half of the scale goes to queries and half to keys.
void replaceByFeatures(mlir::RewriterBase &rewriter, AttentionOp dense,
                       const ScoreFeatures &features,
                       const VisibleKeys &visible);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_FEATUREFORMS_H
