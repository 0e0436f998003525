// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/testing/Artifacts.h"
#include "runtime/testing/Tensors.h"

#include <atomic>
#include <cstring>
#include <thread>

using namespace attune;
using namespace attune::test;

namespace {

const std::string weights = "AAAABBBBCCCCDDDD";

/// Inputs of the model `scale` for n rows, and what it must answer.
struct Rows {
  explicit Rows(int64_t n, float seed = 1)
      : x({n, 4}), y({n, 4}), inputs{x.dl(), y.dl()} {
    float w[4];
    std::memcpy(w, weights.data(), sizeof(w));
    for (int64_t i = 0; i < 4 * n; ++i) {
      x.data[i] = seed + static_cast<float>(i % 7);
      y.data[i] = -static_cast<float>(i % 5);
      scaled.push_back(x.data[i] * w[i % 4]);
      if (i % 4 == 0)
        sums.push_back(0);
      sums.back() += x.data[i] + y.data[i];
    }
  }
  Tensor x, y;
  DLTensor inputs[2];
  std::vector<float> scaled, sums;
};

/// Runs into new tensors.
std::vector<TensorHandle> run(attune_session_t *session, Rows &rows) {
  DLManagedTensor *outputs[2] = {};
  EXPECT_FINE(attune_session_run(session, rows.inputs, 2, outputs, 2));
  std::vector<TensorHandle> results;
  for (DLManagedTensor *output : outputs)
    results.emplace_back(output);
  return results;
}

void expectRight(attune_session_t *session, Rows &rows) {
  std::vector<TensorHandle> results = run(session, rows);
  ASSERT_TRUE(results[0] && results[1]);
  EXPECT_EQ(valuesOf(*results[0]), rows.scaled);
  EXPECT_EQ(valuesOf(*results[1]), rows.sums);
}

class Sessions : public ::testing::Test {
protected:
  ModelHandle model = openModel(artifactPath("scale"));
};

} // namespace

TEST_F(Sessions, ComputeAtManySizes) {
  for (int32_t threads : {1, 2, 3}) {
    SessionHandle session = makeSession(model.get(), threads);
    for (int64_t n : {1, 2, 3, 8, 100, 20000, 5}) {
      Rows rows(n);
      expectRight(session.get(), rows);
    }
  }
}

TEST_F(Sessions, NewOutputsAreOwnedAndAligned) {
  Rows rows(3);
  std::vector<TensorHandle> results;
  {
    SessionHandle session = makeSession(model.get());
    results = run(session.get(), rows);
    model.reset();
  }
  for (const TensorHandle &result : results) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(result->dl_tensor.data) % 64, 0u);
    EXPECT_EQ(result->dl_tensor.strides, nullptr);
    EXPECT_EQ(result->dl_tensor.shape[0], 3);
  }
  EXPECT_EQ(results[0]->dl_tensor.ndim, 2);
  EXPECT_EQ(valuesOf(*results[0]), rows.scaled);
}

TEST_F(Sessions, WriteToTheCallersOutputs) {
  SessionHandle session = makeSession(model.get(), 2);
  Rows rows(6);
  Tensor scaled({6, 4}), sums({6});
  DLManagedTensor first = scaled.managed(), second = sums.managed();
  DLManagedTensor *outputs[2] = {&first, &second};
  EXPECT_FINE(attune_session_run(session.get(), rows.inputs, 2, outputs, 2));
  EXPECT_EQ(scaled.data, rows.scaled);
  EXPECT_EQ(sums.data, rows.sums);
  EXPECT_EQ(outputs[0], &first);
}

TEST_F(Sessions, RefuseOutputsOfAnotherShape) {
  SessionHandle session = makeSession(model.get());
  Rows rows(6);
  Tensor sums({5});
  DLManagedTensor given = sums.managed();
  DLManagedTensor *outputs[2] = {nullptr, &given};
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "'sums' requires shape [6], but got [5]",
                attune_session_run(session.get(), rows.inputs, 2, outputs, 2));
  EXPECT_EQ(outputs[0], nullptr);
  EXPECT_EQ(sums.data, std::vector<float>(5));
  expectRight(session.get(), rows);
}

TEST_F(Sessions, RefuseWrongCalls) {
  SessionHandle session = makeSession(model.get());
  Rows rows(2);
  DLManagedTensor *outputs[2] = {};
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "2 inputs, but got 1",
                attune_session_run(session.get(), rows.inputs, 1, outputs, 2));
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "2 outputs, but got 0",
                attune_session_run(session.get(), rows.inputs, 2, nullptr, 0));
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "requires a session",
                attune_session_run(nullptr, rows.inputs, 2, outputs, 2));
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "tensors",
                attune_session_run(session.get(), nullptr, 2, outputs, 2));
  Tensor longer({3, 4});
  rows.inputs[1] = longer.dl();
  EXPECT_STATUS(ATTUNE_INVALID_SHAPE, "'n' to be 2 as in 'x', but got 3",
                attune_session_run(session.get(), rows.inputs, 2, outputs, 2));
}

TEST_F(Sessions, CheckTheirOptions) {
  attune_session_options_t options = ATTUNE_SESSION_OPTIONS_INIT;
  attune_session_t *session = nullptr;
  options.threads = -1;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "but got -1",
                attune_session_create(model.get(), &options, &session));
  options.threads = 1 << 20;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "threads",
                attune_session_create(model.get(), &options, &session));
  attune_allocator_t half = {nullptr, nullptr, nullptr};
  options = ATTUNE_SESSION_OPTIONS_INIT;
  options.allocator = &half;
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "both of its functions",
                attune_session_create(model.get(), &options, &session));
  options = {};
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "initialised",
                attune_session_create(model.get(), &options, &session));
  EXPECT_STATUS(ATTUNE_INVALID_ARGUMENT, "requires a model",
                attune_session_create(nullptr, nullptr, &session));
}

TEST_F(Sessions, OfSeveralThreadsShareAModel) {
  std::atomic<int> wrong{0};
  auto work = [&](float seed) {
    SessionHandle session = makeSession(model.get(), 2);
    for (int i = 0; i < 100; ++i) {
      Rows rows(1 + i * 7, seed);
      std::vector<TensorHandle> results = run(session.get(), rows);
      wrong += valuesOf(*results[0]) != rows.scaled;
      wrong += valuesOf(*results[1]) != rows.sums;
    }
  };
  std::thread first(work, 1.0f), second(work, 2.0f);
  first.join();
  second.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(Determinism, EqualBitsForANumberOfThreads) {
  ModelHandle model = openModel(artifactPath("product"));
  Tensor x({67, 129}), y({129, 301});
  for (Tensor *tensor : {&x, &y})
    for (size_t i = 0; i < tensor->data.size(); ++i)
      tensor->data[i] = 1.0f / static_cast<float>(i % 1009 + 1);
  DLTensor inputs[] = {x.dl(), y.dl()};
  for (int32_t threads : {1, 2, 5}) {
    std::vector<float> expected;
    // Neither the session's start nor its earlier runs count.
    for (int start = 0; start < 10; ++start) {
      SessionHandle session = makeSession(model.get(), threads);
      for (int run = 0; run < 3; ++run) {
        DLManagedTensor *output = nullptr;
        EXPECT_FINE(attune_session_run(session.get(), inputs, 2, &output, 1));
        TensorHandle result(output);
        std::vector<float> values = valuesOf(*result);
        if (expected.empty())
          expected = values;
        ASSERT_EQ(
            std::memcmp(values.data(), expected.data(), 4 * values.size()), 0);
      }
    }
  }
}
