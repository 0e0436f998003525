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
#include "runtime/Status.h"
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

namespace attune {

/// Runs `body` unless another thread is running the session.
template <typename Body>
attune_status_t exclusively(attune_session &session, Body body) {
  if (session.running.exchange(true, std::memory_order_acquire))
    return makeStatus(ATTUNE_BUSY, "the session is running on another thread");
  attune_status_t status = guarded(body);
  session.running.store(false, std::memory_order_release);
  return status;
}

} // namespace attune

#endif // ATTUNE_RUNTIME_SESSION_H
