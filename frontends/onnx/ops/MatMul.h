// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_MATMUL_H
#define ATTUNE_FRONTENDS_ONNX_OPS_MATMUL_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// The product as MatMul has it: of matrices, of stacks of them, or with a
/// vector on a side. Null if sizes do not fit, which is then reported.
mlir::Value matrixProduct(onnx::NodeOp node, Lowering &b, mlir::Value lhs,
                          mlir::Value rhs);

/// Determinants of matrices.
mlir::LogicalResult lowerDet(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_MATMUL_H
