// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_ATTENTIONEMITTER_H
#define ATTUNE_PASSES_CODEGEN_ATTENTIONEMITTER_H

#include "dialects/kernel/Kernel.h"
#include "passes/codegen/MaskEmitter.h"

namespace attune {

/// Emits one `kernel.attention`: tasks of a few queries go over blocks of keys
/// with a running softmax. The scores of a block come from keys that were
/// transposed before, or, for few queries, from the rows of the keys.
class AttentionEmitter {
public:
  /// `height` queries a task, `vectors` vectors of keys (or of columns of
  /// values) at once. Code is put in front of `at`.
  AttentionEmitter(kernel::AttentionOp op, mlir::Operation *at, int64_t lanes,
                   int64_t height, int64_t vectors, bool fromRows);

  void emit();

private:
  /// The block of queries that one task works on.
  struct Block {
    mlir::Value batch, head, keyHead, valueHead, packed;
    mlir::Value offset; // of positions from indices
    /// Indices of queries; past the end, the last one again.
    llvm::SmallVector<mlir::Value> rows;
    llvm::SmallVector<mlir::Value> limits; // keys that each row may see
    mlir::Value keyEnd;                    // the largest of them
  };
  /// Running maximum and sum of each row.
  struct State {
    llvm::SmallVector<mlir::Value> maxima, sums;
    llvm::SmallVector<mlir::Value> values() const;
    static State of(mlir::ValueRange values);
  };
  /// The first column of a vector, and a mask if it is not full.
  using Column = std::pair<mlir::Value, mlir::Value>;

  /// Keys whose scores are held at once.
  static constexpr int64_t blockKeys = 256;

  mlir::Value sizeOf(mlir::Value operand, llvm::ArrayRef<int64_t> layout,
                     int64_t dim);
  /// Indices, as they lie in memory, of one logical element.
  static llvm::SmallVector<mlir::Value>
  place(llvm::ArrayRef<int64_t> layout, mlir::Value batch, mlir::Value head,
        mlir::Value length, mlir::Value width);
  /// The vectors of a row of `size` elements.
  llvm::SmallVector<Column> columnsOf(mlir::Value size);

  void allocateTiles();
  void emitQueries(mlir::Value task);
  Block locate(mlir::Value task);
  State emitKeyBlock(const Block &block, mlir::Value first, mlir::Value last,
                     State state);
  State emitSeenKeys(const Block &block,
                     llvm::ArrayRef<MaskEmitter::Range> ranges,
                     MaskEmitter::Range within, State state);
  void emitSoftmax(State &state, llvm::ArrayRef<mlir::Value> maxima,
                   mlir::Value count,
                   llvm::SmallVectorImpl<mlir::Value> &scales);
  void emitValues(const Block &block, mlir::Value first, mlir::Value count,
                  llvm::ArrayRef<mlir::Value> scales);
  mlir::Value orMean(mlir::Value any, mlir::Value result, const Block &block,
                     Column column);
  void emitResult(const Block &block, const State &state);
  int64_t rowWidth();

  // AttentionScores.cpp
  void emitPacking();
  llvm::SmallVector<mlir::Value>
  emitScores(const Block &block, mlir::Value first, mlir::Value last);
  llvm::SmallVector<mlir::Value> scoresOfPanel(const Block &block,
                                               mlir::Value start);
  llvm::SmallVector<mlir::Value>
  scoresOfRows(const Block &block, mlir::Value start, mlir::Value last);
  mlir::Value maskedScore(const Block &block, unsigned row, mlir::Value key,
                          mlir::Value sum);

  /// Keys whose scores are computed at once.
  int64_t panel() const { return fromRows ? b.lanes : vectors * b.lanes; }

  kernel::AttentionOp op;
  int64_t height, vectors;
  bool fromRows;
  VectorEmitter b;
  MaskEmitter mask;
  mlir::Value queries, keys, width, valueWidth, heads, keyHeads, valueHeads,
      packed;
  mlir::Value scores, sumTile; // height x blockKeys, height x valueWidth
  llvm::SmallVector<mlir::Value> queryRows; // fromRows: height x columns
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_ATTENTIONEMITTER_H
