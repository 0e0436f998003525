// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_FUNCTIONS_H
#define ATTUNE_FRONTENDS_ONNX_FUNCTIONS_H

#include "frontends/onnx/Model.h"

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Replaces calls of the model's own functions by their bodies. Throws
/// `Failure` if that would give too many nodes or is nested too deeply.
void inlineFunctions(onnx::ModelProto &model);

/// Replaces nodes without a lowering by the body that their schema gives.
void expandUnlowered(onnx::ModelProto &model, const LoadOptions &options);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_FUNCTIONS_H
