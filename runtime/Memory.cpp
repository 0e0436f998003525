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

Arena::~Arena() {
  for (Block &block : blocks)
    if (block.data)
      allocator.deallocate(allocator.context, block.data, block.bytes);
}

void *Arena::allocate(size_t bytes) {
  if (next == blocks.size())
    blocks.push_back({nullptr, 0});
  Block &block = blocks[next];
  if (!block.data || block.bytes < bytes) {
    if (block.data)
      allocator.deallocate(allocator.context, block.data, block.bytes);
    block = {nullptr, 0};
    // An allocator may answer null to a request of nothing.
    bytes = std::max<size_t>(bytes, 1);
    void *data = allocator.allocate(allocator.context, bytes, memoryAlignment);
    if (!data)
      return nullptr;
    block = {data, bytes};
  }
  ++next;
  return block.data;
}

} // namespace attune
