// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Commands.h"
#include "runtime/tools/Options.h"

namespace attune {

static constexpr const char *footer = R"(
Types are not converted: an input must have the model's own. Types that NumPy
lacks (bfloat16) travel as numpy.savez writes those of ml_dtypes: raw items.

Examples:
  attune run model.so -i inputs.npz
  attune run decoder.so --generate -i input_ids=prompt.npy --max-new 32 --eos 2
  attune run model.so -i ids=ids.npy -i mask=mask.npy -o outputs.npz)";

void addRun(CLI::App &app, int &status) {
  auto options = std::make_shared<RunOptions>();
  CLI::App *command =
      app.add_subcommand("run", "Run a compiled model on inputs from files");
  command->footer(footer);
  command->add_option("model", options->model, "What `attune compile` wrote")
      ->required();
  addRunOptions(*command, *options);
  command->callback([options, &status] { status = runTool(*options); });
}

} // namespace attune
