// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// attune: compiles model files and runs what it compiled.

#include "compiler/tools/Commands.h"

int main(int argc, char **argv) {
  CLI::App app("attune compiles transformer models to native code");
  app.require_subcommand(1);
  app.failure_message([](const CLI::App *, const CLI::Error &error) {
    return std::string("attune: error: ") + error.what() +
           "; `attune --help` tells more\n";
  });
  int status = 0;
  attune::addCompile(app, status);
  attune::addRun(app, status);
  attune::addBench(app, status);
  attune::addCompare(app, status);
  attune::addForms(app, status);
  attune::addInspect(app, status);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return status;
}
