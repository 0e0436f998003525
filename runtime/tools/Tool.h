// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `attune run`, `attune bench`, `attune inspect` and the launcher share.
// None of it needs the compiler.

#ifndef ATTUNE_RUNTIME_TOOLS_TOOL_H
#define ATTUNE_RUNTIME_TOOLS_TOOL_H

#include "attune/attune.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace attune {

/// Exit codes of the tools.
enum ExitCode { fine = 0, badInput = 1, badOptions = 2, bug = 3 };

/// How a decoder continues a prompt.
struct GenerateOptions {
  attune_sampling_t sampling = ATTUNE_SAMPLING_INIT;
  int64_t maxNew = 64;
  std::vector<int64_t> eos;
  int64_t pad = 0;
  int64_t prefillChunk = 512;
  int64_t capacity = 0;
};

struct RunOptions {
  std::string model;
  /// FILE.npz or NAME=FILE.npy.
  std::vector<std::string> inputs;
  /// Archive of the outputs; empty: a summary is printed instead.
  std::string output;
  int threads = 0;
  int repeat = 1;
  bool generate = false;
  GenerateOptions generation;
};

struct BenchOptions {
  std::string model;
  std::vector<std::string> inputs;
  /// NAME=N: sizes of the inputs that are made up.
  std::vector<std::string> dims;
  /// A measurement for each; 0 is one thread for each processor.
  std::vector<int> threads = {0};
  int repeat = 20;
  int warmup = 3;
  bool json = false;
};

struct InspectOptions {
  std::string model;
  bool json = false;
};

/// Runs a model once or more and writes or sums up its outputs.
ExitCode runTool(const RunOptions &options);
/// Continues a prompt, printing tokens as they come.
ExitCode generateTool(const RunOptions &options);
/// Measures runs.
ExitCode benchTool(const BenchOptions &options);
/// Describes an artifact, which may be one for another machine.
ExitCode inspectTool(const InspectOptions &options);

/// Prints "attune: error: ...".
void printError(const std::string &message);
/// Runs `body`; prints the exception that leaves it and gives its code.
ExitCode guardTool(const std::function<void()> &body);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_TOOL_H
