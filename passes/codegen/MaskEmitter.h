// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_MASKEMITTER_H
#define ATTUNE_PASSES_CODEGEN_MASKEMITTER_H

#include "mlir/IR/IntegerSet.h"
#include "passes/codegen/VectorEmitter.h"

namespace attune {

/// Emits what a mask of integer sets of (i, j)[n] says of queries and keys.
class MaskEmitter {
public:
  /// `sets` may be null: then everything is seen.
  MaskEmitter(VectorEmitter &b, mlir::ArrayAttr sets) : b(b), sets(sets) {}
  void setKeys(mlir::Value count) { keys = count; }

  bool hidesSome() const { return static_cast<bool>(sets); }

  /// Keys [low, high).
  struct Range {
    mlir::Value low, high;
  };
  /// For each set a range outside of which it shows no query at the positions
  /// `first` to `last` any key; within 0 and the number of keys.
  llvm::SmallVector<Range> rangesFor(mlir::Value first, mlir::Value last);
  /// The smallest range that holds what is in one of `ranges` and in `within`;
  /// empty (low >= high) if nothing is. `within` may
  /// be empty, but not negative.
  Range hull(llvm::ArrayRef<Range> ranges, Range within);

  /// Whether one of the sets shows the queries at positions `first` to `last`
  /// the keys of `range`; false if that is not known.
  mlir::Value showsAll(mlir::Value first, mlir::Value last, Range range);

  /// Which of the keys `key` + lane the query at `position` sees.
  mlir::Value visible(mlir::Value position, mlir::Value key);

private:
  void narrow(Range &range, mlir::AffineExpr constraint, mlir::Value first,
              mlir::Value last);
  mlir::Value highest(mlir::AffineExpr expr, mlir::Value first,
                      mlir::Value last);
  mlir::Value lowest(mlir::AffineExpr expr, mlir::Value first, mlir::Value last,
                     Range range);
  mlir::Value emit(mlir::AffineExpr expr, mlir::Value i, mlir::Value j,
                   mlir::Value n);
  mlir::Type typeOfElements();
  mlir::Value constant(mlir::Type type, int64_t value);

  VectorEmitter &b;
  mlir::ArrayAttr sets;
  mlir::Value keys;
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_MASKEMITTER_H
