// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_COMPACTION_H
#define ATTUNE_FRONTENDS_ONNX_OPS_COMPACTION_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Positions of the true elements of a list, in order, as i64: there is one
/// element more, without meaning. And how many true elements stand before each
/// element of the list, as i64.
struct Marked {
  mlir::Value positions;
  mlir::OpFoldResult count;
  mlir::Value before;
};
/// `flags` is a list of i1.
Marked findMarked(Lowering &b, mlir::Value flags);

/// `values` at `places`, which are i64, of a list of `size` elements.
mlir::Value storeAt(Lowering &b, mlir::Value places, mlir::Value values,
                    mlir::OpFoldResult size);
/// An element of a tensor of i64, as an index.
mlir::Value positionAt(mlir::ImplicitLocOpBuilder &b, mlir::Value positions,
                       mlir::ValueRange at);

mlir::LogicalResult lowerUnique(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_COMPACTION_H
