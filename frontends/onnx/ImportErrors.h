// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_IMPORTERRORS_H
#define ATTUNE_FRONTENDS_ONNX_IMPORTERRORS_H

#include "frontends/onnx/Importer.h"
#include "frontends/onnx/Model.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/Twine.h"

namespace attune {

/// Reports what is wrong with a model, and counts it.
class ImportErrors {
public:
  explicit ImportErrors(mlir::Location file) : file(file) {}

  void report(mlir::Location loc, const llvm::Twine &reason);
  void report(const model::Problem &problem);
  void report(const model::Node &node, const llvm::Twine &reason);
  /// What is wrong with the model as a whole.
  void report(const llvm::Twine &reason) { report(file, reason); }

  mlir::Location locOf(llvm::StringRef name, int64_t place = -1);

  /// Reports the nodes of `graph`, and of the graphs within it, that cannot be
  /// lowered, whatever their inputs are.
  void refuse(const model::Graph &graph, const OnnxImportOptions &options);
  bool isRefused(const model::Node &node) const {
    return refused.contains(&node);
  }

  unsigned count = 0;

private:
  mlir::Location file;
  llvm::DenseSet<const model::Node *> refused;
};

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_IMPORTERRORS_H
