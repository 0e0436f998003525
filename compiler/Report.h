// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation did to attention: JSON, and a page made from it.

#ifndef ATTUNE_COMPILER_REPORT_H
#define ATTUNE_COMPILER_REPORT_H

#include "compiler/MaskPicture.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

namespace attune {

/// Of the JSON; a reader refuses others.
inline constexpr int64_t reportVersion = 1;

/// Collects, while the stages run, what a report tells.
class Report {
public:
  /// `costSize` stands for sizes that are not known.
  explicit Report(int64_t costSize) : costSize(costSize) {}

  /// Reads the module that a stage has left.
  void afterStage(mlir::ModuleOp module, llvm::StringRef stage);
  /// Whether the diagnostic was one that only reports tell.
  bool take(mlir::Diagnostic &diagnostic);

  /// docs/reports.md says what is in it.
  llvm::json::Object finish(llvm::StringRef model, llvm::StringRef target);

private:
  void readRaised(mlir::ModuleOp module);
  void readDense(mlir::ModuleOp module);
  void readForms(mlir::ModuleOp module);
  void readMemory(mlir::ModuleOp module);

  int64_t costSize;
  std::vector<MaskFrame> frames; ///< of each layer
  llvm::json::Array layers, recognised, notRaised;
  llvm::json::Object memory;
};

/// Whether a file of this name can be a report: .json or .html.
bool isReportName(llvm::StringRef path);

/// Writes it as JSON or as a page, by the name; whole or not at all. `opened`
/// is told the name of the unfinished file.
llvm::Error writeReport(const llvm::json::Object &report, llvm::StringRef path,
                        llvm::function_ref<void(llvm::StringRef)> opened);

/// The page: self-contained HTML.
void writePage(const llvm::json::Object &report, llvm::raw_ostream &out);

} // namespace attune

#endif // ATTUNE_COMPILER_REPORT_H
