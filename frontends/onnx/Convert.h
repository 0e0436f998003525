// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONVERT_H
#define ATTUNE_FRONTENDS_ONNX_CONVERT_H

#include "frontends/onnx/Model.h"

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Converts a type; throws `Failure` for a shape that no tensor can have.
Type convertType(const onnx::TypeProto &proto);

/// Copies a checked graph to plain data. `constants` were read before; what
/// else is constant in the graph is added to them.
Graph convertGraph(const onnx::GraphProto &proto,
                   const std::map<std::string, int64_t> &opsets,
                   std::vector<Tensor> constants);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_CONVERT_H
