// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Tiles of f32 on the stack that hold a part of one head.

#ifndef ATTUNE_PASSES_CODEGEN_HEADTILE_H
#define ATTUNE_PASSES_CODEGEN_HEADTILE_H

#include "passes/codegen/VectorEmitter.h"

namespace attune {

/// One head of a tensor. The layout names, for each dimension as it lies in
/// memory, the logical one: 0 batch, 1 heads, 2 length, 3 width.
struct HeadSource {
  mlir::Value operand;
  llvm::ArrayRef<int64_t> layout;
  mlir::Value batch, head;

  /// The indices, as they lie in memory, of one element.
  llvm::SmallVector<mlir::Value> place(mlir::Value length,
                                       mlir::Value width) const;
};

/// The size of logical dimension `dim`.
mlir::Value headSize(VectorEmitter &b, mlir::Value operand,
                     llvm::ArrayRef<int64_t> layout, int64_t dim);

/// Makes a tile on the stack; not inside a loop.
mlir::Value makeTile(VectorEmitter &b, int64_t rows, int64_t columns);

/// What of a tile is filled: `rows` x `span` elements, of which those outside
/// of `columns` become 0, whatever the map gives.
struct TileExtent {
  mlir::Value rows, columns, span;
};

/// Fills `tile`. `columnDim` is the logical dimension that tile columns run
/// along (2 or 3); `at` gives the length and width of a tile's row and column.
void loadTile(VectorEmitter &b, mlir::Value tile, const HeadSource &source,
              int64_t columnDim, TileExtent extent,
              llvm::function_ref<
                  std::pair<mlir::Value, mlir::Value>(mlir::Value, mlir::Value)>
                  at);

/// The transpose of `lanes` vectors.
llvm::SmallVector<mlir::Value> transposed(VectorEmitter &b,
                                          llvm::SmallVector<mlir::Value> x);

/// Fills columns of `tile` with the vectors of positions `first` to `first` +
/// `count`, at least one, each through `map`. Up to the end of the last vector
/// of columns, and of rows where the width lies last in memory, it is zeros.
void loadTransposed(VectorEmitter &b, mlir::Value tile,
                    const HeadSource &source, int64_t width, mlir::Value first,
                    mlir::Value count,
                    llvm::function_ref<mlir::Value(mlir::Value)> map);

/// A factor whose element (r, i) is tile[rows[r], i], or tile[i, rows[r]] if
/// it is transposed.
struct LeftFactor {
  mlir::Value tile;
  llvm::SmallVector<mlir::Value> rows;
  bool transposed;
};

/// sums[r, c] += sum over i < depth of left(r, i) * right[i, columns[c]], a
/// vector for each column.
void addProducts(VectorEmitter &b, llvm::SmallVector<mlir::Value> &sums,
                 const LeftFactor &left, mlir::Value right, mlir::Value depth,
                 llvm::ArrayRef<mlir::Value> columns);

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_HEADTILE_H
