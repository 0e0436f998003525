// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Run.h"
#include "runtime/Arguments.h"
#include "runtime/Status.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace attune {

namespace {

/// A tensor that the runtime made, with what its deleter needs.
struct OwnedTensor {
  DLManagedTensor managed;
  attune_allocator_t allocator;
  size_t bytes;
  std::vector<int64_t> shape;
};

/// State of one run; the context of the services.
struct Run {
  attune_session &session;
  /// One for each output of the artifact; null where there is none yet.
  std::vector<DLManagedTensor *> outputs;
  /// Outputs made by this run, by index; null for the caller's own.
  std::vector<DLManagedTensor *> made;
  std::vector<bool> written;
  std::atomic<attune_status_t> failure{nullptr};

  ~Run() {
    attune_status_release(failure.load());
    session.state.rollback();
    for (DLManagedTensor *tensor : made)
      if (tensor)
        tensor->deleter(tensor);
  }
  /// Takes over `status`; the first one stays.
  void record(attune_status_t status) {
    attune_status_t expected = nullptr;
    if (!failure.compare_exchange_strong(expected, status))
      attune_status_release(status);
  }
};

} // namespace

static void deleteTensor(DLManagedTensor *tensor) {
  auto *owned = static_cast<OwnedTensor *>(tensor->manager_ctx);
  if (tensor->dl_tensor.data)
    owned->allocator.deallocate(owned->allocator.context,
                                tensor->dl_tensor.data, owned->bytes);
  delete owned;
}

static DLManagedTensor *makeTensor(attune_allocator_t allocator,
                                   DLDataType dtype, std::vector<int64_t> shape,
                                   size_t bytes) {
  auto owned = std::make_unique<OwnedTensor>();
  owned->allocator = allocator;
  owned->bytes = bytes;
  owned->shape = std::move(shape);
  DLManagedTensor &managed = owned->managed;
  managed.dl_tensor.device = {kDLCPU, 0};
  managed.dl_tensor.dtype = dtype;
  managed.dl_tensor.ndim = static_cast<int>(owned->shape.size());
  managed.dl_tensor.shape = owned->shape.data();
  managed.manager_ctx = owned.get();
  managed.deleter = deleteTensor;
  // Compiled code gets a place even for an empty tensor: null means failure.
  managed.dl_tensor.data = allocator.allocate(
      allocator.context, std::max<size_t>(bytes, 1), memoryAlignment);
  if (!managed.dl_tensor.data)
    throw std::bad_alloc();
  owned->bytes = std::max<size_t>(bytes, 1);
  return &owned.release()->managed;
}

static attune_status_t placeOutput(Run &run, int32_t index, int32_t rank,
                                   const int64_t *shape, void *&place) {
  const std::vector<Value> &values =
      run.session.model->artifact.manifest().outputs;
  size_t at = static_cast<size_t>(index);
  if (index < 0 || at >= values.size() || run.written[at])
    return makeStatus(ATTUNE_INTERNAL, "the code asked for output %d wrongly",
                      index);
  const Value &value = values[at];
  int64_t bytes;
  if (static_cast<size_t>(rank) != value.dims.size() ||
      !tensorBytes(value.dtype, rank, shape, bytes))
    return makeStatus(ATTUNE_INVALID_SHAPE,
                      "output '%s' would have the impossible shape %s",
                      value.name.c_str(), shapeText(rank, shape).c_str());
  if (run.session.state.owns(at)) {
    if (attune_status_t status =
            run.session.state.place(at, rank, shape, place))
      return status;
  } else if (DLManagedTensor *given = run.outputs[at]) {
    const DLTensor &tensor = given->dl_tensor;
    if (!std::equal(shape, shape + rank, tensor.shape))
      return makeStatus(ATTUNE_INVALID_SHAPE,
                        "output '%s' requires shape %s, but got %s",
                        value.name.c_str(), shapeText(rank, shape).c_str(),
                        shapeText(rank, tensor.shape).c_str());
    static char nothing[memoryAlignment];
    place = tensor.data ? static_cast<char *>(tensor.data) + tensor.byte_offset
                        : nothing;
  } else {
    run.made[at] = makeTensor(run.session.allocator, value.dtype,
                              {shape, shape + rank}, size_t(bytes));
    place = run.made[at]->dl_tensor.data;
  }
  run.written[at] = true;
  return nullptr;
}

static void *serveOutput(void *context, int32_t index, int32_t rank,
                         const int64_t *shape) {
  Run &run = *static_cast<Run *>(context);
  void *place = nullptr;
  if (attune_status_t status = guarded(
          [&] { return placeOutput(run, index, rank, shape, place); })) {
    run.record(status);
    return nullptr;
  }
  return place;
}

/// What `allocate` gives; a failure to get `bytes` bytes for `what` is
/// recorded.
template <typename Allocate>
static void *serveMemory(Run &run, int64_t bytes, const char *what,
                         Allocate allocate) {
  void *data = nullptr;
  attune_status_t status = guarded([&]() -> attune_status_t {
    if (bytes >= 0)
      data = allocate(static_cast<size_t>(bytes));
    return data
               ? nullptr
               : makeStatus(ATTUNE_OUT_OF_MEMORY, "failed to get %lld bytes %s",
                            static_cast<long long>(bytes), what);
  });
  if (status)
    run.record(status);
  return data;
}

static void *serveWorkspace(void *context, int64_t bytes) {
  Run &run = *static_cast<Run *>(context);
  return serveMemory(run, bytes, "of scratch memory", [&](size_t size) {
    return run.session.arena.allocate(size);
  });
}

