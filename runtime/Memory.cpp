// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Memory.h"

#include <algorithm>
#include <cstdlib>
#include <sys/mman.h>

namespace attune {

static constexpr size_t hugePage = size_t(2) << 20;

static void *systemAllocate(void *, size_t bytes, size_t alignment) {
  bool large = bytes >= 2 * hugePage;
  size_t unit = large ? hugePage : alignment;
  if (bytes > SIZE_MAX - unit)
    return nullptr;
  size_t rounded = bytes == 0 ? unit : (bytes + unit - 1) / unit * unit;
  void *data = std::aligned_alloc(unit, rounded);
  if (data && large)
    // Only advice: small pages work as well.
    (void)madvise(data, rounded, MADV_HUGEPAGE);
  return data;
}

static void systemDeallocate(void *, void *data, size_t) { std::free(data); }

attune_allocator_t systemAllocator() {
  return {nullptr, systemAllocate, systemDeallocate};
}

static void freeBlock(const attune_allocator_t &allocator, MemoryBlock &block) {
  if (block.data)
    allocator.deallocate(allocator.context, block.data, block.bytes);
  block = {nullptr, 0};
}

/// Gives `block` at least `bytes` bytes; its contents are lost. False: out of
/// memory, and the block is empty.
static bool enlarge(const attune_allocator_t &allocator, MemoryBlock &block,
                    size_t bytes) {
  if (block.data && block.bytes >= bytes)
    return true;
  freeBlock(allocator, block);
  // An allocator may answer null to a request of nothing.
  bytes = std::max<size_t>(bytes, 1);
  void *data = allocator.allocate(allocator.context, bytes, memoryAlignment);
  if (data)
    block = {data, bytes};
  return data != nullptr;
}

Arena::~Arena() {
  for (MemoryBlock &block : blocks)
    freeBlock(allocator, block);
}

void *Arena::allocate(size_t bytes) {
  if (next == blocks.size())
    blocks.push_back({nullptr, 0});
  MemoryBlock &block = blocks[next];
  // Sizes that grow a little each run must not ask each time.
  if (block.data && bytes > block.bytes)
    bytes = std::max(bytes, block.bytes + block.bytes / 2);
  if (!enlarge(allocator, block, bytes))
    return nullptr;
  ++next;
  return block.data;
}

GrowingMemory::~GrowingMemory() {
  for (Slot &slot : slots)
    for (MemoryBlock &block : slot.blocks)
      freeBlock(allocator, block);
}

void *GrowingMemory::next(size_t slot, size_t bytes) {
  if (slot >= slots.size())
    slots.resize(slot + 1);
  Slot &own = slots[slot];
  own.second = !own.second;
  MemoryBlock &block = own.blocks[own.second];
  // Half as much again, where that can be had.
  bool fits = block.data && block.bytes >= bytes;
  if (!fits && bytes <= SIZE_MAX / 2 &&
      enlarge(allocator, block, bytes + bytes / 2))
    return block.data;
  return enlarge(allocator, block, bytes) ? block.data : nullptr;
}

} // namespace attune
