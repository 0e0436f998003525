// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Calibrate.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/Guard.h"
#include "llvm/ADT/StringExtras.h"

namespace attune {

static constexpr const char *footer = R"(
A model is an ONNX file (.onnx, opset 7 or later) or MLIR (.mlir, .mlirbc) of
attune's dialects. The result is a shared object with the weights behind it:
`attune run` and the runtime's C API execute it.

Examples:
  attune compile model.onnx -o model.so
  attune compile model.onnx -o model.so --dim batch=1,seq=1..512
  attune compile model.onnx -o model.so --cpu x86-64-v3
  attune compile model.onnx -o model.so --attention 'linear{eps=1e-6}@layers=0-3'
  attune compile model.onnx -o model.so --plan plan.json --allow-partial
  attune compile model.onnx -o model.so --polynomial ranges.json --calibrate inputs.npz
  attune compile model.onnx -o model.so --report report.html
  attune compile decoder.onnx -o decoder.so --state auto
  attune compile model.onnx -o model --emit exe
  attune compile model.onnx -o model.mlir --emit raise)";

static int64_t parseSize(llvm::StringRef text, const std::string &where) {
  int64_t size = 0;
  if (text.getAsInteger(10, size) || size < 0)
    throw CLI::ValidationError("--dim", "'" + text.str() + "' in '" + where +
                                            "' is no size");
  return size;
}

void parseDim(const std::string &text, std::map<std::string, DimRange> &dims) {
  auto [name, sizes] = llvm::StringRef(text).split('=');
  if (name.empty() || sizes.empty())
    throw CLI::ValidationError("--dim",
                               "'" + text + "' is not NAME=N or NAME=A..B");
  size_t dots = sizes.find("..");
  DimRange range;
  range.min = parseSize(sizes.substr(0, dots), text);
  range.max = dots == llvm::StringRef::npos
                  ? range.min
                  : parseSize(sizes.substr(dots + 2), text);
  if (range.max < range.min)
    throw CLI::ValidationError("--dim", "'" + text + "' is an empty range");
  if (!dims.emplace(name.str(), range).second)
    throw CLI::ValidationError("--dim", "'" + name.str() + "' is given twice");
}

void addFormOptions(CLI::App &command, std::string &plan,
                    std::vector<std::string> &attention, bool &allowPartial) {
  CLI::Option *given =
      command
          .add_option("--attention", attention,
                      "A form in the place of dense attention, an "
                      "approximation: FORM{key=value,...}@layers=0-3,5;heads="
                      "0-7 (all layers and heads if none are named); "
                      "`attune forms` lists them")
          ->allow_extra_args(false);
  command.add_option("--plan", plan, "A JSON file that says the same")
      ->excludes(given);
  command.add_flag("--allow-partial", allowPartial,
                   "Where a form cannot be applied, leave the layer dense, "
                   "with a warning, instead of failing");
  command.parse_complete_callback([&plan, &attention, &allowPartial] {
    if (allowPartial && plan.empty() && attention.empty())
      throw CLI::ValidationError("--allow-partial",
                                 "requires --attention or --plan");
  });
}

void addReportOptions(CLI::App &command, CompileOptions &options) {
  CLI::Option *report = command.add_option(
      "--report", options.report,
      "Where to tell what became of attention, at what predicted cost, and why "
      "not: FILE.json, or a page, FILE.html");
  command
      .add_option("--unknown-size", options.costSize,
                  "Stands for sizes that are not known in its predictions and "
                  "pictures")
      ->needs(report)
      ->check(CLI::Range(int64_t(1), int64_t(1) << 32))
      ->capture_default_str();
}

void addCompile(CLI::App &app, int &status) {
  auto options = std::make_shared<CompileOptions>();
  auto dims = std::make_shared<std::vector<std::string>>();
  auto attention = std::make_shared<std::vector<std::string>>();
  auto ranges = std::make_shared<CalibrateOptions>();
  CLI::App *command =
      app.add_subcommand("compile", "Compile a model file to a native binary");
  command->footer(footer);
  command
      ->add_option("model", options->model, "Model file: .onnx, .mlir, .mlirbc")
      ->required();
  command->add_option("-o,--output", options->output, "Where the binary goes")
      ->required();
  command
      ->add_option("--emit", options->emit,
                   "What to write: lib, exe (a program that runs the "
                   "model), or the IR after a stage")
      ->capture_default_str();
  command
      ->add_option("--cpu", options->cpu,
                   "Processor: native, x86-64-v3, x86-64-v4, ...")
      ->capture_default_str();
  command
      ->add_option("--dim", *dims,
                   "Sizes of an input's named dimension: NAME=N makes it "
                   "static, NAME=A..B gives its range")
      ->delimiter(',');
  addFormOptions(*command, options->plan, *attention, options->allowPartial);
  addPolynomialOptions(*command, *options, *ranges);
  command
      ->add_option("--state", options->state,
                   "auto: inputs past_key_values.N.key and the like, which "
                   "outputs present.N.key continue, become state that sessions "
                   "keep and update in place")
      ->check(CLI::IsMember({"off", "auto"}))
      ->capture_default_str();
  addReportOptions(*command, *options);
  command->add_flag("--tap-attention", options->tapAttention,
                    "Give what each attention computes as outputs, too: "
                    "attention.0 and so on, for `attune compare`");
  command->add_option("--dump-stages", options->dumpDir,
                      "Folder that gets each stage's IR");
  command
      ->add_option("--skip-pass", options->skipPasses,
                   "Leave out a pass, by the name that attune-opt has for "
                   "it, to find one that is at fault")
      ->allow_extra_args(false);
  command->add_option("-O", options->level, "Optimisation level, 0 to 3")
      ->check(CLI::Range(0, 3))
      ->capture_default_str();
  command
      ->add_option("--error-limit", options->errorLimit,
                   "How many errors to print; 0 prints all")
      ->capture_default_str();
  auto inProcess = std::make_shared<bool>(false);
  // For debuggers and for tests of what happens when a pass has a bug.
  command->add_flag("--in-process", *inProcess)->group("");
  command->add_option("--fault", options->fault)->group("");
  command->callback([options, dims, attention, ranges, inProcess, &status] {
    options->attention = llvm::join(*attention, " ");
    for (const std::string &dim : *dims)
      parseDim(dim, options->dims);
    status = 0;
    if (!ranges->inputs.empty())
      status = static_cast<int>(calibrate(*options, *ranges));
    if (status != 0)
      return;
    status = static_cast<int>(*inProcess ? compileFile(*options)
                                         : compileGuarded(*options));
  });
}

} // namespace attune
