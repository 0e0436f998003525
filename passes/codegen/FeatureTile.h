// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Features of a chunk of queries or keys, in tiles.

#ifndef ATTUNE_PASSES_CODEGEN_FEATURETILE_H
#define ATTUNE_PASSES_CODEGEN_FEATURETILE_H

#include "dialects/kernel/Kernel.h"
#include "passes/codegen/HeadTile.h"

namespace attune {

/// How `kernel.linear_attention` makes features of vectors of `width`.
struct FeatureSpec {
  kernel::FeatureKind kind;
  mlir::Value projection; ///< features x width, or null
  mlir::Region *map;
  double scale;
  int64_t width;

  int64_t features() const;
};

/// Holds up to `chunk` vectors and their features, transposed: a row is a
/// feature, a column a position of the sequence. Columns past the last position
/// hold what whole vectors compute there, and rows past the last feature are
/// finite: neither may be used.
class FeatureTile {
public:
  /// Register tiles are of `height` rows and `vectors` vectors of columns;
  /// `chunk` is a multiple of the latter.
  FeatureTile(VectorEmitter &b, FeatureSpec spec, int64_t height,
              int64_t vectors, int64_t chunk)
      : b(b), spec(spec), height(height), vectors(vectors), chunk(chunk) {}

  /// Says where the tiles are; the features are `inputs` themselves for maps of
  /// single elements.
  void place(mlir::Value inputTile, mlir::Value featureTile);
  /// Loads `count` vectors from `first` on, at least one.
  void load(const HeadSource &source, mlir::Value first, mlir::Value count);
  /// Makes the features of what was loaded. For the kind `keys`, `largest` is
  /// a scalar that no exponent exceeds.
  void make(mlir::Value count, mlir::Value largest);
  /// For the kind `keys`: lanes of `largest`, or of the exponents of what was
  /// loaded where they are larger. `seen`, `1 x chunk`, is 0 for keys that are
  /// passed over; null if there are none.
  mlir::Value maximum(mlir::Value count, mlir::Value seen, mlir::Value largest);

  mlir::Value inputs, features; ///< width x chunk (scaled), features x chunk

private:
  using Values = llvm::SmallVector<mlir::Value>;

  int64_t panel() const { return vectors * b.lanes; }
  bool isElementwise() const {
    return spec.kind == kernel::FeatureKind::elements && !spec.projection;
  }
  mlir::Value mapped(mlir::Value feature);
  void overPanels(mlir::Value count, llvm::function_ref<void(mlir::Value)>);
  Values columns(mlir::Value column);
  Values project(mlir::Value row, mlir::Value column);
  Values exponents(mlir::Value row, mlir::Value column, const Values &halves);
  Values halfSquares(mlir::Value column);
  void store(const Values &tile, mlir::Value row, mlir::Value column);
  void makeQueries(mlir::Value column);
  void makeKeys(mlir::Value column, mlir::Value largest);
  void makeTaylor(mlir::Value column);

  VectorEmitter &b;
  FeatureSpec spec;
  int64_t height, vectors, chunk;
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_FEATURETILE_H
