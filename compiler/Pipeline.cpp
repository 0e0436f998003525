// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Pipeline.h"
#include "compiler/Fault.h"
#include "compiler/Output.h"
#include "dialects/attn/Attn.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/contrib/Passes.h"
#include "frontends/onnx/ops/Passes.h"
#include "passes/codegen/Passes.h"
#include "passes/forms/Passes.h"
#include "passes/fuse/Passes.h"
#include "passes/raise/Passes.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/Verifier.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace attune {

/// The file as it was read, in words of ai.onnx; what the signature is to be is
/// settled here.
static void import(OpPassManager &pm, const PipelineOptions &options) {
  pm.addNestedPass<func::FuncOp>(createExpandContribPass({options.matchState}));
  if (options.matchState)
    pm.addPass(createMatchStatePass());
}

/// In: nodes of a file.  Out: attention operations and linalg on tensors; no
/// node is left.
static void raise(OpPassManager &pm, const PipelineOptions &options) {
  // Sizes give constants (where to cut, how to scale), constants give sizes,
  // and equal names both: a second round finds what exporters write.
  for (int round = 0; round < 2; ++round) {
    pm.addNestedPass<func::FuncOp>(createRefineSizesPass());
    pm.addNestedPass<func::FuncOp>(createFoldNodesPass());
    pm.addNestedPass<func::FuncOp>(createUnifySymbolsPass());
  }
  pm.addPass(createSimplifyControlPass());
  pm.addPass(createSymbolDCEPass());
  // Spellings of one node first: attention is matched around them.
  pm.addNestedPass<func::FuncOp>(createRaiseNeighboursPass());
  pm.addNestedPass<func::FuncOp>(createRaiseFormsPass());
  pm.addNestedPass<func::FuncOp>(createRaiseAttentionPass({options.explain}));
  if (options.isPolynomial())
    pm.addNestedPass<func::FuncOp>(createRaiseFunctionsPass());
  pm.addPass(createDropSignednessPass());
  pm.addPass(createLowerOnnxPass());
  pm.addNestedPass<func::FuncOp>(createAppendStatePass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// In: dense attention and forms.  Out: core operations only; the forms that
/// were asked for have taken the place of dense attention, and polynomials that
/// of all functions if that was asked for.
static void forms(OpPassManager &pm, const PipelineOptions &options) {
  if (options.tapAttention)
    pm.addPass(createTapAttentionPass());
  if (!options.attention.empty() || !options.plan.empty())
    pm.addPass(createApplyFormsPass({options.attention, options.plan,
                                     options.allowPartial, options.costSize}));
  if (options.isPolynomial())
    pm.addPass(createOpenFunctionsPass());
  if (options.tapFunctions)
    pm.addPass(createTapFunctionsPass());
  else if (options.isPolynomial())
    pm.addPass(createApplyRangesPass({options.polynomial}));
  pm.addPass(createDecomposeFormsPass());
  pm.addPass(createCSEPass());
}

/// In: core attention operations and linalg on tensors.  Out: one graph
/// function that calls kernels, equal kernels only once.
static void fuse(OpPassManager &pm, const PipelineOptions &options) {
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createFormLagsPass({options.target.lanes}));
  pm.addPass(
      createFormLinearPass({options.target.lanes, options.target.queryRows,
                            options.target.keyVectors}));
  pm.addPass(createFuseElementwisePass());
  pm.addPass(createCSEPass());
  pm.addPass(createFormAttentionPass({options.target.keyPanel()}));
  pm.addPass(createFormContractionsPass({options.target.panel()}));
  pm.addPass(memref::createResolveRankedShapeTypeResultDimsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createOutlineDispatchesPass());
  // Only now: what is in a body was worked on as a graph of its own.
  pm.addPass(createInlineBodiesPass());
  // No CSE from here on: it would make one destination out of several.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(func::createDuplicateFunctionEliminationPass());
  pm.addPass(createSymbolDCEPass());
}

/// In: functions on tensors.  Out: the same on memrefs; kernels write into
/// buffers that the graph gives them and allocate nothing.
static void bufferize(OpPassManager &pm, const PipelineOptions &) {
  bufferization::OneShotBufferizePassOptions options;
  options.bufferizeFunctionBoundaries = true;
  // State whose size changes lies somewhere else after each trip.
  options.allowReturnAllocsFromLoops = true;
  options.functionBoundaryTypeConversion =
      bufferization::LayoutMapOption::IdentityLayoutMap;
  pm.addPass(createProtectInputsPass());
  pm.addPass(bufferization::createEmptyTensorToAllocTensorPass());
  pm.addPass(bufferization::createOneShotBufferizePass(options));
  pm.addPass(bufferization::createDropEquivalentBufferResultsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

/// In: kernels on memrefs.  Out: loops over ranges, vectors, and calls of the
/// runtime's services.
static void schedule(OpPassManager &pm, const PipelineOptions &options) {
  const Target &target = options.target;
  OpPassManager &function = pm.nest<func::FuncOp>();
  function.addPass(createEmitContractPass(
      {target.lanes, target.tileRows, target.tileVectors}));
  function.addPass(createEmitAttentionPass(
      {target.lanes, target.queryRows, target.keyVectors}));
  function.addPass(createEmitLinearPass(
      {target.lanes, target.queryRows, target.keyVectors}));
  function.addPass(createEmitStateAttentionPass({target.lanes}));
  function.addPass(createEmitRecurrencePass({target.lanes}));
  function.addPass(createEmitFftPass({target.lanes}));
  function.addPass(
      createEmitLagsPass({target.lanes, target.queryRows, target.keyVectors}));
  function.addPass(createEmitOrderedPass());
  function.addPass(createEmitAppendPass());
  function.addPass(createEmitLoopsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createOutlineParallelPass());
  pm.addPass(createPlanLoopsPass());
  pm.addPass(createPlanMemoryPass());
  pm.addPass(createMakeEntryPass());
  pm.addPass(createSymbolDCEPass());
}

/// In: loops and vectors on memrefs.  Out: the LLVM dialect.
static void codegen(OpPassManager &pm, const PipelineOptions &) {
  pm.addPass(createApproximateMathPass());
  pm.addPass(createConvertVectorToSCFPass(
      VectorTransferToSCFOptions().enableFullUnroll()));
  pm.addPass(createLowerAffinePass());
  pm.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(memref::createExpandOpsPass());
  pm.addPass(memref::createExpandStridedMetadataPass());
  pm.addPass(createLowerAffinePass());
  // LLVM would call a function that no library of ours has.
  arith::ArithExpandOpsPassOptions expand;
  expand.includeBf16 = true;
  pm.addPass(arith::createArithExpandOpsPass(expand));
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createConvertVectorToLLVMPass());
  // Intrinsics first: what is left for the C library would take them all.
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createKernelToLlvmPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
}

namespace {
struct Stage {
  StringLiteral name;
  void (*build)(OpPassManager &, const PipelineOptions &);
};
} // namespace

static constexpr Stage stages[] = {
    {"import", import},  {"raise", raise},         {"forms", forms},
    {"fuse", fuse},      {"bufferize", bufferize}, {"schedule", schedule},
    {"codegen", codegen}};

ArrayRef<StringLiteral> stageNames() {
  static constexpr StringLiteral names[] = {
      stages[0].name, stages[1].name, stages[2].name, stages[3].name,
      stages[4].name, stages[5].name, stages[6].name};
  static_assert(std::size(names) == std::size(stages));
  return names;
}

static LogicalResult dump(ModuleOp module, StringRef directory, unsigned number,
                          StringRef stage) {
  SmallString<128> path(directory);
  llvm::sys::path::append(path, Twine(number) + "-" + stage + ".mlir");
  std::error_code error = llvm::sys::fs::create_directories(directory);
  if (error)
    return module.emitError("cannot create '")
           << directory << "': " << error.message();
  llvm::raw_fd_ostream stream(path, error);
  if (error)
    return module.emitError("cannot write '")
           << path << "': " << error.message();
  module.print(stream);
  if (llvm::Error failed = finishWriting(stream, path))
    return module.emitError(llvm::toString(std::move(failed)));
  return success();
}

static LogicalResult checkStageName(ModuleOp module, StringRef name) {
  if (name.empty() || llvm::is_contained(stageNames(), name))
    return success();
  return module.emitError("unknown stage '")
         << name << "'; the stages are " << llvm::join(stageNames(), ", ");
}

namespace {
/// Tells the watcher which pass failed and what it left.
struct WatchFailures : PassInstrumentation {
  explicit WatchFailures(PipelineWatcher &watcher) : watcher(watcher) {}
  void runAfterPassFailed(Pass *pass, Operation *op) override {
    // What is wrong has been reported already.
    ScopedDiagnosticHandler silent(op->getContext(),
                                   [](Diagnostic &) { return success(); });
    watcher.afterFailure(pass->getName(), succeeded(verify(op)));
  }
  PipelineWatcher &watcher;
};
} // namespace

static LogicalResult runStage(ModuleOp module, const Stage &stage,
                              const PipelineOptions &options) {
  if (options.watcher &&
      failed(options.watcher->beforeStage(module, stage.name)))
    return failure();
  PassManager pm(module.getContext());
  if (options.watcher)
    pm.addInstrumentation(std::make_unique<WatchFailures>(*options.watcher));
  auto [faulty, kind] = StringRef(options.fault).split(':');
  if (faulty == stage.name)
    pm.addPass(createFaultPass(kind));
  stage.build(pm, options);
  if (failed(pm.run(module)))
    return failure();
  if (options.watcher)
    options.watcher->afterStage(module, stage.name);
  return success();
}

static LogicalResult runStages(ModuleOp module,
                               const PipelineOptions &options) {
  bool started = options.startAt.empty();
  for (auto [number, stage] : llvm::enumerate(stages)) {
    started = started || stage.name == options.startAt;
    if (!started)
      continue;
    if (failed(runStage(module, stage, options)))
      return failure();
    if (!options.dumpDir.empty() &&
        failed(dump(module, options.dumpDir, number, stage.name)))
      return failure();
    if (stage.name == options.stopAfter)
      break;
  }
  return success();
}

LogicalResult runPipeline(ModuleOp module, const PipelineOptions &options) {
  if (failed(checkStageName(module, options.stopAfter)) ||
      failed(checkStageName(module, options.startAt)))
    return failure();
  if (options.skipPasses.empty())
    return runStages(module, options);
  llvm::StringSet<> skipped;
  module.getContext()->registerActionHandler(
      [&](llvm::function_ref<void()> run, const tracing::Action &action) {
        auto *execution = dyn_cast<PassExecutionAction>(&action);
        StringRef name = execution ? execution->getPass().getArgument() : "";
        if (!name.empty() && llvm::is_contained(options.skipPasses, name))
          skipped.insert(name);
        else
          run();
      });
  LogicalResult result = runStages(module, options);
  module.getContext()->registerActionHandler(nullptr);
  for (const std::string &name : options.skipPasses)
    if (succeeded(result) && !skipped.contains(name))
      result = module.emitError("there is no pass '") << name << "' to skip";
  return result;
}

void reportRefused(ModuleOp module) {
  PipelineOptions options;
  options.stopAfter = "raise";
  // What was reported is the result.
  (void)runPipeline(module, options);
}

void registerAll(DialectRegistry &registry) {
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  registry
      .insert<attn::AttnDialect, kernel::KernelDialect, onnx::OnnxDialect>();
  kernel::registerBufferization(registry);
}

} // namespace attune
