// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_FUNCTIONS_H
#define ATTUNE_FRONTENDS_ONNX_FUNCTIONS_H

#include "frontends/onnx/Model.h"

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Throws `Failure` if calls of the model's own functions never end, are nested
/// too deeply, would give too many nodes, or give attributes that the function
/// does not have.
void checkFunctions(const onnx::ModelProto &model);

/// Replaces calls of the model's own functions, checked before, by their
/// bodies; false if there are none. Throws `Failure` if a body uses operators
/// of another version than the model does.
bool inlineFunctions(onnx::ModelProto &model);

/// Replaces nodes without a lowering by the body that their schema gives.
void expandUnlowered(onnx::ModelProto &model, const LoadOptions &options);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_FUNCTIONS_H
