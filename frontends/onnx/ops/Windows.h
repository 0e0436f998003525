// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_WINDOWS_H
#define ATTUNE_FRONTENDS_ONNX_OPS_WINDOWS_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// `input` with `value` before and after each dimension.
mlir::Value padConstant(Lowering &b, mlir::Value input,
                        llvm::ArrayRef<mlir::OpFoldResult> low,
                        llvm::ArrayRef<mlir::OpFoldResult> high,
                        mlir::Value value);

/// Windows that slide over the spatial dimensions (all but the first two).
struct Windows {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  llvm::SmallVector<mlir::OpFoldResult> low, high; // pads
  llvm::SmallVector<mlir::OpFoldResult> counts;    // positions of the window

  /// Reads the attributes of a node; `kernel` are the window's sizes.
  static mlir::FailureOr<Windows> of(onnx::NodeOp node, Lowering &b,
                                     mlir::Value input,
                                     llvm::ArrayRef<int64_t> kernel);
  /// The input, with `value` wherever a window reaches beyond it.
  mlir::Value pad(Lowering &b, mlir::Value input, mlir::Value value) const;
  /// Position in the padded input: loop `position` counts windows, loop
  /// `inside` elements of one.
  mlir::AffineExpr place(mlir::MLIRContext *context, unsigned dim,
                         unsigned position, unsigned inside) const;
  int64_t rank() const { return kernel.size(); }
};

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_WINDOWS_H
