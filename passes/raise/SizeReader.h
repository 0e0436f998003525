// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_SIZEREADER_H
#define ATTUNE_PASSES_RAISE_SIZEREADER_H

#include "dialects/onnx/Nodes.h"
#include "passes/raise/SizeExpr.h"

namespace attune {

/// Sizes of a tensor, or the elements of a list of integers; nothing where one
/// is not known.
using Sizes = llvm::SmallVector<std::optional<SizeExpr>>;

/// Knows what a file computes with sizes.
class SizeReader {
public:
  /// Sizes as types and names have them.
  static Sizes sizesOf(mlir::Value value);
  /// The elements of a constant or of what `learn` was told of.
  std::optional<Sizes> elementsOf(mlir::Value value);
  /// Remembers the elements of a node's result, if they are few and known.
  /// Inputs and outputs are ranked tensors.
  void learn(onnx::NodeOp node);

private:
  std::optional<Sizes> compute(onnx::NodeOp node);
  std::optional<Sizes> arithmetic(onnx::NodeOp node);

  llvm::DenseMap<mlir::Value, Sizes> elements;
};

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_SIZEREADER_H
