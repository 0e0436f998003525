// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_LINEAREMITTER_H
#define ATTUNE_PASSES_CODEGEN_LINEAREMITTER_H

#include "passes/codegen/FeatureTile.h"
#include <optional>

namespace attune {

/// Emits one `kernel.linear_attention`: a task passes over one head in chunks
/// and holds the sums S and z over the keys that it has passed. Features are
/// made a chunk at a time; those of the whole length never exist.
class LinearEmitter {
public:
  LinearEmitter(kernel::LinearAttentionOp op, int64_t lanes, int64_t height,
                int64_t vectors);

  void emit();

private:
  /// One head of one batch item, and the value columns from `column` on.
  struct Task {
    HeadSource query, key, value, output;
    mlir::Value column, columns; // the first, and how many there are
    mlir::Value largest;         // exponent of the keys, or null
  };
  /// The rows of a chunk that are computed together.
  struct Rows {
    llvm::SmallVector<mlir::Value> inChunk; // past the end, the last one again
    llvm::SmallVector<mlir::Value> queries; // the same in the sequence
    mlir::Value keys;                       // that the last row sees
  };
  using Values = llvm::SmallVector<mlir::Value>;

  void allocateTiles();
  Task locate(mlir::Value item);
  void loadKeys(const Task &task, mlir::Value first, mlir::Value count);
  Rows rowsFrom(mlir::Value chunkFirst, mlir::Value first, mlir::Value count,
                mlir::Value chunkKeys);
  void when(mlir::Value condition, llvm::function_ref<void()> body);
  mlir::Value largestExponent(const Task &task);
  void emitTask(mlir::Value item);
  void emitUnseen(const Task &task, mlir::Value count);
  void emitChunk(const Task &task, mlir::Value first);
  void emitCausalChunk(const Task &task, mlir::Value first);
  void emitRows(const Task &task, mlir::Value chunkFirst, mlir::Value count,
                mlir::Value chunkKeys, mlir::Value depth);

  // LinearProducts.cpp
  void addToState(mlir::Value count);
  void addToSum(mlir::Value count);
  void emitDivisors(mlir::Value count, mlir::Value depth);
  Values emitWeights(const Rows &rows);
  Values emitFactors(const Rows &rows, llvm::ArrayRef<mlir::Value> sums);
  void emitOutput(const Task &task, const Rows &rows,
                  llvm::ArrayRef<mlir::Value> factors, mlir::Value depth);
  llvm::SmallVector<Values> columnGroups();

  int64_t panel() const { return vectors * b.lanes; }
  /// Whether a chunk's own weights are 1 + s + s^2 / 2 of scores s: products of
  /// features would cost much more.
  bool weighsScores() {
    return op.getQueryKind() == kernel::FeatureKind::taylor &&
           op.getKeyKind() == kernel::FeatureKind::taylor;
  }

  kernel::LinearAttentionOp op;
  int64_t height, vectors;
  VectorEmitter b;
  int64_t chunk, features, inputWidth, valueWidth, block;
  std::optional<FeatureTile> queryTile, keyTile;
  mlir::Value queries, keys, heads, keyHeads, valueHeads;
  /// Queries that see nothing; keys that all others see.
  mlir::Value skipped, before;
  mlir::Value valueTile;      ///< chunk x block
  mlir::Value weightTile;     ///< height x chunk
  mlir::Value state, sumTile; ///< features x block, 1 x features
  mlir::Value divisorTile;    ///< 1 x chunk
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_LINEAREMITTER_H
