// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a session keeps between runs: tensors whose first dimension grows.

#ifndef ATTUNE_RUNTIME_STATE_H
#define ATTUNE_RUNTIME_STATE_H

#include "runtime/Manifest.h"

namespace attune {

/// The state of one session. Rows that are there stay where they are; a run
/// puts new ones behind them, which count once the run has succeeded.
class State {
public:
  /// `capacity`: how many rows there may be, all of which get memory at once;
  /// 0: memory doubles whenever it is full. The manifest must outlive it.
  State(const Manifest &manifest, attune_allocator_t allocator,
        int64_t capacity);
  State(const State &) = delete;
  State &operator=(const State &) = delete;
  ~State();

  int64_t length() const;
  int64_t capacity() const { return limit; }
  void reset();

  /// Describes the state as inputs of a run: fills the entries of `inputs`, one
  /// for each of the artifact's, that are state. The others are the caller's,
  /// checked. The tensors are valid until the run ends.
  attune_status_t prepare(DLTensor *inputs);
  /// Whether output `index` of the artifact continues a state.
  bool owns(size_t index) const;
  /// Where that output of this shape goes.
  attune_status_t place(size_t index, int32_t rank, const int64_t *shape,
                        void *&data);
  /// Ends a run that has succeeded, or has failed: then all is as before.
  void commit();
  void rollback();

private:
  struct Memory {
    void *data = nullptr;
    size_t bytes = 0;
  };
  struct Entry {
    Memory own, larger; // `larger` takes over when the run succeeds
    std::vector<int64_t> shape;
    int64_t grown = 0;
  };
  attune_status_t learnSizes(size_t which, const DLTensor *inputs);
  attune_status_t enlarge(size_t which, int64_t rows, size_t rowBytes);
  void release(Memory &memory);

  const Manifest &manifest;
  attune_allocator_t allocator;
  int64_t limit;
  std::vector<Entry> entries;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_STATE_H
