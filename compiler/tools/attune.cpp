// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// attune: compiles model files.

#include "compiler/Compiler.h"
#include <CLI/CLI.hpp>

int main(int argc, char **argv) {
  CLI::App app("attune compiles transformer models to native code");
  app.require_subcommand(1);
  attune::CompileOptions options;
  CLI::App *compile =
      app.add_subcommand("compile", "Compile a model file to a native binary");
  compile->add_option("model", options.model, "Model file: .mlir, .mlirbc")
      ->required()
      ->check(CLI::ExistingFile);
  compile->add_option("-o,--output", options.output, "Where the binary goes")
      ->required();
  compile->add_option("--emit", options.emit,
                      "What to write: lib, or the IR after a stage")
      ->capture_default_str();
  compile->add_option("--cpu", options.cpu,
                      "Processor: native, x86-64-v3, x86-64-v4, ...")
      ->capture_default_str();
  compile->add_option("--dump-stages", options.dumpDir,
                      "Folder that gets each stage's IR");
  compile->add_option("-O", options.level, "Optimisation level, 0 to 3")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return static_cast<int>(attune::compileFile(options));
}
