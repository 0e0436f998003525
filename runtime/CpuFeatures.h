// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What this machine can execute, by LLVM's names of features.

#ifndef ATTUNE_RUNTIME_CPUFEATURES_H
#define ATTUNE_RUNTIME_CPUFEATURES_H

namespace attune {

enum class FeatureState {
  present,
  /// The processor, or the operating system's support, is missing.
  missing,
  /// The name is not in the runtime's table.
  unknown,
};

/// "x86_64", "aarch64", ... as in LLVM triples.
const char *hostArchitecture();

/// State of one feature. Asks the operating system for permission where a
/// feature needs it (AMX), which lasts for the life of the process.
FeatureState checkFeature(const char *name);

} // namespace attune

#endif // ATTUNE_RUNTIME_CPUFEATURES_H
