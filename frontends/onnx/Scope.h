// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_SCOPE_H
#define ATTUNE_FRONTENDS_ONNX_SCOPE_H

#include "frontends/onnx/Model.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace attune {

/// A graph that is becoming a function.
struct Scope {
  explicit Scope(const model::Graph &graph) : graph(graph) {}

  /// Finds the names that nodes, subgraphs or the graph's outputs refer to.
  void findUses();
  /// The outputs; null where one could not be had.
  llvm::SmallVector<mlir::Value> outputs() const;
  /// Everything that nodes gave, so that nothing of a graph that is not whole
  /// is dropped as dead before it was looked at.
  llvm::SmallVector<mlir::Value> results() const;

  const model::Graph &graph;
  llvm::StringMap<mlir::Value> values;
  /// Constants that can be seen here, the enclosing graphs' as well.
  llvm::StringMap<const model::Tensor *> constants;
  llvm::StringSet<> used;
  mlir::Value none;
  /// Whether everything that the graph has could be had.
  bool isWhole = true;
};

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_SCOPE_H
