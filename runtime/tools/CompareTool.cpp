// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Status.h"
#include "runtime/ThreadPool.h"
#include "runtime/tools/CompareSides.h"
#include "runtime/tools/Drift.h"
#include "runtime/tools/Summary.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

using Json = nlohmann::ordered_json;

namespace attune {

namespace {

struct Row {
  std::string name;
  int64_t layer = -1; ///< -1: an output of the model's
  Drift drift;

  double metric(const std::string &metric) const {
    return metric == "max_abs"       ? drift.maxAbs
           : metric == "relative_l2" ? drift.relativeL2
           : metric == "cosine"      ? drift.cosine
                                     : drift.argmaxAgreement;
  }
};

class Comparison {
public:
  explicit Comparison(const CompareOptions &options)
      : options(options),
        threads(options.threads ? options.threads
                                : ThreadPool::availableProcessors()),
        candidate(options.candidate, threads),
        reference(options.reference, threads) {}

  void run();
  void print() const;
  std::string toJson() const;
  /// What is beyond the limits. Throws Error if a limit is about nothing.
  std::vector<std::string> broken() const;

private:
  void compareOutputs();
  void printRows(bool areLayers) const;
  Json rowsOf(bool areLayers) const;
  double speedup() const {
    return reference.medianMilliseconds() / candidate.medianMilliseconds();
  }

