// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_ELEMENTWISE_H
#define ATTUNE_DIALECTS_ATTN_CORE_ELEMENTWISE_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace attune::attn {

/// Writes decompositions as linalg.generic. Bodies compute in `real`: f32, or
/// f64 where the elements are; elements are extended when they are read and
/// rounded when they are written.
class Elementwise {
public:
  using Body = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                              mlir::ValueRange)>;

  Elementwise(mlir::OpBuilder &builder, mlir::Location loc, mlir::Type element)
      : b(builder), loc(loc),
        real(element.isF64() ? element : builder.getF32Type()) {}

  static mlir::RankedTensorType typeOf(mlir::Value tensor) {
    return mlir::cast<mlir::RankedTensorType>(tensor.getType());
  }
  mlir::Value size(mlir::Value tensor, int64_t dim);
  mlir::Value constant(mlir::ImplicitLocOpBuilder &inner, double value);

  /// `body` at every point; the last map is the identity of the result, whose
  /// sizes are those of the first operand.
  mlir::Value map(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps,
                  mlir::Type element, Body body);
  /// `body` on every element of `input`, in `real`.
  mlir::Value map(mlir::Value input, Body body);
  /// Sums of `body` over the dimensions that the last map leaves out.
  mlir::Value sum(mlir::ValueRange inputs, llvm::ArrayRef<mlir::AffineMap> maps,
                  Body body);

  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::Type real;

private:
  mlir::Value generic(mlir::ValueRange inputs,
                      llvm::ArrayRef<mlir::AffineMap> maps, mlir::Value init,
                      Body body);
};

} // namespace attune::attn

#endif // ATTUNE_DIALECTS_ATTN_CORE_ELEMENTWISE_H
