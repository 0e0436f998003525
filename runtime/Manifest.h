// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The manifest of an artifact, parsed and checked (attune/artifact.h).

#ifndef ATTUNE_RUNTIME_MANIFEST_H
#define ATTUNE_RUNTIME_MANIFEST_H

#include "attune/attune.h"

#include <string>
#include <vector>

namespace attune {

struct Dim {
  /// Empty for static and unnamed sizes.
  std::string name;
  /// -1 if dynamic.
  int64_t size = -1;
  int64_t min = 0;
  /// -1 for none.
  int64_t max = -1;
};

struct Value {
  std::string name;
  DLDataType dtype = {};
  std::vector<Dim> dims;
};

/// An input that the session keeps: the output continues it. The first
/// dimension of both grows.
struct StateValue {
  size_t input, output;
};

struct Manifest {
  std::string name, producer, triple;
  std::vector<std::string> features;
  /// Of the artifact, states included.
  std::vector<Value> inputs, outputs;
  std::vector<StateValue> states;
  /// What is left to the caller.
  std::vector<Value> callerInputs, callerOutputs;
  /// Sidecar of the weights; empty if they are embedded.
  std::string weightsFile;

  /// Whether the session gives input `index`.
  bool isState(size_t index) const {
    for (const StateValue &state : states)
      if (state.input == index)
        return true;
    return false;
  }
};

/// Fills `manifest` from JSON text. ATTUNE_DAMAGED, naming the member, if a
/// member is missing or of the wrong kind.
attune_status_t parseManifest(const char *text, size_t size,
                              Manifest &manifest);

} // namespace attune

#endif // ATTUNE_RUNTIME_MANIFEST_H
