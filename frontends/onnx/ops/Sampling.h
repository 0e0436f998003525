// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_SAMPLING_H
#define ATTUNE_FRONTENDS_ONNX_OPS_SAMPLING_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// The largest integer not above `x`, as an index; NaN gives 0.
mlir::Value floorIndex(mlir::ImplicitLocOpBuilder &b, mlir::Value x);

/// Reads the element at positions that may lie outside of the tensor.
using ReadAt = llvm::function_ref<mlir::Value(llvm::ArrayRef<mlir::Value>)>;

/// Elements along one dimension, each with its weight.
using Taps = llvm::SmallVector<std::pair<mlir::Value, mlir::Value>>;
/// The two elements around `x` of linear, the four of cubic interpolation.
Taps linearTaps(mlir::ImplicitLocOpBuilder &b, mlir::Value x);
Taps cubicTaps(mlir::ImplicitLocOpBuilder &b, mlir::Value x, double a);
/// Weight of an element at a distance |x| from the place that is asked for.
mlir::Value linearWeight(mlir::ImplicitLocOpBuilder &b, mlir::Value x);
mlir::Value cubicWeight(mlir::ImplicitLocOpBuilder &b, mlir::Value x, double a);

/// The weighted sum over the product of the taps of all dimensions.
mlir::Value combineTaps(mlir::ImplicitLocOpBuilder &b,
                        llvm::ArrayRef<Taps> taps, ReadAt read);

/// Linear interpolation between the elements around `at`.
mlir::Value interpolate(mlir::ImplicitLocOpBuilder &b,
                        llvm::ArrayRef<mlir::Value> at, ReadAt read);

/// `tensor[lead, at]`, or zero where `at` is not within `sizes`.
mlir::Value readOrZero(mlir::ImplicitLocOpBuilder &b, mlir::Value tensor,
                       llvm::ArrayRef<mlir::Value> lead,
                       llvm::ArrayRef<mlir::Value> at,
                       llvm::ArrayRef<mlir::Value> sizes);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_SAMPLING_H
