// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Commands.h"
#include "compiler/tools/InspectOnnx.h"
#include "frontends/onnx/ops/Passes.h"
#include "runtime/tools/Options.h"
#include "llvm/Support/raw_ostream.h"

namespace attune {

static bool isOnnx(const std::string &path) {
  constexpr const char *ending = ".onnx";
  return path.size() > 5 && path.compare(path.size() - 5, 5, ending) == 0;
}

static void printOperators() {
  llvm::outs() << "# ONNX operators\n\nThese have a lowering; others stand or "
                  "fall with the function body that ONNX defines for them.\n\n";
  for (llvm::StringRef name : loweredOperators())
    llvm::outs() << "- " << name << "\n";
}

void addInspect(CLI::App &app, int &status) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App *command = app.add_subcommand(
      "inspect", "Describe a compiled model, or an ONNX model's operators");
  command->add_option("file", options->model,
                      "A compiled model, or a .onnx file");
  auto listOperators = std::make_shared<bool>(false);
  command->add_flag(
      "--operators", *listOperators,
      "List the ONNX operators that have a lowering, as Markdown");
  addInspectOptions(*command, *options);
  command->callback([options, listOperators, &status] {
    if (*listOperators) {
      printOperators();
      return;
    }
    if (options->model.empty())
      throw CLI::RequiredError("file");
    if (!isOnnx(options->model)) {
      status = inspectTool(*options);
      return;
    }
    if (options->json)
      throw CLI::ValidationError("--json", "requires a compiled model, but got "
                                           "an ONNX file");
    status = inspectOnnx(options->model) ? fine : badInput;
  });
}

} // namespace attune
