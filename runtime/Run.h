// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run of a model: the services that compiled code sees.

#ifndef ATTUNE_RUNTIME_RUN_H
#define ATTUNE_RUNTIME_RUN_H

#include "runtime/Session.h"

#include <memory>

namespace attune {

struct RunTensors {
  const DLTensor *inputs;
  size_t inputCount;
  DLManagedTensor **outputs;
  size_t outputCount;
};

/// As attune_session_run(), for the one thread that holds the session.
attune_status_t runModel(attune_session &session, const RunTensors &tensors);

} // namespace attune

#endif // ATTUNE_RUNTIME_RUN_H
