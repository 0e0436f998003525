// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_ATTENTIONEMITTER_H
#define ATTUNE_PASSES_CODEGEN_ATTENTIONEMITTER_H

#include "dialects/kernel/Kernel.h"
#include "passes/codegen/MaskEmitter.h"

namespace attune {

/// Emits one `kernel.attention`. A task is some rows of queries of one head;
/// together they go over blocks of keys, so that a block is read from the
/// first caches, `height` rows (a tile) at a time. The running maximum and sum
/// of each row and the sums of values lie in memory of the thread. Keys and
/// values come from panels that were packed before, or, for few queries, from
/// their rows.
class AttentionEmitter {
public:
  /// `height` queries a tile, `vectors` vectors of keys (or of columns of
  /// values) at once. Code is put in front of `at`.
  AttentionEmitter(kernel::AttentionOp op, mlir::Operation *at, int64_t lanes,
                   int64_t height, int64_t vectors, bool fromRows);

  void emit();

private:
  /// The queries that one task works on.
  struct Task {
    mlir::Value batch, head, keyHead, valueHead;
    mlir::Value packedKeys, packedValues; // heads of the packed tensors
    mlir::Value block;                    // of queries, where they are listed
    mlir::Value first, last;              // queries
    mlir::Value offset;                   // of positions from indices
  };
  /// `height` of them.
  struct Tile {
    mlir::Value local; // of the first, in the task's memory
    /// Indices of queries; past the task's end, the last one again.
    llvm::SmallVector<mlir::Value> rows;
    llvm::SmallVector<mlir::Value> limits; // keys that each row may see
    mlir::Value keyEnd;                    // the largest of them
  };
  /// The first column of a vector, and a mask if it is not full.
  using Column = std::pair<mlir::Value, mlir::Value>;
  /// What is done in one pass over the keys.
  enum class Pass {
    whole, // weights, their sums and the sums of values
    sums,  // weights and their sums
    values // weights by sums that are known, and the sums of values
  };

  /// Keys whose scores are held at once.
  static constexpr int64_t blockKeys = 256;
  /// Queries of a task, and bytes of their memory, at most.
  static constexpr int64_t mostRows = 64, mostBytes = 1 << 16;

  // EmitAttention.cpp
  mlir::Value sizeOf(mlir::Value operand, llvm::ArrayRef<int64_t> layout,
                     int64_t dim);
  /// Indices, as they lie in memory, of one logical element.
  static llvm::SmallVector<mlir::Value>
  place(llvm::ArrayRef<int64_t> layout, mlir::Value batch, mlir::Value head,
        mlir::Value length, mlir::Value width);
  /// The vectors of a row of `size` elements.
  llvm::SmallVector<Column> columnsOf(mlir::Value size);
  int64_t rowWidth();
  int64_t rowsAtMost();
  mlir::Value rowsOfTask();
  mlir::Value tasksOfBlock();
  mlir::Value blocksOfHead();
  void allocate();
  Task locate(mlir::Value task);
  Tile tileAt(const Task &task, mlir::Value local);
  void overTiles(const Task &task, llvm::function_ref<void(const Tile &)> body);
  void emitStart(const Task &task);
  void emitTask(const Task &task);
  void emitPass(const Task &task, Pass pass);
  void emitListed(const Task &task, Pass pass);
  void emitKeys(const Task &task, MaskEmitter::Range within, Pass pass);
  void emitTileBlock(const Task &task, const Tile &tile,
                     MaskEmitter::Range within, Pass pass);

  // AttentionPacking.cpp
  void emitPacking();
  void packKeys();
  void packValues();

  // AttentionScores.cpp
  mlir::Value queryElement(const Task &task, const Tile &tile, unsigned row,
                           mlir::Value column);
  mlir::Value isWhollySeen(const Task &task, const Tile &tile,
                           MaskEmitter::Range seen, mlir::Value start);
  llvm::SmallVector<mlir::Value> emitScores(const Task &task, const Tile &tile,
                                            MaskEmitter::Range seen,
                                            mlir::Value start, bool tested);
  llvm::SmallVector<mlir::Value>
  scoresOfPanel(const Task &task, const Tile &tile, mlir::Value start);
  llvm::SmallVector<mlir::Value>
  scoresOfRows(const Task &task, mlir::Value start, mlir::Value last);
  mlir::Value regionOf(const Task &task, const Tile &tile, unsigned row,
                       mlir::Value key, mlir::Value score);
  mlir::Value hidden(const Task &task, const Tile &tile, unsigned row,
                     MaskEmitter::Range seen, mlir::Value key,
                     mlir::Value score);

  // AttentionWeights.cpp
  float hiddenScore();
  mlir::Value outermost(mlir::Value score, mlir::Value most);
  mlir::Value power(mlir::Value ratio);
  mlir::Value toMaximum(mlir::Value row, mlir::Value highest,
                        mlir::Value &scale);
  mlir::Value weightOf(mlir::Value score, mlir::Value by, mlir::Value factor,
                       Pass pass);
  void emitWeights(const Tile &tile, llvm::ArrayRef<mlir::Value> maxima,
                   mlir::Value count, Pass pass,
                   llvm::SmallVectorImpl<mlir::Value> &scales);
  void emitValues(const Task &task, const Tile &tile, mlir::Value first,
                  mlir::Value count, llvm::ArrayRef<mlir::Value> scales);
  mlir::Value factorOf(mlir::Value row);
  mlir::Value valueAt(const Task &task, mlir::Value key, int64_t c);
  mlir::Value orMean(mlir::Value any, mlir::Value result, const Task &task,
                     int64_t c);
  void emitResult(const Task &task, const Tile &tile);
  void storeResult(mlir::Value result, const Task &task, mlir::Value row,
                   Column column);

  mlir::Value state(mlir::Value memory, mlir::Value local, unsigned row);
  void setState(mlir::Value value, mlir::Value memory, mlir::Value local,
                unsigned row);

  /// Keys whose scores are computed at once.
  int64_t panel() const { return fromRows ? b.lanes : vectors * b.lanes; }

  kernel::AttentionOp op;
  int64_t height, vectors;
  bool fromRows;
  VectorEmitter b;
  MaskEmitter mask;
  mlir::Value queries, keys, width, valueWidth, heads, keyHeads, valueHeads,
      packedKeys, packedValues;
  /// height x blockKeys; then for each row of a task: the scaled query (null if
  /// its width is not known), the sums of values, maximum and sum.
  mlir::Value scores, queryTile, sumTile, maxima, sums;
  llvm::SmallVector<mlir::Value> queryRows; // fromRows: height x columns
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_ATTENTIONEMITTER_H
