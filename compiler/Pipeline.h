// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_PIPELINE_H
#define ATTUNE_COMPILER_PIPELINE_H

#include "compiler/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace attune {

/// Is told what happens in a run of the stages.
class PipelineWatcher {
public:
  virtual ~PipelineWatcher() = default;
  /// The run ends before `stage` if this fails.
  virtual mlir::LogicalResult beforeStage(mlir::ModuleOp module,
                                          llvm::StringRef stage) {
    return mlir::success();
  }
  virtual void afterStage(mlir::ModuleOp module, llvm::StringRef stage) {}
  /// A pass failed; if it left IR that does not verify, that is a bug.
  virtual void afterFailure(llvm::StringRef pass, bool isValid) {}
};

/// Everything that a user may choose about the way from IR to LLVM.
struct PipelineOptions {
  Target target;
  std::string stopAfter;     ///< a stage's name; empty: all of them
  std::string dumpDir;       ///< where each stage's result is written, or empty
  std::string attention;     ///< forms for dense layers (attune-apply-forms)
  std::string plan;          ///< the same from a file, instead
  bool allowPartial = false; ///< layers may stay dense (attune-apply-forms)
  std::string polynomial;    ///< ranges (attune-apply-ranges), or empty
  bool tapFunctions = false; ///< ranges become outputs (attune-tap-functions)
  bool tapAttention = false; ///< outputs of attention are the model's, too
  bool explain = false;      ///< remarks say why attention was not found
  int64_t costSize = 512;    ///< stands for unknown sizes in costs
  bool matchState = false;   ///< past and present become state
  std::string startAt;       ///< a stage's name; empty: the first
  /// Passes to leave out, by their arguments, to find the one at fault.
  std::vector<std::string> skipPasses;
  std::string fault; ///< STAGE:KIND: a fault to make, for tests
  PipelineWatcher *watcher = nullptr;

  bool isPolynomial() const { return tapFunctions || !polynomial.empty(); }
};

/// Names of the stages, in order.
llvm::ArrayRef<llvm::StringLiteral> stageNames();

/// Runs the stages on `module`, up to and including `options.stopAfter`.
/// Failures were reported through the module's context.
mlir::LogicalResult runPipeline(mlir::ModuleOp module,
                                const PipelineOptions &options);

/// Runs what refuses nodes of a model, which may lack some: all that is refused
/// is reported. Of the module nothing can be made afterwards.
void reportRefused(mlir::ModuleOp module);

/// Everything that parsing, passes and translation need.
void registerAll(mlir::DialectRegistry &registry);

} // namespace attune

#endif // ATTUNE_COMPILER_PIPELINE_H
