// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands behind attune_model_t.

#ifndef ATTUNE_RUNTIME_MODEL_H
#define ATTUNE_RUNTIME_MODEL_H

#include "runtime/Artifact.h"

#include <atomic>

struct attune_model {
  attune::Artifact artifact;
  /// The signature as the C API shows it; points into the manifest.
  std::vector<std::vector<attune_dim_t>> dims;
  std::vector<attune_value_info_t> inputs, outputs, states;
  std::atomic<int64_t> references{1};
};

#endif // ATTUNE_RUNTIME_MODEL_H
