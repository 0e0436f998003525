// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Status.h"
#include "runtime/ThreadPool.h"
#include "runtime/tools/Inputs.h"
#include "runtime/tools/Options.h"
#include "runtime/tools/Tool.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

namespace attune {

namespace {

struct Timing {
  int threads;
  /// Milliseconds of each run, ascending.
  std::vector<double> runs;
  /// The run that a share of all runs is not slower than.
  double quantile(double share) const {
    auto at = static_cast<size_t>(share * static_cast<double>(runs.size()));
    return runs[std::min(at, runs.size() - 1)];
  }
};

} // namespace

static Timing measure(const Model &model, const Inputs &inputs, int threads,
                      const BenchOptions &options) {
  Session session(model, threads);
  Timing timing = {threads, {}};
  for (int i = 0; i < options.warmup; ++i)
    session.run(inputs.tensors);
  for (int i = 0; i < options.repeat; ++i) {
    auto begin = std::chrono::steady_clock::now();
    std::vector<Tensor> outputs = session.run(inputs.tensors);
    std::chrono::duration<double, std::milli> taken =
        std::chrono::steady_clock::now() - begin;
    timing.runs.push_back(taken.count());
  }
  std::sort(timing.runs.begin(), timing.runs.end());
  return timing;
}

static void print(const Timing &timing) {
  std::printf("threads %d: min %.3f ms, median %.3f ms, p90 %.3f ms of %zu "
              "runs\n",
              timing.threads, timing.runs.front(), timing.quantile(0.5),
              timing.quantile(0.9), timing.runs.size());
  std::fflush(stdout);
}

static void printJson(const BenchOptions &options,
                      const std::vector<Timing> &timings) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (const Timing &timing : timings)
    results.push_back({{"threads", timing.threads},
                       {"runs", timing.runs.size()},
                       {"min_ms", timing.runs.front()},
                       {"median_ms", timing.quantile(0.5)},
                       {"p90_ms", timing.quantile(0.9)}});
  nlohmann::ordered_json report = {{"model", options.model},
                                   {"results", std::move(results)}};
  // Names of files need not be UTF-8.
  std::puts(report.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                .c_str());
}

ExitCode benchTool(const BenchOptions &options) {
  return guardTool([&] {
    Model model(options.model);
    std::map<std::string, int64_t> sizes;
    for (const std::string &dim : options.dims)
      if (!parseDimArgument(dim, sizes))
        check(makeStatus(ATTUNE_INVALID_ARGUMENT, "size '%s' is given twice",
                         dim.c_str()));
    Inputs inputs = options.inputs.empty() ? makeInputs(model, sizes)
                                           : readInputs(model, options.inputs);
    std::vector<Timing> timings;
    for (int threads : options.threads) {
      if (threads == 0)
        threads = ThreadPool::availableProcessors();
      timings.push_back(measure(model, inputs, threads, options));
      if (!options.json)
        print(timings.back());
    }
    if (options.json)
      printJson(options, timings);
  });
}

} // namespace attune
