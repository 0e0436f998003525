// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of runs: the caller's allocator or the system's, and scratch blocks
// that are kept between runs.

#ifndef ATTUNE_RUNTIME_MEMORY_H
#define ATTUNE_RUNTIME_MEMORY_H

#include "attune/attune.h"

#include <algorithm>
#include <vector>

namespace attune {

/// Alignment of all that a run gets from the runtime.
inline constexpr size_t memoryAlignment = 64;

/// The system's memory; large blocks ask for huge pages.
attune_allocator_t systemAllocator();

struct MemoryBlock {
  void *data;
  size_t bytes;
};

/// Scratch blocks of one session. The n-th request of a run gets the n-th
/// block, grown where it is too small.
class Arena {
public:
  explicit Arena(attune_allocator_t allocator) : allocator(allocator) {}
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena();

  /// Takes back all blocks of the run before.
  void reset() { next = 0; }
  /// At least `bytes` bytes aligned to 64 and valid until reset(), contents
  /// undefined. Null: out of memory.
  void *allocate(size_t bytes);
  /// How many blocks are in use; taking back all that came after so many.
  size_t used() const { return next; }
  void release(size_t count) { next = std::min(next, count); }

private:
  attune_allocator_t allocator;
  std::vector<MemoryBlock> blocks;
  size_t next = 0;
};

/// Memory of values that change their size from trip to trip of a loop: two
/// blocks a slot that take turns, the old value in one, the new one in the
/// other. They grow by halves, so that most trips find them large enough.
class GrowingMemory {
public:
  explicit GrowingMemory(attune_allocator_t allocator) : allocator(allocator) {}
  GrowingMemory(const GrowingMemory &) = delete;
  GrowingMemory &operator=(const GrowingMemory &) = delete;
  ~GrowingMemory();

  /// The slot's other block, with at least `bytes` bytes, aligned to 64,
  /// contents undefined. Null: out of memory.
  void *next(size_t slot, size_t bytes);

private:
  struct Slot {
    MemoryBlock blocks[2] = {};
    bool second = false;
  };
  attune_allocator_t allocator;
  std::vector<Slot> slots;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_MEMORY_H
