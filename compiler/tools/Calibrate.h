// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_TOOLS_CALIBRATE_H
#define ATTUNE_COMPILER_TOOLS_CALIBRATE_H

#include "compiler/Compiler.h"

#include <CLI/CLI.hpp>

namespace attune {

struct CalibrateOptions {
  std::vector<std::string> inputs; ///< archives, a run each
  double margin = 0.1;             ///< in shares of the width of a range
};

/// The options of `compile` that make polynomials of models.
void addPolynomialOptions(CLI::App &command, CompileOptions &options,
                          CalibrateOptions &calibrate);

/// Compiles the model with functions as they are, runs it on the inputs and
/// writes the ranges that the functions meet to `options.polynomial`. Reports
/// what goes wrong.
CompileStatus calibrate(const CompileOptions &options,
                        const CalibrateOptions &given);

} // namespace attune

#endif // ATTUNE_COMPILER_TOOLS_CALIBRATE_H
