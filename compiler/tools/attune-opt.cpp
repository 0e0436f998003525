// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// attune-opt: every pass and stage of attune on IR, in the manner of mlir-opt.

#include "compiler/Pipeline.h"
#include "frontends/onnx/contrib/Passes.h"
#include "frontends/onnx/ops/Passes.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "passes/codegen/Passes.h"
#include "passes/forms/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/raise/Passes.h"

using namespace mlir;

namespace {

/// `--attune-stages`: the compiler's own stages on a module.
struct RunStages : PassWrapper<RunStages, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RunStages)
  RunStages() = default;
  RunStages(const RunStages &other) : PassWrapper(other) {}

  StringRef getArgument() const override { return "attune-stages"; }
  StringRef getDescription() const override {
    return "Run the compiler's stages, in order";
  }
  void getDependentDialects(DialectRegistry &registry) const override {
    attune::registerAll(registry);
  }
  void runOnOperation() override {
    llvm::Expected<attune::Target> target = attune::Target::forCpu(cpu);
    if (!target) {
      getOperation().emitError(llvm::toString(target.takeError()));
      return signalPassFailure();
    }
    attune::PipelineOptions options;
    options.target = *target;
    options.stopAfter = stopAfter;
    options.dumpDir = dumpDir;
    options.attention = attention;
    options.startAt = startAt;
    if (failed(attune::runPipeline(getOperation(), options)))
      signalPassFailure();
  }

  Option<std::string> cpu{*this, "cpu", llvm::cl::init("native"),
                          llvm::cl::desc("Processor to make code for")};
  Option<std::string> startAt{*this, "start-at",
                              llvm::cl::desc("First stage to run")};
  Option<std::string> stopAfter{*this, "stop-after",
                                llvm::cl::desc("Last stage to run")};
  Option<std::string> dumpDir{
      *this, "dump-stages", llvm::cl::desc("Write each stage's result there")};
  Option<std::string> attention{
      *this, "attention", llvm::cl::desc("Forms in the place of attention")};
};

} // namespace

/// `--attune-stop-after=S` and `--dump-stages=D` stand for the options of
/// `--attune-stages` with these names.
static std::vector<std::string> withStages(int argc, char **argv) {
  std::vector<std::string> arguments;
  std::string options;
  for (StringRef argument : ArrayRef(argv, argc)) {
    if (argument.consume_front("--attune-stop-after="))
      options += (" stop-after=" + argument).str();
    else if (argument.consume_front("--dump-stages="))
      options += (" dump-stages=" + argument).str();
    else
      arguments.push_back(argument.str());
  }
  if (!options.empty())
    arguments.push_back("--attune-stages=" + options.substr(1));
  return arguments;
}

int main(int argc, char **argv) {
  std::vector<std::string> arguments = withStages(argc, argv);
  std::vector<char *> pointers;
  for (std::string &argument : arguments)
    pointers.push_back(argument.data());
  registerAllPasses();
  attune::registerAttuneContribPasses();
  attune::registerAttuneOnnxPasses();
  attune::registerAttuneRaisePasses();
  attune::registerAttuneFormsPasses();
  attune::registerAttuneFusePasses();
  attune::registerAttuneCodegenPasses();
  PassRegistration<RunStages>();
  DialectRegistry registry;
  attune::registerAll(registry);
  return asMainReturnCode(
      MlirOptMain(pointers.size(), pointers.data(),
                  "attune's passes and stages; --attune-stop-after=STAGE runs "
                  "the stages up to one, --dump-stages=DIR writes them\n",
                  registry));
}
