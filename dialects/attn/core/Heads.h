// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Tensors of heads in a layout, and what operations over them check.

#ifndef ATTUNE_DIALECTS_ATTN_CORE_HEADS_H
#define ATTUNE_DIALECTS_ATTN_CORE_HEADS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace attune::attn {

/// A tensor of heads. The layout names, for each dimension as it lies in
/// memory, the logical one: batch, heads, length, width.
struct Heads {
  mlir::Value tensor;
  llvm::ArrayRef<int64_t> layout;

  /// Where in memory logical dimension `dim` lies.
  unsigned position(int64_t dim) const {
    return llvm::find(layout, dim) - layout.begin();
  }
  /// The size of logical dimension `dim`, or ShapedType::kDynamic.
  int64_t size(int64_t dim) const {
    return mlir::cast<mlir::ShapedType>(tensor.getType())
        .getDimSize(position(dim));
  }
};

/// Whether two sizes are equal as far as they are known.
bool agree(int64_t left, int64_t right);

/// The operands and the result of an attention of any form.
struct AttentionHeads {
  Heads query, key, value, result;
};

/// Checks layouts, that batch sizes agree and the heads of key and value divide
/// the query's, widths, lengths and the result's shape: C1 to C3 of each.
mlir::LogicalResult verifyAttentionHeads(mlir::Operation *op,
                                         const AttentionHeads &heads);

/// Checks that each layout is a permutation of 0..3.
mlir::LogicalResult
verifyLayouts(mlir::Operation *op,
              llvm::ArrayRef<llvm::ArrayRef<int64_t>> layouts);

/// The result's shape: the query's, with the value's width.
llvm::SmallVector<mlir::OpFoldResult>
reifyHeads(mlir::OpBuilder &builder, mlir::Location loc, Heads query,
           Heads value, llvm::ArrayRef<int64_t> resultLayout);

/// Bytes of the tensors that are not null, each once, with `size` for what is
/// dynamic.
double bytesOf(llvm::ArrayRef<mlir::Value> tensors, int64_t size);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_HEADS_H
