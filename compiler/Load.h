// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_LOAD_H
#define ATTUNE_COMPILER_LOAD_H

#include "compiler/Compiler.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attune {

/// Reads `options.model`, an ONNX or MLIR file by its name's ending, into a
/// module that the stages can take. Null if it cannot be had: reasons were
/// emitted, and `status` tells whose fault it is.
mlir::OwningOpRef<mlir::ModuleOp> loadModule(const CompileOptions &options,
                                             mlir::MLIRContext &context,
                                             CompileStatus &status);

} // namespace attune

#endif // ATTUNE_COMPILER_LOAD_H
