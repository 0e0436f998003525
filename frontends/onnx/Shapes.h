// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_SHAPES_H
#define ATTUNE_FRONTENDS_ONNX_SHAPES_H

#include "frontends/onnx/Model.h"

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Gives named dimensions their sizes, and nameless ones of inputs names.
/// Throws `Failure` if no input has a dimension of that name.
void fixDims(onnx::ModelProto &model,
             const std::map<std::string, int64_t> &fixedDims);

/// Infers the types of all values from those of the inputs. What the file says
/// of other values is not relied on: names of dimensions tell later passes that
/// sizes are equal, and a wrong one would make them read out of bounds. Only
/// where the library cannot infer types are they taken from the file, without
/// names.
/// Adds what does not fit to `problems`.
void inferShapes(onnx::ModelProto &model, Problems &problems);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_SHAPES_H
