// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Session.h"
#include "runtime/Run.h"
#include "runtime/Status.h"

#include <memory>

using namespace attune;

attune_session::attune_session(attune_model_t *model,
                               attune_allocator_t allocator,
                               int64_t stateCapacity)
    : model(model), allocator(allocator), arena(allocator), growing(allocator),
      state(model->artifact.manifest(), allocator, stateCapacity) {
  attune_model_retain(model);
}

attune_session::~attune_session() { attune_model_release(model); }

static attune_status_t checkOptions(const attune_session_options_t &options) {
  if (options.struct_size < sizeof(attune_session_options_t))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_session_create requires initialised options");
  constexpr int32_t maxThreads = 1024;
  if (options.threads < 0 || options.threads > maxThreads)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "requires between 0 and %d threads, but got %d",
                      maxThreads, options.threads);
  if (options.state_capacity < 0)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "requires a state capacity of at least 0, but got %lld",
                      static_cast<long long>(options.state_capacity));
  if (options.allocator &&
      (!options.allocator->allocate || !options.allocator->deallocate))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "an allocator requires both of its functions");
  return nullptr;
}

attune_status_t attune_session_create(attune_model_t *model,
                                      const attune_session_options_t *options,
                                      attune_session_t **session) {
  if (!model || !session)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_session_create requires a model and a result");
  const attune_session_options_t defaults = ATTUNE_SESSION_OPTIONS_INIT;
  if (!options)
    options = &defaults;
  if (attune_status_t status = checkOptions(*options))
    return status;
  return guarded([&]() -> attune_status_t {
    auto made = std::make_unique<attune_session>(
        model, options->allocator ? *options->allocator : systemAllocator(),
        options->state_capacity);
    made->hostLoop = options->parallel_for;
    made->hostContext = options->parallel_for_context;
    made->threads = options->threads > 0 ? options->threads
                                         : ThreadPool::availableProcessors();
    *session = made.release();
    return nullptr;
  });
}

void attune_session_retain(attune_session_t *session) {
  session->references.fetch_add(1, std::memory_order_relaxed);
}

void attune_session_release(attune_session_t *session) {
  if (session &&
      session->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
    delete session;
}

attune_status_t attune_session_run(attune_session_t *session,
                                   const DLTensor *inputs, size_t input_count,
                                   DLManagedTensor **outputs,
                                   size_t output_count) {
  if (!session || (!inputs && input_count) || (!outputs && output_count))
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_session_run requires a session and tensors");
  return exclusively(*session, [&] {
    session->cancelled.store(false);
    return runModel(*session, {inputs, input_count, outputs, output_count});
  });
}

attune_status_t attune_session_reset(attune_session_t *session) {
  if (!session)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "attune_session_reset requires a session");
  return exclusively(*session, [&]() -> attune_status_t {
    session->state.reset();
    return nullptr;
  });
}

int64_t attune_session_state_length(const attune_session_t *session) {
  return session ? session->state.length() : 0;
}

void attune_session_cancel(attune_session_t *session) {
  session->cancelled.store(true);
}
