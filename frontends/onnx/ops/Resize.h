// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_RESIZE_H
#define ATTUNE_FRONTENDS_ONNX_OPS_RESIZE_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// How places are rounded before opset 11: up where an image shrinks, down
/// where it grows. Places are numbers of 32 bits, in which scales such as 0.7
/// reach whole ones.
constexpr llvm::StringLiteral onWholePlaces = "on_whole_places";

/// How elements are made of their neighbours when an image is resized.
struct ResizeMode {
  enum Kind { nearest, linear, cubic } kind = nearest;
  llvm::StringRef transform, rounding;
  double cubicA = -0.75;
  bool antialias = false, excludeOutside = false;
};

/// One dimension that is resized; numbers are f64.
struct ResizeAxis {
  int64_t axis = 0;
  mlir::OpFoldResult in, out;
  mlir::Value scale;
  std::optional<double> knownScale;
  mlir::Value roiStart, roiEnd; // or null
};

mlir::FailureOr<ResizeMode> resizeModeOf(onnx::NodeOp node);
/// The dimensions that a Resize or an Upsample changes.
mlir::FailureOr<llvm::SmallVector<ResizeAxis>>
resizeAxesOf(onnx::NodeOp node, Lowering &b, const ResizeMode &mode);
mlir::Value sizeToF64(Lowering &b, mlir::OpFoldResult size);

/// Where each position of the output lies in the input: [out] of f64.
mlir::Value sourcePlaces(Lowering &b, const ResizeMode &mode,
                         const ResizeAxis &axis);
/// The nearest element of each place: [out] of i64, within the input.
mlir::Value nearestElements(Lowering &b, const ResizeMode &mode,
                            const ResizeAxis &axis, mlir::Value places);

/// Weights [out, taps] of the elements from `starts` [out] of i64 on.
struct ResizeWeights {
  mlir::Value starts, weights;
};
ResizeWeights weightsOf(Lowering &b, const ResizeMode &mode,
                        const ResizeAxis &axis, mlir::Value places);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_RESIZE_H
