// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is said about nodes of a file, and how it is read again.

#ifndef ATTUNE_DIALECTS_ONNX_ERRORS_H
#define ATTUNE_DIALECTS_ONNX_ERRORS_H

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

#include <optional>

namespace attune::onnx {

/// Where a node is in a file. `place` is its number there, -1 if it has none.
mlir::Location nodeLoc(mlir::Location file, llvm::StringRef name,
                       int64_t place);

/// Begins an error about a node, which a reason ends.
mlir::InFlightDiagnostic emitNodeError(mlir::Location loc, llvm::StringRef name,
                                       llvm::StringRef domain,
                                       llvm::StringRef opType, int64_t version);

/// A message about a node, taken to pieces.
struct NodeError {
  int64_t place = -1;
  std::string name, domain, opType, reason;
};

/// Nothing if the message is not about a node.
std::optional<NodeError> readNodeError(const mlir::Diagnostic &diagnostic);

} // namespace attune::onnx

#endif // ATTUNE_DIALECTS_ONNX_ERRORS_H