  const CompareOptions &options;
  int threads;
  Side candidate, reference;
  std::vector<Row> rows;
  std::vector<std::string> onlyCandidate, onlyReference;
};

} // namespace

void Comparison::run() {
  Inputs inputs = candidate.makeInputs(options);
  candidate.take(inputs);
  reference.take(inputs);
  for (int i = 0; i < options.warmup + options.repeat; ++i) {
    if (i == options.warmup)
      candidate.forgetTimes(), reference.forgetTimes();
    // Neither is always the one that finds the caches cold.
    Side &first = i % 2 ? reference : candidate;
    Side &second = i % 2 ? candidate : reference;
    first.run();
    second.run();
  }
  compareOutputs();
}

void Comparison::compareOutputs() {
  for (size_t i = 0; i < reference.outputCount(); ++i)
    if (candidate.findOutput(reference.outputName(i)) < 0)
      onlyReference.push_back(reference.outputName(i));
  for (size_t i = 0; i < candidate.outputCount(); ++i) {
    const std::string &name = candidate.outputName(i);
    int other = reference.findOutput(name);
    if (other < 0) {
      onlyCandidate.push_back(name);
      continue;
    }
    const DLTensor &own = candidate.output(i);
    const DLTensor &expected = reference.output(static_cast<size_t>(other));
    if (own.ndim != expected.ndim ||
        !std::equal(own.shape, own.shape + own.ndim, expected.shape))
      throw Error(ATTUNE_INVALID_SHAPE,
                  (describeTensor(name, own) + " of '" + candidate.name() +
                   "' requires the shape that it has in '" + reference.name() +
                   "', but that is " + describeTensor(name, expected))
                      .c_str());
    rows.push_back({name, candidate.layerOf(i), driftOf(own, expected)});
  }
  if (rows.empty())
    throw Error(ATTUNE_INVALID_ARGUMENT,
                ("'" + candidate.name() + "' and '" + reference.name() +
                 "' have no output in common")
                    .c_str());
}

static std::string numberText(const char *format, double value) {
  if (std::isnan(value))
    return "-";
  char text[64];
  std::snprintf(text, sizeof(text), format, value);
  return text;
}

void Comparison::printRows(bool areLayers) const {
  bool isFirst = true;
  for (const Row &row : rows) {
    if ((row.layer >= 0) != areLayers)
      continue;
    if (isFirst)
      std::printf("%-24s %10s %11s %10s %8s\n",
                  areLayers ? "layers" : "outputs", "max_abs", "relative_l2",
                  "cosine", "argmax");
    isFirst = false;
    std::printf("%-24s %10s %11s %10s %8s\n", row.name.c_str(),
                numberText("%.3e", row.drift.maxAbs).c_str(),
                numberText("%.3e", row.drift.relativeL2).c_str(),
                numberText("%.6f", row.drift.cosine).c_str(),
                numberText("%.4f", row.drift.argmaxAgreement).c_str());
    if (row.drift.unmatched)
      std::printf("  %lld elements are NaN or infinite in one of them only\n",
                  static_cast<long long>(row.drift.unmatched));
  }
}

void Comparison::print() const {
  printRows(/*areLayers=*/true);
  printRows(/*areLayers=*/false);
  for (const std::string &name : onlyCandidate)
    std::printf("%s: only in '%s'\n", name.c_str(), candidate.name().c_str());
  for (const std::string &name : onlyReference)
    std::printf("%s: only in '%s'\n", name.c_str(), reference.name().c_str());
  std::printf("median of %d runs, threads %d: %.3f ms, reference %.3f ms, "
              "speedup %.2f\n",
              options.repeat, threads, candidate.medianMilliseconds(),
              reference.medianMilliseconds(), speedup());
  std::fflush(stdout);
}

/// JSON has neither infinity nor NaN.
static Json numberOf(double value) {
  return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json Comparison::rowsOf(bool areLayers) const {
  Json list = Json::array();
  for (const Row &row : rows) {
    if ((row.layer >= 0) != areLayers)
      continue;
    Json entry = {{"name", row.name}};
    if (areLayers)
      entry["layer"] = row.layer;
    for (const char *metric :
         {"max_abs", "relative_l2", "cosine", "argmax_agreement"})
      entry[metric] = numberOf(row.metric(metric));
    entry["unmatched"] = row.drift.unmatched;
    list.push_back(std::move(entry));
  }
  return list;
}

std::string Comparison::toJson() const {
  Json report = {{"compare", 1},
                 {"candidate", candidate.name()},
                 {"reference", reference.name()},
                 {"layers", rowsOf(true)},
                 {"outputs", rowsOf(false)},
                 {"only_candidate", onlyCandidate},
                 {"only_reference", onlyReference},
                 {"time",
                  {{"runs", options.repeat},
                   {"threads", threads},
                   {"candidate_ms", candidate.medianMilliseconds()},
                   {"reference_ms", reference.medianMilliseconds()},
                   {"speedup", numberOf(speedup())}}},
                 {"memory",
                  {{"candidate_peak_bytes", candidate.peakBytes()},
                   {"reference_peak_bytes", reference.peakBytes()}}}};
  // Names of files need not be UTF-8.
  return report.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::vector<std::string> Comparison::broken() const {
  std::vector<std::string> found;
  for (const Limit &limit : options.limits) {
    bool isAbout = limit.metric == "speedup";
    auto test = [&](const std::string &name, double value) {
      if (limit.isBroken(value))
        found.push_back(name + " has " + limit.metric + " " +
                        numberText("%.6g", value) + ", which '" + limit.text +
                        "' forbids");
    };
    if (isAbout)
      test("'" + candidate.name() + "'", speedup());
    for (const Row &row : rows) {
      if (limit.metric == "speedup" ||
          (!limit.part.empty() && (limit.part == "layers") != (row.layer >= 0)))
        continue;
      double value = row.metric(limit.metric);
      // Rows without an argmax say nothing about it.
      if (limit.metric == "argmax_agreement" && std::isnan(value))
        continue;
      isAbout = true;
      test(row.name, value);
    }
    if (!isAbout)
      throw Error(ATTUNE_INVALID_ARGUMENT,
                  ("'" + limit.text +
                   "' is about nothing: there is no such "
                   "measure among what was compared")
                      .c_str());
  }
  return found;
}

ExitCode compareTool(const CompareOptions &options, std::string &result) {
  std::vector<std::string> broken;
  ExitCode code = guardTool([&] {
    Comparison comparison(options);
    comparison.run();
    result = comparison.toJson();
    if (options.json)
      std::puts(result.c_str());
    else
      comparison.print();
    broken = comparison.broken();
  });
  for (const std::string &message : broken)
    printError(message);
  return code == fine && !broken.empty() ? badInput : code;
}

ExitCode givesLayers(const std::string &artifact, bool &does) {
  return guardTool([&] { does = !layersOf(Model(artifact)).empty(); });
}

} // namespace attune
