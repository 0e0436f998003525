// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_IMPORTER_H
#define ATTUNE_FRONTENDS_ONNX_IMPORTER_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <functional>
#include <map>
#include <string>

namespace attune {
namespace model {
struct Summary;
}

/// Sizes that a named dimension may have; `max` -1 is no bound.
struct DimRange {
  int64_t min = 1;
  int64_t max = -1;
};

struct OnnxImportOptions {
  /// Ranges by name; a range of one size makes the dimension static. Each name
  /// must be one of an input's dimensions.
  std::map<std::string, DimRange> dims;
  /// Why nodes of this domain ("" for ai.onnx) and type cannot be lowered, or
  /// "". One that cannot be is replaced by its schema's function body, if there
  /// is one, or refused. Absent: every node is kept.
  std::function<std::string(llvm::StringRef domain, llvm::StringRef opType)>
      refusal;
  /// If given: gets what the file says of itself.
  model::Summary *summary = nullptr;
};

struct OnnxImport {
  /// Null if nothing could be had.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  /// Whether something was reported. The module is then good for nothing but
  /// to find what else is wrong: it has what the rest of the file gives.
  bool isPartial = false;
  /// Whether the failure comes from the options rather than from the file.
  bool optionsAtFault = false;
};

/// Attributes of the module: the model's name (a string), the opset versions
/// of its domains, and for each dynamic dimension of an input the least and
/// the largest size (`array<i64: min, max>`).
constexpr llvm::StringLiteral modelAttr = "attune.model";
constexpr llvm::StringLiteral opsetAttr = "attune.opset";
constexpr llvm::StringLiteral dimRangesAttr = "attune.dim_ranges";

/// Reads the ONNX model in the file `path` into a module with one function
/// `main` of `onnx.node` operations; small constants are `arith.constant`, all
/// others `kernel.weight`s that name the file, which must stay as it is until
/// they are read. All errors are emitted; the dialects needed are loaded.
OnnxImport importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
                      const OnnxImportOptions &options);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_IMPORTER_H
