// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_PIPELINE_H
#define ATTUNE_COMPILER_PIPELINE_H

#include "compiler/Target.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

namespace attune {

/// Everything that a user may choose about the way from IR to LLVM.
struct PipelineOptions {
  Target target;
  std::string stopAfter; ///< a stage's name; empty: all of them
  std::string dumpDir;   ///< where each stage's result is written, or empty
  std::string attention; ///< forms for dense layers (attune-apply-forms)
};

/// Names of the stages, in order.
llvm::ArrayRef<llvm::StringLiteral> stageNames();

/// Runs the stages on `module`, up to and including `options.stopAfter`.
/// Failures were reported through the module's context.
mlir::LogicalResult runPipeline(mlir::ModuleOp module,
                                const PipelineOptions &options);

/// Everything that parsing, passes and translation need.
void registerAll(mlir::DialectRegistry &registry);

} // namespace attune

#endif // ATTUNE_COMPILER_PIPELINE_H
