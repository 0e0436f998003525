// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FUSE_CONTRACTION_H
#define ATTUNE_PASSES_FUSE_CONTRACTION_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace attune {

/// A multiply-and-add over f32 as a batched matrix product. The lists hold
/// positions of the iteration's dimensions; the output's dimensions are
/// `batch`, then `m`, then `n`, each in its order.
struct Contraction {
  mlir::linalg::LinalgOp op;
  llvm::SmallVector<unsigned> batch, m, n, k;

  /// Fails with a remark-free "no": whoever asks has the general loops.
  static mlir::FailureOr<Contraction> match(mlir::linalg::LinalgOp op);

  mlir::Value lhs() { return op.getDpsInputOperand(0)->get(); }
  mlir::Value rhs() { return op.getDpsInputOperand(1)->get(); }
  mlir::Value result() { return op->getResult(0); }
};

/// `value` with its dimensions collapsed into groups of the given sizes, in
/// order; an empty group becomes a dimension of size 1.
mlir::Value regroup(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value value, llvm::ArrayRef<unsigned> groups);

/// Undoes `regroup`: gives `value` the shape of `like`.
mlir::Value ungroup(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value value, llvm::ArrayRef<unsigned> groups,
                    mlir::Value like);

/// `operand`, whose dimensions follow `map`, with them in the order `dims`.
mlir::Value reorder(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value operand, mlir::AffineMap map,
                    llvm::ArrayRef<unsigned> dims);

} // namespace attune

#endif // ATTUNE_PASSES_FUSE_CONTRACTION_H
