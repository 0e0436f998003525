// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The command lines of the tools, which the launcher has in common with
// `attune`.

#ifndef ATTUNE_RUNTIME_TOOLS_OPTIONS_H
#define ATTUNE_RUNTIME_TOOLS_OPTIONS_H

#include "runtime/tools/Compare.h"

#include <CLI/CLI.hpp>

namespace attune {

/// Declare all options but the model. The options must outlive the parsing.
void addRunOptions(CLI::App &app, RunOptions &options);
void addBenchOptions(CLI::App &app, BenchOptions &options);
void addCompareOptions(CLI::App &app, CompareOptions &options);
void addInspectOptions(CLI::App &app, InspectOptions &options);

/// Adds NAME=N to `sizes`; false if the text is none or the name known.
bool parseDimArgument(const std::string &text,
                      std::map<std::string, int64_t> &sizes);

} // namespace attune

#endif // ATTUNE_RUNTIME_TOOLS_OPTIONS_H
