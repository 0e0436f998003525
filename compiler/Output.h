// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_OUTPUT_H
#define ATTUNE_COMPILER_OUTPUT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace attune {

/// An error that tells what failed and why.
llvm::Error ioError(std::error_code code, const llvm::Twine &message);

/// Flushes `stream`, which writes to `path`; what it could not write is an
/// error instead of the end of the process.
llvm::Error finishWriting(llvm::raw_fd_ostream &stream, llvm::StringRef path);

/// Refuses to write to `path` where that would harm: over one of `inputs`, or
/// over what is no plain file.
llvm::Error checkOutput(llvm::StringRef path,
                        llvm::ArrayRef<std::string> inputs);

/// Whether two names are those of one file, which need not exist.
bool isSamePlace(llvm::StringRef first, llvm::StringRef second);

/// Files that weights of `module` lie in.
std::vector<std::string> weightFiles(mlir::ModuleOp module);

/// Calls `write` with a temporary name beside `path`, then renames. `opened` is
/// told the temporary's name first. Nothing is left if anything fails.
llvm::Error writeWhole(llvm::StringRef path,
                       llvm::function_ref<void(llvm::StringRef)> opened,
                       llvm::function_ref<llvm::Error(llvm::StringRef)> write);

/// Writes a module as text.
llvm::Error writeIr(mlir::ModuleOp module, llvm::StringRef path,
                    llvm::StringRef heading = "");

} // namespace attune

#endif // ATTUNE_COMPILER_OUTPUT_H
