// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_MACHINELEARNING_H
#define ATTUNE_FRONTENDS_ONNX_OPS_MACHINELEARNING_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Operators of the domain ai.onnx.ml.
void addMachineLearning(LoweringTable &table);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_MACHINELEARNING_H
