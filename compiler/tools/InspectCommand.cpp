// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Commands.h"
#include "compiler/tools/Guard.h"
#include "compiler/tools/InspectOnnx.h"
#include "compiler/tools/OperatorsPage.h"
#include "runtime/tools/Options.h"

namespace attune {

static bool isOnnx(const std::string &path) {
  constexpr const char *ending = ".onnx";
  return path.size() > 5 && path.compare(path.size() - 5, 5, ending) == 0;
}

void addInspect(CLI::App &app, int &status) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App *command = app.add_subcommand(
      "inspect",
      "Describe a compiled model, or what an ONNX file holds and how "
      "its operators are supported");
  CLI::Option *file = command->add_option("file", options->model,
                                          "A compiled model, or a .onnx file");
  auto listOperators = std::make_shared<bool>(false);
  command
      ->add_flag(
          "--operators", *listOperators,
          "List all operators and how they are supported, as Markdown or "
          "(--json) as JSON")
      ->excludes(file);
  addInspectOptions(*command, *options);
  command->callback([options, listOperators, &status] {
    if (*listOperators) {
      printOperatorsPage(options->json);
      return;
    }
    if (options->model.empty())
      throw CLI::RequiredError("file");
    if (!isOnnx(options->model)) {
      status = inspectTool(*options);
      return;
    }
    status = static_cast<int>(workGuarded(
        [&] { return inspectOnnx(options->model, options->json); }));
  });
}

} // namespace attune
