// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Feature maps as nodes of a file spell them.

#ifndef ATTUNE_DIALECTS_ATTN_RAISE_FEATURENODES_H
#define ATTUNE_DIALECTS_ATTN_RAISE_FEATURENODES_H

#include "dialects/attn/Attn.h"

namespace attune::attn {

/// What features are made of.
struct Feature {
  mlir::Value input;
  FeatureMap map;
  double scale = 1; ///< of the input
};

/// The features that `value` is, along its last dimension: Elu(x) + 1, Relu(x),
/// or 1, c x and all x_a x_b times c^2 / sqrt(2).
std::optional<Feature> featureOf(mlir::Value value);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_RAISE_FEATURENODES_H
