// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_LOAD_H
#define ATTUNE_COMPILER_LOAD_H

#include "compiler/Compiler.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attune {

struct Loaded {
  /// Null if it cannot be had.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Whether the module lacks what was refused. Stages may take it to find what
  /// else they refuse, and for nothing else.
  bool isPartial = false;
  /// Whose fault it is, if the module is null or partial.
  CompileStatus status = CompileStatus::badModel;
};

/// Reads `options.model`, an ONNX or MLIR file by its name's ending, into a
/// module that the stages can take. Reasons why it cannot are emitted.
Loaded loadModule(const CompileOptions &options, mlir::MLIRContext &context);

} // namespace attune

#endif // ATTUNE_COMPILER_LOAD_H
