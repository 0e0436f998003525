// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Compiler.h"
#include "compiler/Diagnostics.h"
#include "compiler/Emit.h"
#include "compiler/Load.h"
#include "compiler/Output.h"
#include "compiler/Pipeline.h"
#include "compiler/Report.h"
#include "dialects/attn/Attn.h"
#include "frontends/onnx/Nearest.h"
#include "passes/forms/Plan.h"
#include "passes/forms/Ranges.h"
#include "llvm/Support/FileSystem.h"

using namespace mlir;

namespace attune {

static CompileStatus report(const llvm::Twine &message, CompileStatus status) {
  llvm::errs() << "attune: error: " << printable(message.str()) << "\n";
  return status;
}

static CompileStatus report(llvm::Error error, CompileStatus status) {
  return report(llvm::toString(std::move(error)), status);
}

template <size_t size>
static void record(char (&field)[size], llvm::StringRef text) {
  text = text.take_front(size - 1);
  std::copy(text.begin(), text.end(), field);
  field[text.size()] = '\0';
}

llvm::Error checkOptions(const CompileOptions &options) {
  bool isEarly = options.emit == "import" || options.emit == "raise";
  auto requireStage = [&](llvm::StringRef name) {
    return llvm::createStringError(name +
                                   " requires a stage from 'forms' on, but "
                                   "--emit is '" +
                                   options.emit + "'");
  };
  if (isEarly && options.tapAttention)
    return requireStage("--tap-attention");
  if (isEarly && !options.polynomial.empty())
    return requireStage("--polynomial");
  if (options.report.empty())
    return llvm::Error::success();
  if (!isReportName(options.report))
    return llvm::createStringError("--report requires a name that ends with "
                                   ".json or .html, but got '" +
                                   options.report + "'");
  if (isSamePlace(options.report, options.output))
    return llvm::createStringError(
        "--report requires a name other than the output's, but got '" +
        options.report + "'");
  return isEarly ? requireStage("--report") : llvm::Error::success();
}

namespace {

class Compilation : PipelineWatcher {
public:
  Compilation(const CompileOptions &options, const Target &target)
      : options(options), target(target), context(registryOfAll()),
        diagnostics(&context, options.errorLimit), records(options.costSize),
        forReport(&context, [this](Diagnostic &diagnostic) {
          return success(!this->options.report.empty() &&
                         records.take(diagnostic));
        }) {}

  CompileStatus run() {
    enter("import");
    context.loadDialect<attn::AttnDialect>();
    if (llvm::Error error = checkFormSpecs(options.attention))
      return report("--attention " + llvm::toString(std::move(error)),
                    CompileStatus::badOptions);
    if (llvm::Error error = checkFiles())
      return report(std::move(error), CompileStatus::badModel);
    std::vector<std::string> inputs = {options.model};
    for (const std::string &file : {options.plan, options.polynomial})
      if (!file.empty())
        inputs.push_back(file);
    if (llvm::Error error = checkOutputs(inputs))
      return report(std::move(error), CompileStatus::badModel);
    Loaded loaded = loadModule(options, context);
    module = std::move(loaded.module);
    if (!module || loaded.isPartial) {
      if (module)
        reportRefused(*module);
      return fail(loaded.status);
    }
    if (llvm::Error error = checkOutputs(weightFiles(*module)))
      return report(std::move(error), CompileStatus::badModel);
    bool artifact = options.emit == "lib" || options.emit == "exe";
    PipelineOptions pipeline;
    pipeline.target = target;
    pipeline.stopAfter = artifact ? "" : options.emit;
    pipeline.dumpDir = options.dumpDir;
    pipeline.skipPasses = options.skipPasses;
    pipeline.attention = options.attention;
    pipeline.plan = options.plan;
    pipeline.allowPartial = options.allowPartial;
    pipeline.polynomial = options.polynomial;
    pipeline.tapFunctions = options.tapFunctions;
    pipeline.tapAttention = options.tapAttention;
    pipeline.explain = !options.report.empty();
    pipeline.costSize = options.costSize;
    pipeline.matchState = options.state == "auto";
    pipeline.fault = options.fault;
    pipeline.watcher = this;
    if (failed(runPipeline(*module, pipeline)))
      return stopped ? write(/*artifact=*/false)
                     : fail(CompileStatus::badModel);
    // Forms bring weights from files of their own.
    if (llvm::Error error = checkOutputs(weightFiles(*module)))
      return report(std::move(error), CompileStatus::badModel);
    enter("emit");
    return write(artifact && options.stopBefore != "emit");
  }

private:
  static DialectRegistry registryOfAll() {
    DialectRegistry registry;
    registerAll(registry);
    return registry;
  }

