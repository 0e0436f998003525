// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/State.h"
#include "runtime/Arguments.h"
#include "runtime/Memory.h"
#include "runtime/Status.h"

#include <algorithm>
#include <utility>

namespace attune {

State::State(const Manifest &manifest, attune_allocator_t allocator,
             int64_t capacity)
    : manifest(manifest), allocator(allocator), limit(capacity),
      entries(manifest.states.size()) {
  for (size_t i = 0; i < entries.size(); ++i)
    entries[i].shape.resize(
        manifest.inputs[manifest.states[i].input].dims.size());
}

State::~State() {
  for (Entry &entry : entries) {
    release(entry.own);
    release(entry.larger);
  }
}

void State::release(Memory &memory) {
  if (memory.data)
    allocator.deallocate(allocator.context, memory.data, memory.bytes);
  memory = {};
}

int64_t State::length() const {
  return entries.empty() ? 0 : entries.front().shape.front();
}

void State::reset() {
  for (Entry &entry : entries)
    entry.shape.front() = 0;
}

/// Sizes that are not the state's own come from the inputs of equal names.
attune_status_t State::learnSizes(size_t which, const DLTensor *inputs) {
  const Value &value = manifest.inputs[manifest.states[which].input];
  std::vector<int64_t> &shape = entries[which].shape;
  for (size_t dim = 1; dim < shape.size(); ++dim) {
    int64_t size = value.dims[dim].size;
    for (size_t i = 0; i < manifest.inputs.size() && size < 0; ++i)
      for (size_t at = 0; at < manifest.inputs[i].dims.size(); ++at)
        if (!manifest.isState(i) &&
            manifest.inputs[i].dims[at].name == value.dims[dim].name)
          size = inputs[i].shape[at];
    if (shape.front() > 0 && shape[dim] != size)
      return makeStatus(ATTUNE_INVALID_SHAPE,
                        "the session's state has '%s' of %lld, but got %lld: "
                        "reset the session first",
                        value.dims[dim].name.c_str(),
                        static_cast<long long>(shape[dim]),
                        static_cast<long long>(size));
    shape[dim] = size;
  }
  return nullptr;
}

attune_status_t State::prepare(DLTensor *inputs) {
  for (size_t i = 0; i < entries.size(); ++i) {
    if (attune_status_t status = learnSizes(i, inputs))
      return status;
    size_t index = manifest.states[i].input;
    DLTensor &tensor = inputs[index];
    tensor = {};
    tensor.data = entries[i].own.data;
    tensor.device = {kDLCPU, 0};
    tensor.dtype = manifest.inputs[index].dtype;
    tensor.ndim = static_cast<int32_t>(entries[i].shape.size());
    tensor.shape = entries[i].shape.data();
    entries[i].grown = entries[i].shape.front();
  }
  return nullptr;
}

bool State::owns(size_t index) const {
  for (const StateValue &state : manifest.states)
    if (state.output == index)
      return true;
  return false;
}

/// More memory for `rows` rows; the compiled code copies what is there.
attune_status_t State::enlarge(size_t which, int64_t rows, size_t rowBytes) {
  constexpr int64_t least = 16;
  Entry &entry = entries[which];
  int64_t wanted =
      limit > 0 ? limit : std::max({rows, 2 * entry.shape.front(), least});
  size_t bytes;
  if (__builtin_mul_overflow(static_cast<size_t>(wanted),
                             std::max<size_t>(rowBytes, 1), &bytes))
    return makeStatus(ATTUNE_OUT_OF_MEMORY, "the state is too large");
  void *data = allocator.allocate(allocator.context, bytes, memoryAlignment);
  if (!data)
    return makeStatus(ATTUNE_OUT_OF_MEMORY,
                      "failed to get %zu bytes for the state", bytes);
  release(entry.larger);
  entry.larger = {data, bytes};
  return nullptr;
}

attune_status_t State::place(size_t index, int32_t rank, const int64_t *shape,
                             void *&data) {
  size_t which = 0;
  while (manifest.states[which].output != index)
    ++which;
  Entry &entry = entries[which];
  int64_t bytes;
  const Value &value = manifest.outputs[index];
  if (static_cast<size_t>(rank) != entry.shape.size() ||
      !std::equal(shape + 1, shape + rank, entry.shape.begin() + 1) ||
      shape[0] < entry.shape[0] ||
      !tensorBytes(value.dtype, rank, shape, bytes))
    return makeStatus(ATTUNE_INVALID_SHAPE,
                      "the state %s cannot be continued by '%s' of %s",
                      shapeText(rank, entry.shape.data()).c_str(),
                      value.name.c_str(), shapeText(rank, shape).c_str());
  if (limit > 0 && shape[0] > limit)
    return makeStatus(ATTUNE_INVALID_SHAPE,
                      "the session's state has %lld of at most %lld rows: %lld "
                      "more do not fit",
                      static_cast<long long>(entry.shape[0]),
                      static_cast<long long>(limit),
                      static_cast<long long>(shape[0] - entry.shape[0]));
  size_t needed = static_cast<size_t>(bytes);
  Memory *memory = &entry.own;
  if (!entry.own.data || needed > entry.own.bytes) {
    size_t rowBytes = shape[0] ? needed / static_cast<size_t>(shape[0]) : 0;
    if (attune_status_t status = enlarge(which, shape[0], rowBytes))
      return status;
    memory = &entry.larger;
  }
  entry.grown = shape[0];
  data = memory->data;
  return nullptr;
}

void State::commit() {
  for (Entry &entry : entries) {
    entry.shape.front() = entry.grown;
    if (!entry.larger.data)
      continue;
    release(entry.own);
    entry.own = std::exchange(entry.larger, {});
  }
}

void State::rollback() {
  for (Entry &entry : entries)
    release(entry.larger);
}

} // namespace attune
