// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What operators meant before opset 7, and what of it is lowered.

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_OLDVERSIONS_H
#define ATTUNE_FRONTENDS_ONNX_OPS_OLDVERSIONS_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Refuses a node of an older version than `oldestVersion`.
mlir::LogicalResult checkVersion(onnx::NodeOp node);

/// The inputs of an element-wise node, to be broadcast from the right as today:
/// before opset 7 the second one may stand at an `axis` of the first.
llvm::SmallVector<mlir::Value> alignedInputs(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_OLDVERSIONS_H
