// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Output.h"
#include "compiler/Report.h"
#include "compiler/tools/Commands.h"
#include "compiler/tools/Guard.h"
#include "runtime/tools/Options.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Signals.h"

namespace json = llvm::json;

namespace attune {

static constexpr const char *footer = R"(
The first is what is judged, the second what it should compute: what `attune
compile` wrote, or model files (.onnx, .mlir, .mlirbc), which are compiled first.
--attention or --plan put forms into the first; without a second it is compared
with itself without them. Drift is told for the attention of each layer, where
both give it, and for each output.

Examples:
  attune compare model.onnx --attention 'linear@layers=0-3' -i inputs.npz
  attune compare model.so model.onnx -i inputs.npz --report drift.html
  attune compare new.so old.so -i inputs.npz --fail-if 'max_abs>1e-3'
  attune compare model.onnx --plan plan.json --dim batch=1,seq=512 --json)";

static bool isModelFile(llvm::StringRef path) {
  return path.ends_with(".onnx") || path.ends_with(".mlir") ||
         path.ends_with(".mlirbc");
}

namespace {

/// A file that is gone when the comparison is.
class TemporaryFile {
public:
  llvm::Error create(llvm::StringRef ending) {
    if (std::error_code code =
            llvm::sys::fs::createTemporaryFile("attune-compare", ending, path))
      return ioError(code, "cannot make a temporary file");
    llvm::sys::RemoveFileOnSignal(path);
    return llvm::Error::success();
  }
  ~TemporaryFile() {
    if (path.empty())
      return;
    llvm::sys::fs::remove(path);
    llvm::sys::DontRemoveFileOnSignal(path);
  }
  std::string name() const { return path.str().str(); }

private:
  llvm::SmallString<128> path;
};

struct CompareArguments {
  std::string candidate, reference;
  CompileOptions forms; ///< of the candidate, and its report
  std::vector<std::string> attention, dims;
  bool noLayers = false;
  CompareOptions run;
};

class CompareCommand {
public:
  explicit CompareCommand(CompareArguments &arguments) : given(arguments) {}
  int run();

private:
  bool checkArguments();
  int compileSide(const std::string &model, CompileOptions options,
                  CompareSide &side, TemporaryFile &file);
  int compileBoth();
  llvm::Expected<json::Object> compiledReport() const;
  llvm::Error writeComparison(llvm::StringRef result);
  bool hasForms() const {
    return !given.attention.empty() || !given.forms.plan.empty();
  }

  CompareArguments &given;
  TemporaryFile candidate, reference, report;
};

} // namespace

static int fail(const llvm::Twine &message, ExitCode code) {
  printError(message.str());
  return code;
}

static int fail(llvm::Error error) {
  return fail(llvm::toString(std::move(error)), badInput);
}

/// Says what is wrong with the command line, before anything takes time.
bool CompareCommand::checkArguments() {
  const std::string &path = given.forms.report;
  if (hasForms() && !isModelFile(given.candidate))
    return fail(
               "--attention and --plan require a model file to put forms into, "
               "but '" +
                   given.candidate + "' is none",
               badOptions),
           false;
  if (given.reference.empty()) {
    if (!isModelFile(given.candidate))
      return fail("requires something to compare '" + given.candidate +
                      "' with: a model file or what was compiled of one",
                  badOptions),
             false;
    given.reference = given.candidate;
  }
  if (given.forms.costSize != CompileOptions().costSize &&
      !isModelFile(given.candidate))
    return fail("--unknown-size requires a model file to predict for, but '" +
                    given.candidate + "' is none",
                badOptions),
           false;
  if (!path.empty() && !isReportName(path))
    return fail("--report requires a name that ends with .json or .html, but "
                "got '" +
                    path + "'",
                badOptions),
           false;
  bool anyModel = isModelFile(given.candidate) || isModelFile(given.reference);
  if (!given.run.inputs.empty() &&
      (!given.run.sizes.empty() || (!given.forms.dims.empty() && !anyModel)))
    return fail("--dim gives sizes of models that are compiled or of inputs "
                "that "
                "are made up, and there are none",
                badOptions),
           false;
  std::vector<std::string> inputs = {given.candidate, given.reference};
  if (!given.forms.plan.empty())
    inputs.push_back(given.forms.plan);
  for (const std::string &input : given.run.inputs) {
    size_t equals = input.find('=');
    inputs.push_back(input);
    if (equals != std::string::npos)
      inputs.push_back(input.substr(equals + 1));
  }
  if (!path.empty())
    if (llvm::Error error = checkOutput(path, inputs))
      return fail(llvm::toString(std::move(error)), badOptions), false;
  return true;
}

/// An artifact as it is, or one that is compiled from a model file.
int CompareCommand::compileSide(const std::string &model,
                                CompileOptions options, CompareSide &side,
                                TemporaryFile &file) {
  side = {model, model};
  if (!isModelFile(model))
    return fine;
  if (llvm::Error error = file.create("so"))
    return fail(std::move(error));
  options.model = model;
  options.output = side.artifact = file.name();
  return static_cast<int>(compileGuarded(options));
}

