// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_HEADTENSOR_H
#define ATTUNE_PASSES_RAISE_HEADTENSOR_H

#include "dialects/onnx/Nodes.h"

namespace attune {

/// Queries, keys or values as they lie in memory. The layout lists, for each
/// dimension of the value, what it holds: 0 batch, 1 heads, 2 length, 3 width
/// (attn.attention's layouts). Without heads it has rank 3.
struct HeadTensor {
  mlir::Value value;
  llvm::SmallVector<int64_t> layout;

  bool isValid() const { return static_cast<bool>(value); }
  /// The dimension of `value` that holds `logical`, or -1.
  int64_t position(int64_t logical) const;
};

/// What may be looked through on the way to the tensor in memory.
struct Peeling {
  /// Takes factors by constants off, if it is not null.
  double *scale = nullptr;
  /// Heads that are repeated for groups of query heads may be looked through.
  bool repeats = false;
  /// The width must stay the last dimension.
  bool widthLast = false;
};

/// Looks through transposes (also those that stand between reshapes which
/// join batch and heads), repeated heads and constant factors.
HeadTensor peel(HeadTensor tensor, const Peeling &peeling);

/// The operands and the result of a product of two tensors of heads: MatMul,
/// or an Einsum that says the same. Roles of the result's dimensions are
/// `result`: `{0, 1, 2, -2}` for scores, where -2 is the length of the keys.
struct HeadProduct {
  HeadTensor left, right;
  /// Of the result, by the roles in `left` and `right`.
  llvm::SmallVector<int64_t> resultLayout;
};

/// Scores: `node` multiplies queries (b,h,i,d) and keys (b,h,j,d) to (b,h,i,j),
/// in this order. Nothing if it is no such product.
std::optional<HeadProduct> matchScoreProduct(onnx::NodeOp node);

/// Output: `node` multiplies weights (b,h,i,j), in this order, with values
/// (b,h,j,e). Left has no layout. Nothing if it is no such product.
std::optional<HeadProduct> matchValueProduct(onnx::NodeOp node,
                                             mlir::Value weights);

/// `tensor` with a dimension of size 1 for the heads if it has none.
HeadTensor withHeads(mlir::OpBuilder &builder, mlir::Location loc,
                     HeadTensor tensor);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_HEADTENSOR_H
