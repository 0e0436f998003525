// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_EMIT_H
#define ATTUNE_COMPILER_EMIT_H

#include "compiler/Target.h"
#include "mlir/IR/BuiltinOps.h"

namespace attune {

/// Translates `module`, in the LLVM dialect, and writes a shared object to
/// `path`. The error of IR that cannot be translated, our own fault, has the
/// code `state_not_recoverable`.
llvm::Error emitSharedObject(mlir::ModuleOp module, const Target &target,
                             unsigned level, llvm::StringRef path);

/// Appends the weights that `module` declares, `manifest` (JSON) and the
/// footer to the shared object at `path`.
llvm::Error appendTrailer(mlir::ModuleOp module, llvm::StringRef manifest,
                          llvm::StringRef path);

/// Writes to `path` a program that runs the artifact in the file `artifact`: a
/// launcher that needs nothing but the C library, with the artifact behind it.
llvm::Error makeExecutable(llvm::StringRef artifact, llvm::StringRef path);

} // namespace attune

#endif // ATTUNE_COMPILER_EMIT_H
