// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/ThreadPool.h"

#include <algorithm>
#include <climits>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace attune {

// A worker that runs a body must not start a loop of its own: the pool has one
// loop at a time and would wait for itself.
static thread_local bool insideBody = false;

template <typename Word>
static void futexWait(const std::atomic<Word> &word, Word expected) {
  static_assert(sizeof(Word) == 4, "futexes are 32 bits");
  syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, nullptr, nullptr, 0);
}

template <typename Word>
static void futexWake(const std::atomic<Word> &word, int threads) {
  syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, threads, nullptr, nullptr, 0);
}

static void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

int ThreadPool::availableProcessors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0)
    return static_cast<int>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN)));
  return std::max(1, CPU_COUNT(&set));
}

bool ThreadPool::start(int threads) {
  // Spinning steals the time of the thread waited for when there are more
  // threads than processors.
  spins = threads <= availableProcessors() ? 2000 : 20;
  workers.reserve(static_cast<size_t>(std::max(0, threads - 1)));
  while (size() < threads) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, workerMain, this) != 0)
      return false;
    workers.push_back(thread);
  }
  return true;
}

ThreadPool::~ThreadPool() {
  stopping.store(true);
  loop.fetch_add(1);
  futexWake(loop, INT_MAX);
  for (pthread_t thread : workers)
    pthread_join(thread, nullptr);
}

void *ThreadPool::workerMain(void *pool) {
  insideBody = true;
  static_cast<ThreadPool *>(pool)->work();
  return nullptr;
}

void ThreadPool::work() {
  uint32_t seen = 0;
  while (true) {
    seen = awaitLoop(seen);
    if (stopping.load())
      return;
    uint64_t ticket;
    while (takeChunk(ticket))
      runChunk(chunks - static_cast<int32_t>(ticket & UINT32_MAX));
  }
}

// Returns the number of a loop after `seen`, once there is one.
uint32_t ThreadPool::awaitLoop(uint32_t seen) {
  for (int i = 0; i < spins; ++i) {
    uint32_t now = loop.load(std::memory_order_acquire);
    if (now != seen)
      return now;
    relax();
  }
  // The order of the two atomics matters here and in parallelFor(): either the
  // caller sees the sleeper or the futex sees the new number.
  sleepers.fetch_add(1);
  uint32_t now;
  while ((now = loop.load()) == seen)
    futexWait(loop, seen);
  sleepers.fetch_sub(1);
  return now;
}

bool ThreadPool::takeChunk(uint64_t &ticket) {
  ticket = tickets.load(std::memory_order_acquire);
  while ((ticket & UINT32_MAX) != 0)
    if (tickets.compare_exchange_weak(ticket, ticket - 1,
                                      std::memory_order_acq_rel,
                                      std::memory_order_acquire))
      return true;
  return false;
}

void ThreadPool::runChunk(int64_t index) {
  int64_t begin = index * chunkSize;
  // begin + chunkSize may exceed 63 bits in the last chunk.
  body(captures, begin, begin + std::min(count - begin, chunkSize));
  if (unfinished.fetch_sub(1) == 1 && callerSleeps.load())
    futexWake(unfinished, 1);
}

// Waits until the chunks that workers took are finished.
void ThreadPool::awaitChunks() {
  for (int i = 0; i < spins; ++i) {
    if (unfinished.load(std::memory_order_acquire) == 0)
      return;
    relax();
  }
  callerSleeps.store(true);
  int32_t left;
  while ((left = unfinished.load()) != 0)
    futexWait(unfinished, left);
  callerSleeps.store(false);
}

void ThreadPool::parallelFor(LoopBody loopBody, void *loopCaptures,
                             int64_t loopCount, int64_t grain) {
  if (loopCount <= 0)
    return;
  grain = std::max<int64_t>(grain, 1);
  if (workers.empty() || loopCount <= grain || insideBody)
    return loopBody(loopCaptures, 0, loopCount);
  // Four chunks a thread even out threads of unequal speed.
  int64_t grains = (loopCount - 1) / grain + 1;
  int64_t wanted = std::min<int64_t>(grains, 4 * int64_t(size()));
  int64_t grainsPerChunk = (grains - 1) / wanted + 1;
  body = loopBody;
  captures = loopCaptures;
  count = loopCount;
  chunkSize = grainsPerChunk * grain;
  chunks = static_cast<int32_t>((grains - 1) / grainsPerChunk + 1);
  unfinished.store(chunks, std::memory_order_relaxed);
  uint32_t number = loop.load(std::memory_order_relaxed) + 1;
  tickets.store(static_cast<uint64_t>(number) << 32 | uint32_t(chunks),
                std::memory_order_release);
  loop.store(number);
  int asleep = sleepers.load();
  if (asleep > 0)
    futexWake(loop, std::min(asleep, chunks - 1));
  insideBody = true;
  uint64_t ticket;
  while (takeChunk(ticket))
    runChunk(chunks - static_cast<int32_t>(ticket & UINT32_MAX));
  insideBody = false;
  awaitChunks();
}

} // namespace attune
