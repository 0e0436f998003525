// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_COMPILER_DIAGNOSTICS_H
#define ATTUNE_COMPILER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

namespace attune {

/// `text` on one line, without bytes that a terminal would act on: parts of it
/// may come from a model file.
std::string printable(llvm::StringRef text);

/// What is said to the user: `attune: error: FILE:LINE:COLUMN: MESSAGE`.
std::string messageOf(mlir::Diagnostic &diagnostic);

/// Writes a context's diagnostics to the standard error stream: the first
/// errors, then how many more there were.
class Diagnostics : public mlir::ScopedDiagnosticHandler {
public:
  /// Of more errors than `limit`, if it is not 0, only the number is told.
  Diagnostics(mlir::MLIRContext *context, unsigned limit);
  ~Diagnostics();

  /// Errors so far.
  unsigned errors() const { return count; }

private:
  void handle(mlir::Diagnostic &diagnostic);

  unsigned limit, count = 0;
};

} // namespace attune

#endif // ATTUNE_COMPILER_DIAGNOSTICS_H
