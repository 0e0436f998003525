// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_CODEGEN_VECTOREMITTER_H
#define ATTUNE_PASSES_CODEGEN_VECTOREMITTER_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attune {

/// Builds index arithmetic, loops and code over vectors of one native width.
/// Loop-carried values are native vectors: wider ones would be scalarised.
class VectorEmitter : public mlir::ImplicitLocOpBuilder {
public:
  VectorEmitter(mlir::Operation *at, int64_t lanes)
      : ImplicitLocOpBuilder(at->getLoc(), at), lanes(lanes) {}

  const int64_t lanes;

  mlir::Value index(int64_t value);
  mlir::Value add(mlir::Value left, mlir::Value right);
  mlir::Value sub(mlir::Value left, mlir::Value right);
  mlir::Value mul(mlir::Value left, mlir::Value right);
  mlir::Value div(mlir::Value left, mlir::Value right);
  mlir::Value rem(mlir::Value left, mlir::Value right);
  mlir::Value ceilDiv(mlir::Value left, int64_t right);
  mlir::Value min(mlir::Value left, mlir::Value right);
  mlir::Value max(mlir::Value left, mlir::Value right);
  mlir::Value dim(mlir::Value memref, int64_t dim);

  mlir::VectorType vector(mlir::Type element);
  mlir::Value scalar(float value);
  mlir::Value splat(mlir::Value scalar);
  mlir::Value splat(float value) { return splat(scalar(value)); }

  /// The lanes below `count`, which may be negative or above the width.
  mlir::Value maskBelow(mlir::Value count);
  /// `lanes` elements along the last dimension; with a mask, zeros elsewhere.
  mlir::Value load(mlir::Value memref, mlir::ValueRange indices,
                   mlir::Value mask = {});
  void store(mlir::Value vector, mlir::Value memref, mlir::ValueRange indices,
             mlir::Value mask = {});

  /// The larger of two vectors of floats, in one instruction; where one of them
  /// is no number, `right`.
  mlir::Value larger(mlir::Value left, mlir::Value right);

  /// e^x of a vector of f32 with x <= 0; below -87.3 it is exactly 0.
  /// Relative error below 2e-7.
  mlir::Value expOfNegative(mlir::Value x);

  /// Clones the element-wise body of `block` on vectors, `arguments` (vectors
  /// or scalars) in the place of its arguments. Returns what its terminator
  /// yields, as vectors.
  llvm::SmallVector<mlir::Value> inlineOnVectors(mlir::Block &block,
                                                 mlir::ValueRange arguments);

  /// for i in [begin, end) step: body(i, carried) -> carried.
  llvm::SmallVector<mlir::Value>
  loop(mlir::Value begin, mlir::Value end, mlir::Value step,
       mlir::ValueRange carried,
       llvm::function_ref<llvm::SmallVector<mlir::Value>(mlir::Value,
                                                         mlir::ValueRange)>
           body);
  void loop(mlir::Value begin, mlir::Value end, mlir::Value step,
            llvm::function_ref<void(mlir::Value)> body);
  /// A kernel.parallel whose body is called for each item; `setup` makes, once
  /// for all items of a range, what they share: scratch memory must not be
  /// taken from the stack inside a loop.
  void parallel(
      mlir::Value count, mlir::Value grain,
      llvm::function_ref<void(mlir::Value)> body,
      llvm::function_ref<void()> setup = [] {});

private:
  mlir::Value asVector(mlir::Value value);
};

} // namespace attune

#endif // ATTUNE_PASSES_CODEGEN_VECTOREMITTER_H
