// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_CONVOLUTION_H
#define ATTUNE_FRONTENDS_ONNX_OPS_CONVOLUTION_H

#include "frontends/onnx/ops/Windows.h"

namespace attune {

/// Checks that weights have constant sizes and fit `channels` in groups.
mlir::LogicalResult checkWeights(onnx::NodeOp node, mlir::Value input,
                                 mlir::Value weight);
/// What windows see, [batch, positions.., groups, channels of a group,
/// kernel..], times the weights: [batch, channels, positions..].
mlir::Value multiplySeen(Lowering &b, mlir::Value seen, mlir::Value weight,
                         llvm::ArrayRef<mlir::OpFoldResult> positions,
                         int64_t groups);
/// The same without anything in between, for integers, or for groups of so few
/// channels that there is no matrix to speak of.
mlir::Value multiplyDirectly(Lowering &b, mlir::Value padded,
                             mlir::Value weight, const Windows &windows,
                             int64_t groups);
/// Adds the bias, if the node has it as input `index`, and replaces the node.
mlir::LogicalResult finishConvolution(onnx::NodeOp node, Lowering &b,
                                      mlir::Value result, unsigned index);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_CONVOLUTION_H
