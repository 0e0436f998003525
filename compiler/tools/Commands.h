// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The subcommands of the tool, one file each.

#ifndef ATTUNE_COMPILER_TOOLS_COMMANDS_H
#define ATTUNE_COMPILER_TOOLS_COMMANDS_H

#include "compiler/Compiler.h"

#include <CLI/CLI.hpp>

namespace attune {

/// Adds a subcommand. If the command line names it, parsing runs it and sets
/// `status` to the exit code: 0 fine, 1 the model or input is at fault, 2 the
/// command line is, 3 attune is.
void addCompare(CLI::App &app, int &status);
void addCompile(CLI::App &app, int &status);
void addRun(CLI::App &app, int &status);
void addBench(CLI::App &app, int &status);
void addForms(CLI::App &app, int &status);
void addInspect(CLI::App &app, int &status);

/// The options that choose forms, which commands have in common.
void addFormOptions(CLI::App &command, std::string &plan,
                    std::vector<std::string> &attention, bool &allowPartial);

/// Where a report goes, and what its predictions are for.
void addReportOptions(CLI::App &command, CompileOptions &options);

/// Adds NAME=N or NAME=A..B; throws CLI::ValidationError if it is neither.
void parseDim(const std::string &text, std::map<std::string, DimRange> &dims);

} // namespace attune

#endif // ATTUNE_COMPILER_TOOLS_COMMANDS_H
