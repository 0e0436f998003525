// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_LINEAREMITTER_H
#define ATTUNE_PASSES_CODEGEN_LINEAREMITTER_H

#include "dialects/kernel/LinearTiles.h"
#include "passes/codegen/FeatureTile.h"
#include <optional>

namespace attune {

/// Emits one `kernel.linear_attention`: a task passes over one head in chunks
/// and holds the sums S and z over the keys that it has passed. Features are
/// made a chunk at a time; those of the whole length never exist.
class LinearEmitter {
public:
  LinearEmitter(kernel::LinearAttentionOp op,
                const kernel::RegisterTile &target);

  /// Reports scratch memory that holds no tiles.
  mlir::LogicalResult emit();

private:
  using Values = llvm::SmallVector<mlir::Value>;

  /// One head of one batch item, and the value columns from `column` on.
  struct Task {
    HeadSource query, key, value, output;
    mlir::Value column, columns; // the first, and how many there are
    mlir::Value largest;         // exponent of the keys, or null
  };
  /// Queries that are computed together, in a chunk.
  struct Rows {
    Values inChunk;   // past the end, the last one again
    Values queries;   // the same in the sequence
    Values limits;    // how many of the tiles' keys each row sees, if all do
    mlir::Value keys; // the last row's limit
  };
  /// A chunk of `count` queries from `first` on, in the tile.
  struct Chunk {
    mlir::Value first, count;
    mlir::Value keys;  // of the chunk, in the tiles of keys
    mlir::Value depth; // features if S counts, or 0
  };
  /// Lanes whose sum is a row's sum of weights, and lanes that are not all 0 if
  /// it sees a key; both of the keys in the tiles.
  struct RowSums {
    Values weights, seen;
  };
  /// What a row is multiplied by, and whether it sees a key; null where that
  /// needs no care.
  struct RowResult {
    Values factors, sees;
  };

  // EmitLinear.cpp
  mlir::Value view(const kernel::LinearTiles::Tile &tile, mlir::Value base);
  void placeTiles(mlir::Value range);
  Task locate(mlir::Value item);
  void loadKeys(const Task &task, mlir::Value first, mlir::Value count);
  void makeKeys(const Task &task, mlir::Value count);
  Rows rowsFrom(const Chunk &chunk, mlir::Value first);
  void when(mlir::Value condition, llvm::function_ref<void()> body,
            llvm::function_ref<void()> otherwise = {});
  mlir::Value isAbove(mlir::Value value, int64_t limit);
  mlir::Value largestExponent(const Task &task);
  void emitTask(mlir::Value item);
  void emitChunks(const Task &task);
  void emitUnseen(const Task &task);
  void emitChunk(const Task &task, mlir::Value first, mlir::Value end);
  void emitCausalChunk(const Task &task, mlir::Value first);
  void emitRows(const Task &task, const Chunk &chunk);

  // LinearStates.cpp
  bool keepsState() { return op.getInit().size() > 2; }
  void startState(const Task &task);
  void passKeys(const Task &task, mlir::Value first, mlir::Value end);
  void storeState(const Task &task);
  void emitSteps(const Task &task);
  void emitStep(const Task &task, mlir::Value position);
  mlir::Value stepFactor();

  // LinearVisible.cpp
  bool hides() { return static_cast<bool>(op.getVisible()); }
  mlir::Value isVisible(const Task &task, mlir::Value key);
  void loadSeen(const Task &task, mlir::Value first, mlir::Value count);
  void hideKeys(mlir::Value count);
  void hideValues(mlir::Value count);
  void noteSeen();
  mlir::Value seesKey(mlir::Value lanes);
  mlir::Value orEmpty(mlir::Value sees, mlir::Value result, mlir::Value column);
  mlir::Value emptyRow(mlir::Value column);
  void prepareMean(const Task &task);
  void emitMean(const Task &task);

  // LinearQuadratic.cpp
  void emitQuadratic(const Task &task);
  void emitPairs(const Task &task, const Chunk &chunk);
  void addPairs(const Chunk &chunk, mlir::Value firstKey);
  Rows pairRows(const Chunk &chunk, mlir::Value first, mlir::Value firstKey);

  // LinearProducts.cpp
  void addToState(mlir::Value count);
  void addToSum(mlir::Value count);
  void emitDivisors(mlir::Value count, mlir::Value depth);
  RowSums emitWeights(const Rows &rows);
  RowResult resultOf(const Rows &rows, const RowSums &sums);
  void emitOutput(const Task &task, const Rows &rows, const RowResult &result,
                  mlir::Value depth);
  void storeRow(const Task &task, mlir::Value query, mlir::Value column,
                mlir::Value sum, mlir::Value factor, mlir::Value sees);
  llvm::SmallVector<Values> columnGroups();

  int64_t panel() const { return vectors * b.lanes; }
  int64_t inputWidth() const { return key.width; }
  /// Whether a chunk's own weights are 1 + s + s^2 / 2 of scores s: products of
  /// features would cost much more.
  bool weighsScores() {
    return op.getQueryKind() == kernel::FeatureKind::taylor &&
           op.getKeyKind() == kernel::FeatureKind::taylor;
  }

  kernel::LinearAttentionOp op;
  int64_t height;
  VectorEmitter b;
  FeatureSpec query, key;
  kernel::LinearTiles tiles;
  int64_t chunk, block, vectors, features, valueWidth;
  std::optional<FeatureTile> queryTile, keyTile;
  mlir::Value queries, keys, heads, keyHeads, valueHeads;
  /// Queries that see no key here; keys that all others see.
  mlir::Value skipped, before;
  /// See LinearTiles.
  mlir::Value valueTile, weightTile, state, sumTile, divisorTile, seenTile,
      anyTile, meanTile, resultTile, rowSumTile, rowSeenTile;
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_LINEAREMITTER_H
