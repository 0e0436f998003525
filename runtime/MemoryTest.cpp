// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Memory.h"

#include <cstring>
#include <gtest/gtest.h>

namespace attune {
namespace {

TEST(Arena, ReleaseTakesBackWhatCameAfterTheMark) {
  Arena arena(systemAllocator());
  void *kept = arena.allocate(100);
  size_t mark = arena.used();
  void *first = arena.allocate(100);
  arena.release(mark);
  EXPECT_EQ(arena.allocate(80), first);
  EXPECT_NE(arena.allocate(80), kept);
}

TEST(GrowingMemory, TheOldValueStaysWhileTheNewOneIsWritten) {
  GrowingMemory memory(systemAllocator());
  void *old = memory.next(0, 64);
  memset(old, 1, 64);
  void *fresh = memory.next(0, 1000);
  memset(fresh, 2, 1000);
  EXPECT_NE(old, fresh);
  EXPECT_EQ(static_cast<char *>(old)[63], 1);
}

TEST(GrowingMemory, SlotsAreApart) {
  GrowingMemory memory(systemAllocator());
  void *other = memory.next(3, 64);
  memset(other, 3, 64);
  for (int trip = 0; trip < 4; ++trip)
    memset(memory.next(0, 64), 0, 64);
  EXPECT_EQ(static_cast<char *>(other)[0], 3);
}

/// Counts how often and how much it is asked for.
struct Counter {
  size_t calls = 0, held = 0;
};

void *allocate(void *context, size_t bytes, size_t alignment) {
  auto &counter = *static_cast<Counter *>(context);
  ++counter.calls;
  counter.held += bytes;
  return aligned_alloc(alignment,
                       (bytes + alignment - 1) / alignment * alignment);
}

void deallocate(void *context, void *data, size_t bytes) {
  static_cast<Counter *>(context)->held -= bytes;
  free(data);
}

TEST(GrowingMemory, GrowthAsksRarelyAndGivesAllBack) {
  Counter counter;
  {
    GrowingMemory memory({&counter, allocate, deallocate});
    for (size_t trip = 1; trip <= 1000; ++trip)
      memory.next(0, trip * 64);
    EXPECT_LT(counter.calls, 50u);
    EXPECT_LE(counter.held, 2 * 1000 * 64 * 3 / 2u);
  }
  EXPECT_EQ(counter.held, 0u);
}

TEST(GrowingMemory, TooMuchIsNull) {
  GrowingMemory memory(systemAllocator());
  EXPECT_EQ(memory.next(0, SIZE_MAX - 10), nullptr);
  EXPECT_NE(memory.next(0, 10), nullptr);
}

} // namespace
} // namespace attune
