// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/ThreadPool.h"

#include <algorithm>
#include <chrono>
#include <gtest/gtest.h>
#include <mutex>
#include <thread>

using namespace attune;

namespace {

struct Range {
  int64_t begin, end;
  bool operator<(const Range &other) const { return begin < other.begin; }
  bool operator==(const Range &other) const {
    return begin == other.begin && end == other.end;
  }
};

struct Recorder {
  std::mutex lock;
  std::vector<Range> ranges;

  static void body(void *self, int64_t begin, int64_t end) {
    auto &recorder = *static_cast<Recorder *>(self);
    std::lock_guard<std::mutex> guard(recorder.lock);
    recorder.ranges.push_back({begin, end});
  }
};

std::vector<Range> rangesOf(ThreadPool &pool, int64_t count, int64_t grain) {
  Recorder recorder;
  pool.parallelFor(Recorder::body, &recorder, count, grain);
  std::sort(recorder.ranges.begin(), recorder.ranges.end());
  return recorder.ranges;
}

} // namespace

TEST(ThreadPool, CoversEachElementOnceInWholeGrains) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(threads));
    EXPECT_EQ(pool.size(), threads);
    for (int64_t count : {1, 2, 7, 8, 63, 64, 65, 1000, 4097})
      for (int64_t grain : {1, 3, 8, 64, 5000}) {
        int64_t next = 0;
        for (Range range : rangesOf(pool, count, grain)) {
          ASSERT_EQ(range.begin, next);
          ASSERT_GT(range.end, range.begin);
          ASSERT_TRUE(range.end == count || range.end % grain == 0);
          next = range.end;
        }
        ASSERT_EQ(next, count) << threads << " threads, grain " << grain;
      }
  }
}

TEST(ThreadPool, UnusualCountsAndGrains) {
  ThreadPool pool;
  ASSERT_TRUE(pool.start(4));
  EXPECT_TRUE(rangesOf(pool, 0, 1).empty());
  EXPECT_TRUE(rangesOf(pool, -5, 1).empty());
  EXPECT_EQ(rangesOf(pool, 3, 0).back().end, 3);
  EXPECT_EQ(rangesOf(pool, 3, -1).back().end, 3);
  EXPECT_EQ(rangesOf(pool, INT64_MAX, INT64_MAX - 1).back().end, INT64_MAX);
  EXPECT_EQ(rangesOf(pool, INT64_MAX, 1).back().end, INT64_MAX);
}

TEST(ThreadPool, PartitionDependsOnTheNumberOfThreadsOnly) {
  ThreadPool first, second;
  ASSERT_TRUE(first.start(3));
  ASSERT_TRUE(second.start(3));
  std::vector<Range> expected = rangesOf(first, 1000, 8);
  EXPECT_GE(expected.size(), 3u);
  for (int i = 0; i < 200; ++i) {
    ASSERT_EQ(rangesOf(first, 1000, 8), expected);
    ASSERT_EQ(rangesOf(second, 1000, 8), expected);
  }
}

TEST(ThreadPool, LoopsFollowEachOtherClosely) {
  ThreadPool pool;
  ASSERT_TRUE(pool.start(4));
  std::atomic<int64_t> sum{0};
  auto body = [](void *sum, int64_t begin, int64_t end) {
    static_cast<std::atomic<int64_t> *>(sum)->fetch_add(end - begin);
  };
  int64_t expected = 0;
  for (int i = 0; i < 20000; ++i) {
    pool.parallelFor(body, &sum, i % 50 + 1, 1);
    expected += i % 50 + 1;
    ASSERT_EQ(sum.load(), expected);
  }
}

TEST(ThreadPool, WakesWorkersThatSleep) {
  ThreadPool pool;
  ASSERT_TRUE(pool.start(3));
  for (int i = 0; i < 5; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(rangesOf(pool, 64, 1).back().end, 64);
  }
}

TEST(ThreadPool, SeveralThreadsTakePart) {
  ThreadPool pool;
  ASSERT_TRUE(pool.start(2));
  // Each of the two waits until the other has come.
  std::atomic<int> arrived{0};
  auto body = [](void *arrived, int64_t, int64_t) {
    auto &count = *static_cast<std::atomic<int> *>(arrived);
    count.fetch_add(1);
    while (count.load() < 2)
      std::this_thread::yield();
  };
  pool.parallelFor(body, &arrived, 2, 1);
  EXPECT_EQ(arrived.load(), 2);
}

TEST(ThreadPool, LoopsInsideBodiesRunInLine) {
  struct Nest {
    ThreadPool pool;
    std::atomic<int64_t> sum{0};
    std::atomic<int> moved{0};
  } nest;
  ASSERT_TRUE(nest.pool.start(3));
  auto outer = [](void *captures, int64_t begin, int64_t end) {
    auto &nest = *static_cast<Nest *>(captures);
    for (int64_t i = begin; i < end; ++i) {
      struct Inner {
        Nest &nest;
        std::thread::id thread;
      } inner{nest, std::this_thread::get_id()};
      auto body = [](void *captures, int64_t begin, int64_t end) {
        auto &inner = *static_cast<Inner *>(captures);
        inner.nest.sum.fetch_add(end - begin);
        inner.nest.moved += std::this_thread::get_id() != inner.thread;
      };
      nest.pool.parallelFor(body, &inner, 10, 1);
    }
  };
  for (int i = 0; i < 100; ++i)
    nest.pool.parallelFor(outer, &nest, 20, 1);
  EXPECT_EQ(nest.sum.load(), 100 * 20 * 10);
  EXPECT_EQ(nest.moved.load(), 0);
}

TEST(ThreadPool, EndsWithoutEverRunning) {
  for (int i = 0; i < 50; ++i) {
    ThreadPool pool;
    ASSERT_TRUE(pool.start(4));
  }
}
