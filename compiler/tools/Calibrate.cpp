// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Calibrate.h"
#include "compiler/Output.h"
#include "compiler/tools/Guard.h"
#include "passes/forms/RangeTaps.h"
#include "passes/forms/Ranges.h"
#include "runtime/tools/Inputs.h"
#include "runtime/tools/Tool.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

#include <cmath>

namespace json = llvm::json;

namespace attune {

void addPolynomialOptions(CLI::App &command, CompileOptions &options,
                          CalibrateOptions &calibrate) {
  CLI::Option *polynomial = command.add_option(
      "--polynomial", options.polynomial,
      "A JSON file of ranges, over which polynomials take the place of all "
      "functions (norms, activations, quotients, ...); fails if anything else "
      "is left");
  CLI::Option *inputs =
      command
          .add_option("--calibrate", calibrate.inputs,
                      "Inputs (.npz) to find these ranges with: the file is "
                      "written before it is read")
          ->allow_extra_args(false)
          ->needs(polynomial);
  command
      .add_option("--margin", calibrate.margin,
                  "How much wider ranges become than what was found, on either "
                  "side, as a share of the width")
      ->needs(inputs)
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
}

namespace {

[[noreturn]] void refuse(const std::string &reason) {
  throw Error(ATTUNE_INVALID_ARGUMENT, reason.c_str());
}

/// What a function met: "gelu /layer.0/Gelu".
struct Met {
  double low = INFINITY, high = -INFINITY;
  bool hasNan = false;
};
using AllMet = std::map<std::string, Met>;

double numberOf(const Tensor &tensor) {
  return tensor.dtype().bits == 64 ? *tensor.data<double>()
                                   : *tensor.data<float>();
}

/// Runs the model once.
void observe(const Model &model, const std::string &file, AllMet &all) {
  Inputs inputs = readInputs(model, {file});
  std::vector<Tensor> outputs = Session(model).run(inputs.tensors);
  for (size_t i = 0; i < outputs.size(); ++i) {
    llvm::StringRef name = model.output(i).name;
    bool isLow = name.consume_front(lowTap);
    if (!isLow && !name.consume_front(highTap))
      continue;
    Met &met = all[name.str()];
    double number = numberOf(outputs[i]);
    met.hasNan = met.hasNan || std::isnan(number);
    if (isLow)
      met.low = std::min(met.low, number);
    else
      met.high = std::max(met.high, number);
  }
}

/// The range with a margin. What stays above 0 does so by a quotient.
attn::Stand widened(attn::PolyFunction function, const Met &met,
                    double margin) {
  attn::Stand stand{function, met.low, met.high};
  if (stand.isIterated()) {
    stand.low = met.low / (1 + margin);
    stand.high = met.high * (1 + margin);
  } else {
    stand.low -= margin * (met.high - met.low);
    stand.high += margin * (met.high - met.low);
  }
  if (stand.low < stand.high)
    return stand;
  // One number only.
  double room = 1e-3 * std::max(std::abs(met.low), 1e-3);
  stand.low -= room;
  stand.high += room;
  return stand;
}

/// An entry of the file; an error that says why there can be none.
json::Object entryOf(const std::string &site, const Met &met, double margin) {
  auto [function, node] = llvm::StringRef(site).split(' ');
  attn::Stand stand =
      widened(*attn::symbolizePolyFunction(function), met, margin);
  std::string fault = stand.rangeFault();
  if (met.hasNan)
    fault = "met NaN";
  if (!fault.empty())
    refuse("'" + function.str() + "' at node '" + node.str() +
           "' cannot become a polynomial with these inputs: " + fault);
  return json::Object{{"node", json::fixUTF8(node)},
                      {"function", function},
                      {"low", stand.low},
                      {"high", stand.high}};
}

void writeRanges(const AllMet &all, double margin, const std::string &path) {
  json::Array ranges;
  for (const auto &[site, met] : all)
    ranges.push_back(entryOf(site, met, margin));
  json::Object file{{"version", 1},
                    {"degree", usualDegree},
                    {"tolerance", usualTolerance},
                    {"ranges", std::move(ranges)}};
  auto write = [&](llvm::StringRef temporary) -> llvm::Error {
    std::error_code code;
    llvm::raw_fd_ostream stream(temporary, code);
    if (code)
      return ioError(code, "cannot write '" + path + "'");
    stream << llvm::formatv("{0:2}", json::Value(std::move(file))) << "\n";
    return finishWriting(stream, path);
  };
  if (llvm::Error error = writeWhole(path, [](llvm::StringRef) {}, write))
    refuse(llvm::toString(std::move(error)));
}

/// A file that goes away.
struct Temporary {
  Temporary() {
    valid = !llvm::sys::fs::createTemporaryFile("attune-calibrate", "so", path);
  }
  ~Temporary() { llvm::sys::fs::remove(path); }
  llvm::SmallString<128> path;
  bool valid;
};

} // namespace

CompileStatus calibrate(const CompileOptions &options,
                        const CalibrateOptions &given) {
  if (llvm::Error error = checkOptions(options)) {
    printError(llvm::toString(std::move(error)));
    return CompileStatus::badOptions;
  }
  Temporary binary;
  CompileOptions tapped = options;
  tapped.polynomial.clear();
  tapped.tapFunctions = true;
  tapped.emit = "lib";
  tapped.dumpDir.clear();
  // They are those of the polynomials.
  tapped.report.clear();
  tapped.tapAttention = false;
  tapped.output = binary.path.str().str();
  ExitCode code = guardTool([&] {
    std::vector<std::string> inputs = given.inputs;
    inputs.push_back(options.model);
    if (!binary.valid)
      refuse("cannot make a temporary file");
    if (llvm::Error error = checkOutput(options.polynomial, inputs))
      refuse(llvm::toString(std::move(error)));
    // Before time goes into a model.
    for (const std::string &file : given.inputs)
      readArrays({file});
  });
  if (code != fine)
    return static_cast<CompileStatus>(code);
  CompileStatus status = compileGuarded(tapped);
  if (status != CompileStatus::fine)
    return status;
  return static_cast<CompileStatus>(guardTool([&] {
    AllMet all;
    Model model(tapped.output);
    for (const std::string &file : given.inputs)
      observe(model, file, all);
    writeRanges(all, given.margin, options.polynomial);
  }));
}

} // namespace attune
