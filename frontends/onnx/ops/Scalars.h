// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_SCALARS_H
#define ATTUNE_FRONTENDS_ONNX_OPS_SCALARS_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Writes what an operator does to one element of each input. Integers have no
/// sign in their type; the node knows.
struct Scalar : mlir::ImplicitLocOpBuilder {
  Scalar(mlir::Location loc, mlir::OpBuilder &builder, onnx::NodeOp node)
      : ImplicitLocOpBuilder(loc, builder), node(node),
        isUnsigned(isUnsignedInput(node)) {}

  /// A constant of the type of `like`.
  mlir::Value number(mlir::Value like, double value);
  mlir::Value compare(mlir::arith::CmpFPredicate onFloats,
                      mlir::arith::CmpIPredicate onSigned,
                      mlir::arith::CmpIPredicate onUnsigned, mlir::Value left,
                      mlir::Value right);
  mlir::Value less(mlir::Value left, mlir::Value right);

  onnx::NodeOp node;
  bool isUnsigned;
};

using ScalarCode = mlir::Value (*)(Scalar &, mlir::ValueRange);

/// Runs scalar code on every element, or, where sizes are computed, on the few
/// elements that are known one by one.
mlir::LogicalResult lowerScalar(onnx::NodeOp node, Lowering &b,
                                ScalarCode code);

template <ScalarCode code>
mlir::LogicalResult simple(onnx::NodeOp node, Lowering &b) {
  return lowerScalar(node, b, code);
}

/// An operator that has no meaning here for integers.
template <ScalarCode code>
mlir::LogicalResult floats(onnx::NodeOp node, Lowering &b) {
  if (!isFloat(node.getInputs()[0]))
    return node.emitNodeError("is supported on floats only");
  return lowerScalar(node, b, code);
}

template <typename Op> mlir::Value unary(Scalar &b, mlir::ValueRange x) {
  return Op::create(b, x[0]);
}

/// `x` as another type. A float that is no integer of the type becomes the
/// nearest, NaN becomes 0.
mlir::Value convertScalar(mlir::ImplicitLocOpBuilder &b, mlir::Value x,
                          mlir::Type to, bool fromUnsigned, bool toUnsigned);

/// Whether `left` comes before `right`: it is larger (or smaller), and NaN
/// counts as the largest and the smallest, as in NumPy.
mlir::Value isBetter(Scalar &s, mlir::Value left, mlir::Value right,
                     bool largest);

/// Of `values`, the one that the loop `dim` counts to; the only one if there is
/// but one.
mlir::Value selectByIndex(mlir::ImplicitLocOpBuilder &b, int64_t dim,
                          mlir::ValueRange values);

/// `index`, as an index, counted from the end of `size` if it is negative.
mlir::Value wrapIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value index,
                      mlir::Value size);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_SCALARS_H