int CompareCommand::compileBoth() {
  bool withLayers = !given.noLayers;
  if (withLayers && !isModelFile(given.candidate)) {
    withLayers = false;
    if (int code = givesLayers(given.candidate, withLayers))
      return code;
  }
  CompileOptions plain;
  plain.dims = given.forms.dims;
  plain.tapAttention = withLayers;
  CompileOptions forms = given.forms;
  forms.attention = llvm::join(given.attention, " ");
  forms.tapAttention = withLayers;
  forms.report.clear();
  if (!given.forms.report.empty() && isModelFile(given.candidate)) {
    if (llvm::Error error = report.create("json"))
      return fail(std::move(error));
    forms.report = report.name();
  }
  CompareOptions &run = given.run;
  if (int code = compileSide(given.candidate, forms, run.candidate, candidate))
    return code;
  if (int code = compileSide(given.reference, plain, run.reference, reference))
    return code;
  if (hasForms() && given.candidate == given.reference)
    run.candidate.name += " with forms";
  return fine;
}

/// What the compilation of the candidate told, or what is known of an artifact.
llvm::Expected<json::Object> CompareCommand::compiledReport() const {
  if (report.name().empty())
    return json::Object{{"attune_report", reportVersion},
                        {"model", json::fixUTF8(given.candidate)}};
  auto text = llvm::MemoryBuffer::getFile(report.name());
  if (!text)
    return ioError(text.getError(), "cannot read '" + report.name() + "'");
  llvm::Expected<json::Value> value = json::parse((*text)->getBuffer());
  if (!value)
    return value.takeError();
  return *value->getAsObject();
}

llvm::Error CompareCommand::writeComparison(llvm::StringRef result) {
  llvm::Expected<json::Object> told = compiledReport();
  if (!told)
    return told.takeError();
  llvm::Expected<json::Value> compared = json::parse(result);
  if (!compared)
    return compared.takeError();
  json::Object &comparison = *compared->getAsObject();
  if (const json::Object *cost = told->getObject("cost")) {
    double before = *cost->getObject("before")->getNumber("flops");
    double after = *cost->getObject("after")->getNumber("flops");
    if (after > 0)
      (*comparison.getObject("time"))["predicted_speedup"] = before / after;
  }
  (*told)["comparison"] = std::move(comparison);
  return writeReport(*told, given.forms.report, [](llvm::StringRef) {});
}

int CompareCommand::run() {
  if (!checkArguments())
    return badOptions;
  if (int code = compileBoth())
    return code;
  std::string result;
  int code = compareTool(given.run, result);
  // Limits that are broken are no reason to tell less.
  if (!result.empty() && !given.forms.report.empty())
    if (llvm::Error error = writeComparison(result))
      return fail(std::move(error));
  return code;
}

/// A size that has no name is one of an input only.
static void readDims(CompareArguments &arguments) {
  for (const std::string &dim : arguments.dims) {
    if (dim.find('[') == std::string::npos)
      parseDim(dim, arguments.forms.dims);
    else if (!parseDimArgument(dim, arguments.run.sizes))
      throw CLI::ValidationError("--dim", "'" + dim +
                                              "' is not INPUT[DIM]=N, or given "
                                              "twice");
  }
  // What is compiled here has its sizes by then.
  if (!isModelFile(arguments.candidate) && arguments.run.inputs.empty())
    for (const auto &[name, range] : arguments.forms.dims)
      if (range.min == range.max)
        arguments.run.sizes[name] = range.min;
}

void addCompare(CLI::App &app, int &status) {
  auto arguments = std::make_shared<CompareArguments>();
  CLI::App *command = app.add_subcommand(
      "compare", "Measure how far a model with forms, or another binary, is "
                 "from a model");
  command->footer(footer);
  command
      ->add_option("candidate", arguments->candidate,
                   "What is judged: a binary or a model file")
      ->required();
  command->add_option("reference", arguments->reference,
                      "What it should compute; without one, the model file "
                      "without forms");
  addFormOptions(*command, arguments->forms.plan, arguments->attention,
                 arguments->forms.allowPartial);
  command
      ->add_option("--dim", arguments->dims,
                   "Sizes of named dimensions, NAME=N or NAME=A..B, as "
                   "`attune compile` takes them; without -i also those of "
                   "inputs, which are then made up, and INPUT[DIM]=N where a "
                   "size has no name")
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_flag("--no-layers", arguments->noLayers,
                    "Compare outputs only: times are then those of the models "
                    "as they are");
  addCompareOptions(*command, arguments->run);
  addReportOptions(*command, arguments->forms);
  command->callback([arguments, &status] {
    readDims(*arguments);
    status = CompareCommand(*arguments).run();
  });
}

} // namespace attune
