// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compares what two compiled models compute, and how long they take.

#ifndef ATTUNE_RUNTIME_TOOLS_COMPARE_H
#define ATTUNE_RUNTIME_TOOLS_COMPARE_H

#include "runtime/tools/Limits.h"
#include "runtime/tools/Tool.h"

#include <map>

namespace attune {

/// An artifact, and the name that messages have for it.
struct CompareSide {
  std::string artifact, name;
};

struct CompareOptions {
  CompareSide candidate, reference;
  /// FILE.npz or NAME=FILE.npy; none: inputs are made up.
  std::vector<std::string> inputs;
  /// Sizes of the inputs that are made up.
  std::map<std::string, int64_t> sizes;
  std::vector<Limit> limits;
  int threads = 0;
  int repeat = 10;
  int warmup = 2;
  bool json = false;
};

/// Runs both in turn on the same inputs and prints how they differ. `result`
/// gets the same as JSON, also if a limit is broken, which is badInput.
ExitCode compareTool(const CompareOptions &options, std::string &result);

/// Whether an artifact gives what its attention computes.
ExitCode givesLayers(const std::string &artifact, bool &does);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_COMPARE_H
