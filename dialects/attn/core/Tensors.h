// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_TENSORS_H
#define ATTUNE_DIALECTS_ATTN_CORE_TENSORS_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attune::attn {

/// Writes decompositions of operations that look elements up: linalg.generic
/// whose bodies know their place.
class Tensors : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;
  using Sizes = llvm::ArrayRef<mlir::OpFoldResult>;
  /// Gets a builder and the elements of the operands, destinations last.
  using Body = llvm::function_ref<llvm::SmallVector<mlir::Value>(
      mlir::ImplicitLocOpBuilder &, mlir::ValueRange)>;
  /// Gets a builder and the place of an element.
  using At = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                            llvm::ArrayRef<mlir::Value>)>;
  /// Whether the left of two elements comes first.
  using Before = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                                mlir::Value, mlir::Value)>;

  static mlir::RankedTensorType typeOf(mlir::Value tensor) {
    return mlir::cast<mlir::RankedTensorType>(tensor.getType());
  }
  mlir::OpFoldResult size(mlir::Value tensor, int64_t dim);
  llvm::SmallVector<mlir::OpFoldResult> sizes(mlir::Value tensor);
  mlir::Value toIndex(mlir::OpFoldResult size);
  /// ceil(size / by)
  mlir::OpFoldResult ceilDiv(mlir::OpFoldResult size, int64_t by);
  mlir::Value index(int64_t value);
  mlir::Value integer(int64_t value);
  /// A number of the type of `like`, a float.
  mlir::Value number(mlir::Type like, double value);

  mlir::Value empty(Sizes sizes, mlir::Type element);
  mlir::Value filled(Sizes sizes, mlir::Type element, double value);
  /// The destinations are the last operands; `reduced` lists the loops that
  /// are no dimensions of them.
  llvm::SmallVector<mlir::Value> generic(mlir::ValueRange inputs,
                                         mlir::ValueRange inits,
                                         llvm::ArrayRef<mlir::AffineMap> maps,
                                         llvm::ArrayRef<unsigned> reduced,
                                         Body body);
  /// Each element from its place.
  mlir::Value compute(Sizes sizes, mlir::Type element, At at);
  /// Each element from that of `input`.
  mlir::Value convert(
      mlir::Value input, mlir::Type element,
      llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &, mlir::Value)>
          code);
  /// `tensor`, row-major, with other sizes of as many elements.
  mlir::Value reshape(mlir::Value tensor, Sizes sizes);
  mlir::Value castTo(mlir::Value tensor, mlir::Type type);
  /// The product of sizes.
  mlir::OpFoldResult product(Sizes sizes);

  /// The positions of the `count` items that come first in each row, in order,
  /// as `rows x count` of i64; equal items stay in order. `keys` is `rows x n`
  /// with n of at least `count`.
  mlir::Value sortedPositions(mlir::Value keys, mlir::OpFoldResult count,
                              Before before);
};

/// An element of a tensor at indices.
mlir::Value elementAt(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                      llvm::ArrayRef<mlir::Value> at);
/// An integer as an index, or the other way round.
mlir::Value indexCast(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                      mlir::Type type);
/// A float in f32, or in f64 if it is one.
mlir::Value widen(mlir::ImplicitLocOpBuilder &b, mlir::Value value);
/// A float in another type.
mlir::Value convertFloat(mlir::ImplicitLocOpBuilder &b, mlir::Value value,
                         mlir::Type type);

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_TENSORS_H
