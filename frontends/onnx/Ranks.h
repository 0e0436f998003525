// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_RANKS_H
#define ATTUNE_FRONTENDS_ONNX_RANKS_H

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Gives a shape of unknown sizes to values whose rank follows from how long a
/// list of sizes or axes is, where the library's inference leaves them without
/// one; in graphs within nodes, too. Returns whether there were any.
/// `original`, if any, is the graph of before the inference and learns of them
/// as well.
bool addRanks(onnx::GraphProto &graph, onnx::GraphProto *original);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_RANKS_H
