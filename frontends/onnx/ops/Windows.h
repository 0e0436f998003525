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

/// The loops over what windows see: batch, channel, outer positions, elements
/// of the window, positions along the last dimension. The last one is not
/// reduced, so that neighbours are computed together.
struct WindowLoops {
  explicit WindowLoops(const Windows &windows) : windows(windows) {}

  unsigned count() const { return 2 + 2 * windows.rank(); }
  unsigned position(int64_t dim) const {
    return dim + 1 < windows.rank() ? 2 + dim : count() - 1;
  }
  unsigned inside(int64_t dim) const { return 1 + windows.rank() + dim; }
  /// Maps to the padded input, to a tensor of the window's shape, and to the
  /// result.
  llvm::SmallVector<mlir::AffineMap> maps(mlir::MLIRContext *context) const;
  llvm::SmallVector<mlir::utils::IteratorType> iterators() const;

  const Windows &windows;
};

/// Combines what each window sees of `padded`: the body gets an element and
/// what was combined before it.
mlir::Value pool(Lowering &b, mlir::Value padded, const Windows &windows,
                 mlir::Value start, Lowering::Body body);
/// The sum of what each window sees.
mlir::Value poolSum(Lowering &b, mlir::Value padded, const Windows &windows);
/// The windows of a node with the attribute kernel_shape.
mlir::FailureOr<Windows> windowsOf(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_WINDOWS_H
