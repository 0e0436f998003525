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
