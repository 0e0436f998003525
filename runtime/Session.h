// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What stands behind attune_session_t.

#ifndef ATTUNE_RUNTIME_SESSION_H
#define ATTUNE_RUNTIME_SESSION_H

#include "attune/artifact.h"
#include "runtime/Memory.h"
#include "runtime/Model.h"
#include "runtime/State.h"
#include "runtime/ThreadPool.h"

struct attune_session {
  /// Retains the model.
  attune_session(attune_model_t *model, attune_allocator_t allocator,
                 int64_t stateCapacity);
  ~attune_session();

  attune_model_t *model;
  attune_allocator_t allocator;
  attune::Arena arena;
  attune::GrowingMemory growing;
  attune::State state;
  attune_parallel_for_t hostLoop = nullptr;
  void *hostContext = nullptr;
  int threads = 1;
  attune::ThreadPool pool;
  std::atomic<bool> poolStarted{false};
  std::atomic<bool> running{false};
  std::atomic<bool> cancelled{false};
  std::atomic<int64_t> references{1};
};

#endif // ATTUNE_RUNTIME_SESSION_H
