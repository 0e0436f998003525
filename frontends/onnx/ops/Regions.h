// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_REGIONS_H
#define ATTUNE_FRONTENDS_ONNX_OPS_REGIONS_H

#include "frontends/onnx/ops/Scalars.h"

namespace attune {

/// Ends the run unless `holds` for each of `count` regions.
void requireAll(onnx::NodeOp node, Lowering &b, mlir::OpFoldResult count,
                llvm::function_ref<mlir::Value(Scalar &, mlir::Value)> holds,
                llvm::StringRef message);
/// Checks that input 0 has rank 4 and sizes above 0, and that input 1 has rank
/// 2 and `columns`.
mlir::LogicalResult checkRegions(onnx::NodeOp node, Lowering &b,
                                 int64_t columns);

/// An index as a number of the type of `like`, and back; NaN gives 0.
mlir::Value toFloat(Scalar &s, mlir::Value like, mlir::Value index);
mlir::Value toIndex(Scalar &s, mlir::Value number);
/// The element of a matrix.
mlir::Value readAt(Scalar &s, mlir::Value matrix, mlir::Value row,
                   int64_t column);

void addRegions(LoweringTable &table);
mlir::LogicalResult lowerMaxRoiPool(onnx::NodeOp node, Lowering &b);
mlir::LogicalResult lowerRoiAlign(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_REGIONS_H
