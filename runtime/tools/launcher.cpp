// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model as a program: this launcher with an artifact behind it.

#include "runtime/tools/Options.h"

#include <algorithm>
#include <unistd.h>

using namespace attune;

/// Path of this program; sidecars of weights lie beside it.
static std::string ownPath() {
  std::string path(4096, '\0');
  ssize_t length = readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0 || static_cast<size_t>(length) == path.size())
    return "/proc/self/exe";
  path.resize(static_cast<size_t>(length));
  return path;
}

/// Takes `flag` off the command line; whether it was there.
static bool takeFlag(std::vector<std::string> &arguments, const char *flag) {
  auto end = std::remove(arguments.begin(), arguments.end(), flag);
  bool found = end != arguments.end();
  arguments.erase(end, arguments.end());
  return found;
}

static int parse(CLI::App &app, std::vector<std::string> arguments) {
  try {
    // CLI11 takes vectors last argument first.
    std::reverse(arguments.begin(), arguments.end());
    app.parse(arguments);
    return -1;
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? fine : badOptions;
  }
}

int main(int argc, char **argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  bool bench = takeFlag(arguments, "--bench");
  bool inspect = takeFlag(arguments, "--inspect");
  if (bench && inspect) {
    printError("--bench and --inspect exclude each other");
    return badOptions;
  }
  RunOptions run;
  BenchOptions benchOptions;
  InspectOptions inspectOptions;
  run.model = benchOptions.model = inspectOptions.model = ownPath();
  CLI::App app("a compiled model: runs it, or measures it (--bench), or "
               "describes it (--inspect)",
               argc > 0 ? argv[0] : "model");
  app.footer("--bench and --inspect have options of their own: see --bench "
             "--help");
  if (bench)
    addBenchOptions(app, benchOptions);
  else if (inspect)
    addInspectOptions(app, inspectOptions);
  else
    addRunOptions(app, run);
  int code = parse(app, std::move(arguments));
  if (code >= 0)
    return code;
  return bench     ? benchTool(benchOptions)
         : inspect ? inspectTool(inspectOptions)
                   : runTool(run);
}