  /// Before the model is read, which may take long.
  llvm::Error checkFiles() const {
    if (!options.polynomial.empty())
      if (llvm::Error error = Ranges::read(options.polynomial).takeError())
        return error;
    return options.plan.empty() ? llvm::Error::success()
                                : readPlan(options.plan).takeError();
  }

  /// Neither the output nor the report takes the place of an input.
  llvm::Error checkOutputs(const std::vector<std::string> &inputs) const {
    llvm::Error error = checkOutput(options.output, inputs);
    if (!error && !options.report.empty())
      error = checkOutput(options.report, inputs);
    return error;
  }

  /// Beside the unfinished output; a report of what has no output is removed.
  llvm::Error writeReport() {
    if (options.report.empty() || !options.stopBefore.empty())
      return llvm::Error::success();
    auto opened = [&](llvm::StringRef temporary) {
      if (options.progress)
        record(options.progress->report, temporary);
    };
    llvm::Error error = attune::writeReport(
        records.finish(options.model, target.triple), options.report, opened);
    opened("");
    isReported = !error;
    return error;
  }

  void enter(llvm::StringRef stage) {
    if (options.progress)
      record(options.progress->stage, stage);
  }

  LogicalResult beforeStage(ModuleOp module, llvm::StringRef stage) override {
    enter(stage);
    // The signature is settled by now, and types are still the file's.
    if (stage == "raise")
      manifest = makeManifest(module, target);
    if (stage == "fuse" && (options.tapAttention || options.tapFunctions ||
                            !options.polynomial.empty()))
      manifest = extendManifest(module, manifest);
    stopped = stage == options.stopBefore;
    return failure(stopped);
  }

  void afterStage(ModuleOp module, llvm::StringRef stage) override {
    if (!options.report.empty())
      records.afterStage(module, stage);
  }

  void afterFailure(llvm::StringRef pass, bool isValid) override {
    isBug = isBug || !isValid;
  }

  /// Whose fault a failure is: who refuses a model says why.
  CompileStatus fail(CompileStatus status) {
    if (!diagnostics.errors())
      isBug = true;
    if (isBug)
      return CompileStatus::bug;
    return report("'" + options.model + "' was not compiled", status);
  }

  CompileStatus write(bool artifact) {
    auto opened = [&](llvm::StringRef temporary) {
      if (options.progress)
        record(options.progress->temporary, temporary);
    };
    llvm::Error error =
        writeWhole(options.output, opened, [&](llvm::StringRef path) {
          llvm::Error error =
              artifact ? writeBinary(path) : writeIr(*module, path);
          return error ? std::move(error) : writeReport();
        });
    opened("");
    if (!error)
      return CompileStatus::fine;
    if (isReported)
      llvm::sys::fs::remove(options.report);
    CompileStatus status = CompileStatus::badModel;
    llvm::visitErrors(error, [&](const llvm::ErrorInfoBase &info) {
      if (info.convertToErrorCode() == std::errc::state_not_recoverable)
        status = CompileStatus::bug;
    });
    return report(std::move(error), status);
  }

  /// A shared object, or a program that holds it.
  llvm::Error writeBinary(llvm::StringRef path) {
    if (options.emit == "lib")
      return writeArtifact(path);
    std::string artifact = (path + ".lib").str();
    llvm::Error error = writeArtifact(artifact);
    if (!error)
      error = makeExecutable(artifact, path);
    llvm::sys::fs::remove(artifact);
    return error;
  }

  llvm::Error writeArtifact(llvm::StringRef path) {
    if (llvm::Error error =
            emitSharedObject(*module, target, options.level, path))
      return error;
    return appendTrailer(*module, manifest, path);
  }

  const CompileOptions &options;
  const Target &target;
  MLIRContext context;
  Diagnostics diagnostics;
  Report records;
  ScopedDiagnosticHandler forReport;
  OwningOpRef<ModuleOp> module;
  std::string manifest;
  bool stopped = false, isBug = false, isReported = false;
};

} // namespace

CompileStatus compileFile(const CompileOptions &options) {
  llvm::Expected<Target> target = Target::forCpu(options.cpu);
  if (!target)
    return report(target.takeError(), CompileStatus::badOptions);
  std::vector<std::string> kinds = {"lib", "exe"};
  for (llvm::StringRef stage : stageNames())
    kinds.push_back(stage.str());
  if (!llvm::is_contained(kinds, options.emit))
    return report("unknown --emit '" + options.emit + "'; known are " +
                      llvm::join(kinds, ", ") + didYouMean(options.emit, kinds),
                  CompileStatus::badOptions);
  if (llvm::Error error = checkOptions(options))
    return report(std::move(error), CompileStatus::badOptions);
  return Compilation(options, *target).run();
}

} // namespace attune
