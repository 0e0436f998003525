// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// How kernel.linear_attention lays out its scratch memory.

#ifndef ATTUNE_DIALECTS_KERNEL_LINEARTILES_H
#define ATTUNE_DIALECTS_KERNEL_LINEARTILES_H

#include "dialects/kernel/Kernel.h"

namespace attune::kernel {

/// What the tiles depend on.
struct LinearSizes {
  int64_t queryWidth, keyWidth, valueWidth, features;
  /// Whether features are a map of single elements: they need no inputs.
  bool queryIsElements, keyIsElements;
};

/// f32 of a vector, and rows and vectors of a register tile.
struct RegisterTile {
  int64_t lanes, height, vectors;
};

/// The tiles of f32 of one range of work, one after the other.
struct LinearTiles {
  LinearTiles(const LinearSizes &sizes, const RegisterTile &target);

  struct Tile {
    int64_t rows, columns;
    int64_t offset; ///< in bytes, a multiple of 64
  };

  int64_t chunk;   ///< positions that are taken together, whole vectors
  int64_t block;   ///< value columns of a task, whole vectors
  int64_t vectors; ///< of a register tile, no more than a chunk has
  Tile queryInputs, queryFeatures, keyInputs, keyFeatures; ///< transposed
  Tile values;                                             ///< chunk x block
  Tile weights;  ///< rows of a register tile x chunk
  Tile state;    ///< features x block
  Tile sums;     ///< 1 x features
  Tile divisors; ///< 1 x chunk
  Tile seen;     ///< 1 x chunk: 1 where a key of the chunk is visible, or 0
  Tile any;      ///< 1 x lanes: not 0 if a key in S is visible
  Tile mean;     ///< 1 x block
  Tile results, rowSums, rowSeen; ///< chunk x block, and x lanes
  int64_t bytes = 0;              ///< of all

  /// How many ranges of work run beside each other.
  int64_t ranges() const;

private:
  Tile take(int64_t rows, int64_t columns);
};

} // namespace attune::kernel

#endif // ATTUNE_DIALECTS_KERNEL_LINEARTILES_H