static int64_t serveMark(void *context) {
  return static_cast<int64_t>(
      static_cast<Run *>(context)->session.arena.used());
}

static void serveRelease(void *context, int64_t place) {
  static_cast<Run *>(context)->session.arena.release(
      static_cast<size_t>(place));
}

static void *serveGrowth(void *context, int32_t slot, int64_t bytes) {
  Run &run = *static_cast<Run *>(context);
  return serveMemory(
      run, slot < 0 ? -1 : bytes, "for what a loop carries", [&](size_t size) {
        return run.session.growing.next(static_cast<size_t>(slot), size);
      });
}

static void serveLoop(void *context, LoopBody body, void *captures,
                      int64_t count, int64_t grain) {
  attune_session &session = static_cast<Run *>(context)->session;
  if (count <= 0)
    return;
  if (session.hostLoop)
    session.hostLoop(session.hostContext, body, captures, count, grain);
  else
    session.pool.parallelFor(body, captures, count, grain);
}

static void serveFailure(void *context, int32_t code, const char *message) {
  bool known = code > ATTUNE_OK && code <= ATTUNE_INTERNAL;
  static_cast<Run *>(context)->record(makeStatus(
      known ? static_cast<attune_status_code>(code) : ATTUNE_INTERNAL, "%s",
      message ? message : "the model failed"));
}

static int32_t serveStopped(void *context) {
  Run &run = *static_cast<Run *>(context);
  return run.session.cancelled.load(std::memory_order_relaxed) ||
         run.failure.load(std::memory_order_relaxed) != nullptr;
}

static attune_status_t checkCounts(const Manifest &manifest,
                                   const RunTensors &tensors) {
  size_t inputs = manifest.callerInputs.size();
  size_t outputs = manifest.callerOutputs.size();
  if (tensors.inputCount != inputs)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "requires %zu inputs, but got %zu", inputs,
                      tensors.inputCount);
  if (tensors.outputCount != outputs)
    return makeStatus(ATTUNE_INVALID_ARGUMENT,
                      "requires %zu outputs, but got %zu", outputs,
                      tensors.outputCount);
  return nullptr;
}

static void startPool(attune_session &session) {
  if (session.hostLoop || session.poolStarted.exchange(true))
    return;
  // A system that refuses threads makes runs slower, not impossible.
  (void)session.pool.start(session.threads);
}

static attune_status_t finish(Run &run, const RunTensors &tensors,
                              int32_t code) {
  if (attune_status_t failure = run.failure.exchange(nullptr))
    return failure;
  if (run.session.cancelled.load())
    return makeStatus(ATTUNE_CANCELLED, "the run was cancelled");
  if (code != 0)
    return makeStatus(ATTUNE_INTERNAL,
                      "the code failed with code %d, but no message", code);
  for (size_t i = 0; i < run.written.size(); ++i)
    if (!run.written[i])
      return makeStatus(ATTUNE_INTERNAL, "the code left out output %zu", i);
  size_t next = 0;
  for (size_t i = 0; i < run.made.size(); ++i) {
    if (run.session.state.owns(i))
      continue;
    if (run.made[i])
      tensors.outputs[next] = std::exchange(run.made[i], nullptr);
    ++next;
  }
  run.session.state.commit();
  return nullptr;
}

/// The tensors of the caller and of the state, in the artifact's order.
static attune_status_t gather(attune_session &session,
                              const RunTensors &tensors,
                              std::vector<DLTensor> &inputs,
                              std::vector<DLManagedTensor *> &outputs) {
  const Manifest &manifest = session.model->artifact.manifest();
  // All are checked before the run, but state takes sizes from the caller's.
  std::vector<attune_argument> checked;
  if (!manifest.states.empty())
    if (attune_status_t status =
            checkInputs(manifest.callerInputs, tensors.inputs, checked))
      return status;
  size_t next = 0;
  inputs.resize(manifest.inputs.size());
  for (size_t i = 0; i < inputs.size(); ++i)
    if (!manifest.isState(i))
      inputs[i] = tensors.inputs[next++];
  next = 0;
  outputs.resize(manifest.outputs.size());
  for (size_t i = 0; i < outputs.size(); ++i)
    if (!session.state.owns(i))
      outputs[i] = tensors.outputs[next++];
  return session.state.prepare(inputs.data());
}

attune_status_t runModel(attune_session &session, const RunTensors &tensors) {
  const Artifact &artifact = session.model->artifact;
  const Manifest &manifest = artifact.manifest();
  if (attune_status_t status = checkCounts(manifest, tensors))
    return status;
  std::vector<DLTensor> inputs;
  Run run{session, {}, {}, {}};
  if (attune_status_t status = gather(session, tensors, inputs, run.outputs))
    return status;
  std::vector<attune_argument> arguments;
  arguments.reserve(inputs.size());
  if (attune_status_t status =
          checkInputs(manifest.inputs, inputs.data(), arguments))
    return status;
  if (attune_status_t status =
          checkOutputs(manifest, inputs.data(), run.outputs.data()))
    return status;
  startPool(session);
  session.arena.reset();
  run.made.resize(manifest.outputs.size());
  run.written.resize(manifest.outputs.size());
  attune_services services = {ATTUNE_SERVICES_VERSION,
                              0,
                              &run,
                              serveWorkspace,
                              serveOutput,
                              serveLoop,
                              serveFailure,
                              serveStopped,
                              serveMark,
                              serveRelease,
                              serveGrowth};
  int32_t code =
      artifact.table().run(&services, artifact.weights(), arguments.data());
  return finish(run, tensors, code);
}

} // namespace attune
