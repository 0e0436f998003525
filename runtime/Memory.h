// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Memory of runs: the caller's allocator or the system's, and scratch blocks
// that are kept between runs.

#ifndef ATTUNE_RUNTIME_MEMORY_H
#define ATTUNE_RUNTIME_MEMORY_H

#include "attune/attune.h"

#include <vector>

namespace attune {

/// Alignment of all that a run gets from the runtime.
inline constexpr size_t memoryAlignment = 64;

/// The system's memory; large blocks ask for huge pages.
attune_allocator_t systemAllocator();

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

private:
  struct Block {
    void *data;
    size_t bytes;
  };
  attune_allocator_t allocator;
  std::vector<Block> blocks;
  size_t next = 0;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_MEMORY_H
