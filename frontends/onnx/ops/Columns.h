// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_COLUMNS_H
#define ATTUNE_FRONTENDS_ONNX_OPS_COLUMNS_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Col2Im whose image and blocks have sizes that are known at run time only.
mlir::LogicalResult lowerColumns(onnx::NodeOp node, Lowering &b);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_COLUMNS_H
