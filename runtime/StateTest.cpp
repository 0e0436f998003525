// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sessions that keep state: it grows in place, and failures leave it alone.

#include "runtime/testing/Artifacts.h"
#include "runtime/testing/Tensors.h"

#include <cstdlib>

using namespace attune;
using namespace attune::test;

namespace {

/// Counts what is asked for and what is out.
struct CountingHeap {
  int allocations = 0, out = 0, failAt = -1;

  static void *allocate(void *self, size_t bytes, size_t alignment) {
    auto &heap = *static_cast<CountingHeap *>(self);
    if (heap.allocations++ == heap.failAt)
      return nullptr;
    ++heap.out;
    return std::aligned_alloc(alignment,
                              (bytes + alignment - 1) / alignment * alignment);
  }
  static void deallocate(void *self, void *data, size_t) {
    --static_cast<CountingHeap *>(self)->out;
    std::free(data);
  }
};

class StateTest : public ::testing::Test {
protected:
  StateTest() : model(openModel(artifactPath("append"))) {}

  SessionHandle session(int64_t capacity = 0) {
    attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
    allocator = {&heap, CountingHeap::allocate, CountingHeap::deallocate};
    options.threads = 1;
    options.allocator = &allocator;
    options.state_capacity = capacity;
    return makeSession(model.get(), &options);
  }

  /// Puts `rows` rows of `value` behind the state; `sum` is one item's sum.
  attune_status_t add(attune_session_t *session, int64_t rows, float value,
                      float *sum = nullptr, int64_t batch = 2) {
    Tensor x({rows, batch, 4}), sums({batch});
    std::fill(x.data.begin(), x.data.end(), value);
    DLTensor input = x.dl();
    DLManagedTensor given = sums.managed(), *output = &given;
    attune_status_t status = attune_session_run(session, &input, 1, &output, 1);
    if (sum)
      *sum = sums.data.empty() ? 0 : sums.data.back();
    return status;
  }

  CountingHeap heap;
  attune_allocator_t allocator;
  ModelHandle model;
};

} // namespace

TEST_F(StateTest, IsNeitherInputNorOutput) {
  EXPECT_EQ(attune_model_input_count(model.get()), 1u);
  EXPECT_EQ(attune_model_output_count(model.get()), 1u);
  ASSERT_EQ(attune_model_state_count(model.get()), 1u);
  attune_value_info_t info;
  EXPECT_FINE(attune_model_state(model.get(), 0, &info));
  EXPECT_STREQ(info.name, "past");
  EXPECT_EQ(info.rank, 3);
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "below 1",
                attune_model_state(model.get(), 1, &info));
}

TEST_F(StateTest, GrowsFromRunToRun) {
  SessionHandle own = session();
  float sum = 0, wanted = 0;
  int64_t length = 0;
  for (int64_t rows : {3, 1, 0, 40, 1, 100}) {
    float value = static_cast<float>(rows % 7 + 1);
    EXPECT_FINE(add(own.get(), rows, value, &sum));
    wanted += 4 * value * static_cast<float>(rows);
    EXPECT_EQ(sum, wanted);
    EXPECT_EQ(attune_session_state_length(own.get()), length += rows);
  }
}

TEST_F(StateTest, StepsAskForNoMemory) {
  SessionHandle own = session(/*capacity=*/300);
  EXPECT_FINE(add(own.get(), 3, 1));
  EXPECT_FINE(add(own.get(), 1, 1));
  int before = heap.allocations;
  for (int i = 0; i < 250; ++i)
    EXPECT_FINE(add(own.get(), 1, 1));
  EXPECT_EQ(heap.allocations, before);
  own.reset();
  EXPECT_EQ(heap.out, 0);
}

TEST_F(StateTest, MemoryDoubles) {
  SessionHandle own = session();
  for (int i = 0; i < 1024; ++i)
    EXPECT_FINE(add(own.get(), 1, 1));
  // 16, 32, ... 1024, and little else.
  EXPECT_LT(heap.allocations, 30);
  float sum;
  EXPECT_FINE(add(own.get(), 1, 1, &sum));
  EXPECT_EQ(sum, 4 * 1025);
}

TEST_F(StateTest, ResetEmptiesIt) {
  SessionHandle own = session();
  float sum;
  EXPECT_FINE(add(own.get(), 5, 2));
  EXPECT_FINE(attune_session_reset(own.get()));
  EXPECT_EQ(attune_session_state_length(own.get()), 0);
  EXPECT_FINE(add(own.get(), 1, 1, &sum, /*batch=*/3));
  EXPECT_EQ(sum, 4);
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "session",
                attune_session_reset(nullptr));
}

TEST_F(StateTest, AnotherBatchIsRefused) {
  SessionHandle own = session();
  EXPECT_FINE(add(own.get(), 5, 2));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "'batch' of 2, but got 3",
                add(own.get(), 1, 1, nullptr, 3));
  float sum;
  EXPECT_FINE(add(own.get(), 1, 1, &sum));
  EXPECT_EQ(sum, 44);
}

TEST_F(StateTest, AFullStateRefusesAndStays) {
  SessionHandle own = session(/*capacity=*/4);
  float sum;
  EXPECT_FINE(add(own.get(), 4, 1));
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "4 of at most 4 rows: 1 more",
                add(own.get(), 1, 9));
  EXPECT_EQ(attune_session_state_length(own.get()), 4);
  EXPECT_FINE(add(own.get(), 0, 0, &sum));
  EXPECT_EQ(sum, 16);
}

TEST_F(StateTest, WithoutMemoryItStays) {
  SessionHandle own = session();
  float sum;
  EXPECT_FINE(add(own.get(), 16, 1));
  heap.failAt = heap.allocations;
  EXPECT_STATUS(ATTUNE_OUT_OF_MEMORY, "bytes for the state",
                add(own.get(), 1, 9));
  EXPECT_EQ(attune_session_state_length(own.get()), 16);
  EXPECT_FINE(add(own.get(), 1, 1, &sum));
  EXPECT_EQ(sum, 4 * 17);
}

TEST_F(StateTest, SessionsHaveTheirOwn) {
  SessionHandle one = session(), other = session();
  float sum;
  EXPECT_FINE(add(one.get(), 2, 1));
  EXPECT_FINE(add(other.get(), 3, 5, &sum));
  EXPECT_EQ(sum, 60);
  EXPECT_FINE(add(one.get(), 1, 1, &sum));
  EXPECT_EQ(sum, 12);
}

TEST_F(StateTest, CancelledRunsLeaveIt) {
  struct Host {
    attune_session_t *session = nullptr;
    bool cancels = false;
    static void loop(void *self, void (*body)(void *, int64_t, int64_t),
                     void *captures, int64_t count, int64_t) {
      auto &host = *static_cast<Host *>(self);
      if (host.cancels)
        attune_session_cancel(host.session);
      body(captures, 0, count);
    }
  } host;
  attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
  options.parallel_for = Host::loop;
  options.parallel_for_context = &host;
  SessionHandle own = makeSession(model.get(), &options);
  host.session = own.get();
  float sum;
  EXPECT_FINE(add(own.get(), 5, 1));
  // In place, and into larger memory.
  for (int64_t rows : {1, 100}) {
    host.cancels = true;
    EXPECT_STATUS(ATTUNE_CANCELLED, "cancelled", add(own.get(), rows, 9));
    EXPECT_EQ(attune_session_state_length(own.get()), 5);
    host.cancels = false;
    EXPECT_FINE(add(own.get(), 0, 0, &sum));
    EXPECT_EQ(sum, 20);
  }
}
