// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sessions with the caller's own allocator and loops; cancelling.

#include "runtime/testing/Artifacts.h"
#include "runtime/testing/Tensors.h"

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>

using namespace attune;
using namespace attune::test;

namespace {

/// An allocator that knows what is out, and fails on demand.
struct Heap {
  std::mutex lock;
  std::map<void *, size_t> blocks;
  int allocations = 0, faults = 0;
  int failAt = -1;

  static void *allocate(void *self, size_t bytes, size_t alignment) {
    Heap &heap = *static_cast<Heap *>(self);
    std::lock_guard<std::mutex> guard(heap.lock);
    heap.faults += bytes == 0 || alignment < 64;
    if (heap.allocations++ == heap.failAt)
      return nullptr;
    void *data = std::aligned_alloc(alignment, (bytes + alignment - 1) /
                                                   alignment * alignment);
    heap.blocks[data] = bytes;
    return data;
  }
  static void deallocate(void *self, void *data, size_t bytes) {
    Heap &heap = *static_cast<Heap *>(self);
    std::lock_guard<std::mutex> guard(heap.lock);
    auto it = heap.blocks.find(data);
    if (it == heap.blocks.end() || it->second != bytes) {
      ++heap.faults;
      return;
    }
    heap.blocks.erase(it);
    std::free(data);
  }
  attune_allocator_t allocator() { return {this, allocate, deallocate}; }
};

/// Loops of the caller that call back.
struct Loops {
  attune_session_t *session = nullptr;
  attune_status_t (*onLoop)(Loops &) = nullptr;
  attune_status_t status = nullptr;
  int count = 0;

  static void parallelFor(void *self, void (*body)(void *, int64_t, int64_t),
                          void *captures, int64_t count, int64_t grain) {
    Loops &loops = *static_cast<Loops *>(self);
    if (loops.count++ == 0 && loops.onLoop)
      loops.status = loops.onLoop(loops);
    for (int64_t begin = 0; begin < count; begin += grain)
      body(captures, begin, std::min(count, begin + grain));
  }
};

class SessionHooks : public ::testing::Test {
protected:
  SessionHooks() : x({9, 3}), y({3, 70}), inputs{x.dl(), y.dl()} {
    for (size_t i = 0; i < x.data.size(); ++i)
      x.data[i] = static_cast<float>(i);
    for (size_t i = 0; i < y.data.size(); ++i)
      y.data[i] = static_cast<float>(i % 4);
  }
  attune_status_t run(attune_session_t *session, TensorHandle &result) {
    DLManagedTensor *output = nullptr;
    attune_status_t status = attune_session_run(session, inputs, 2, &output, 1);
    EXPECT_EQ(status == nullptr, output != nullptr);
    result.reset(output);
    return status;
  }
  std::vector<float> expected() {
    std::vector<float> z;
    for (int64_t m = 0; m < 9; ++m) {
      float sum = 0;
      for (int64_t n = 0; n < 70; ++n) {
        float value = 0;
        for (int64_t k = 0; k < 3; ++k)
          value += x.data[m * 3 + k] * y.data[k * 70 + n];
        z.push_back(value);
        sum += value;
      }
      // Small integers: exact in any order.
      for (int64_t n = 0; n < 70; ++n)
        z[m * 70 + n] -= sum;
    }
    return z;
  }
  SessionHandle makeLooped(Loops &loops) {
    attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
    options.parallel_for = Loops::parallelFor;
    options.parallel_for_context = &loops;
    SessionHandle session = makeSession(model.get(), &options);
    loops.session = session.get();
    return session;
  }

  ModelHandle model = openModel(artifactPath("product"));
  Tensor x, y;
  DLTensor inputs[2];
};

} // namespace

TEST_F(SessionHooks, MemoryComesFromTheAllocator) {
  Heap heap;
  attune_allocator_t allocator = heap.allocator();
  attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
  options.allocator = &allocator;
  SessionHandle session = makeSession(model.get(), &options);
  TensorHandle first, second;
  EXPECT_FINE(run(session.get(), first));
  int allocations = heap.allocations;
  EXPECT_GE(allocations, 2); // scratch and the output
  EXPECT_FINE(run(session.get(), second));
  EXPECT_EQ(heap.allocations, allocations + 1); // scratch is kept
  EXPECT_EQ(valuesOf(*first), expected());
  session.reset();
  EXPECT_EQ(heap.blocks.size(), 2u);
  first.reset();
  second.reset();
  EXPECT_TRUE(heap.blocks.empty());
  EXPECT_EQ(heap.faults, 0);
}

TEST_F(SessionHooks, EveryFailureOfTheAllocatorIsReported) {
  for (int failAt = 0; failAt < 2; ++failAt) {
    Heap heap;
    heap.failAt = failAt;
    attune_allocator_t allocator = heap.allocator();
    attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
    options.allocator = &allocator;
    SessionHandle session = makeSession(model.get(), &options);
    TensorHandle result;
    EXPECT_STATUS(ATTUNE_OUT_OF_MEMORY, "memory", run(session.get(), result));
    EXPECT_FINE(run(session.get(), result));
    EXPECT_EQ(valuesOf(*result), expected());
    result.reset();
    session.reset();
    EXPECT_TRUE(heap.blocks.empty());
    EXPECT_EQ(heap.faults, 0);
  }
}

TEST_F(SessionHooks, LoopsRunOnTheCallersThreads) {
  Loops loops;
  SessionHandle session = makeLooped(loops);
  TensorHandle result;
  EXPECT_FINE(run(session.get(), result));
  EXPECT_GT(loops.count, 0);
  EXPECT_EQ(valuesOf(*result), expected());
}

TEST_F(SessionHooks, OneRunAtATime) {
  Loops loops;
  SessionHandle session = makeLooped(loops);
  loops.onLoop = [](Loops &loops) {
    return attune_session_run(loops.session, nullptr, 0, nullptr, 0);
  };
  TensorHandle result;
  EXPECT_FINE(run(session.get(), result));
  EXPECT_STATUS(ATTUNE_BUSY, "another thread", loops.status);
  EXPECT_EQ(valuesOf(*result), expected());
}

TEST_F(SessionHooks, CancelledRunsEndEarly) {
  Loops loops;
  SessionHandle session = makeLooped(loops);
  TensorHandle result;
  EXPECT_FINE(run(session.get(), result));
  int whole = loops.count;
  loops.count = 0;
  loops.onLoop = [](Loops &loops) -> attune_status_t {
    attune_session_cancel(loops.session);
    return nullptr;
  };
  EXPECT_STATUS(ATTUNE_CANCELLED, "cancelled", run(session.get(), result));
  EXPECT_LT(loops.count, whole);
  // The next run is not affected.
  loops.onLoop = nullptr;
  EXPECT_FINE(run(session.get(), result));
  EXPECT_EQ(valuesOf(*result), expected());
}
