// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Persistent threads for loops of microseconds.

#ifndef ATTUNE_RUNTIME_THREADPOOL_H
#define ATTUNE_RUNTIME_THREADPOOL_H

#include <atomic>
#include <cstdint>
#include <pthread.h>
#include <vector>

namespace attune {

using LoopBody = void (*)(void *captures, int64_t begin, int64_t end);

/// Loops over ranges on several threads, of which the caller is one. Ranges
/// depend on count, grain and the number of threads only; who runs which is
/// decided on the way, so that a thread that is late costs little.
class ThreadPool {
public:
  ThreadPool() = default;
  ThreadPool(const ThreadPool &) = delete;
  ThreadPool &operator=(const ThreadPool &) = delete;
  /// No loop may be running.
  ~ThreadPool();

  /// Starts `threads - 1` workers. False if the system refuses one; the pool
  /// then works with those that started.
  bool start(int threads);

  /// Threads that take part, the caller included.
  int size() const { return static_cast<int>(workers.size()) + 1; }

  /// Covers [0, count) by body(captures, begin, end), each range but the last a
  /// multiple of `grain` long. One caller at a time; in line inside a body.
  void parallelFor(LoopBody body, void *captures, int64_t count, int64_t grain);

  /// Processors that this process may use, at least 1.
  static int availableProcessors();

private:
  static void *workerMain(void *pool);
  void work();
  void runChunk(int64_t index);
  bool takeChunk(uint64_t &ticket);
  uint32_t awaitLoop(uint32_t seen);
  void awaitChunks();

  // The loop in progress. Written by the caller between loops, read only by
  // threads that hold one of its chunks.
  LoopBody body = nullptr;
  void *captures = nullptr;
  int64_t count = 0;
  int64_t chunkSize = 0;
  int32_t chunks = 0;

  // Number of the loop above, chunks left below: a thread that comes late
  // fails to take a chunk instead of taking one of the wrong loop.
  alignas(64) std::atomic<uint64_t> tickets{0};
  // Chunks not yet finished; a futex.
  alignas(64) std::atomic<int32_t> unfinished{0};
  std::atomic<bool> callerSleeps{false};
  // Number of the loop; a futex.
  alignas(64) std::atomic<uint32_t> loop{0};
  std::atomic<int32_t> sleepers{0};
  std::atomic<bool> stopping{false};
  int spins = 0;
  std::vector<pthread_t> workers;
};

} // namespace attune

#endif // ATTUNE_RUNTIME_THREADPOOL_H
