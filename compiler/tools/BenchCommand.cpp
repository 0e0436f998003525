// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Commands.h"
#include "runtime/tools/Options.h"

namespace attune {

static constexpr const char *footer = R"(
Examples:
  attune bench model.so --dim batch=1,seq=128 --threads 1,2
  attune bench model.so -i inputs.npz --json)";

void addBench(CLI::App &app, int &status) {
  auto options = std::make_shared<BenchOptions>();
  CLI::App *command =
      app.add_subcommand("bench", "Measure how long a compiled model takes");
  command->footer(footer);
  command->add_option("model", options->model, "What `attune compile` wrote")
      ->required();
  addBenchOptions(*command, *options);
  command->callback([options, &status] { status = benchTool(*options); });
}

} // namespace attune
