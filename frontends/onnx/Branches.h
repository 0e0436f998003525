// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_BRANCHES_H
#define ATTUNE_FRONTENDS_ONNX_BRANCHES_H

#include "onnx/onnx_pb.h"

namespace attune::model {

/// Puts the nodes of a branch in the place of each `If` of the graph whose
/// condition follows from constants and from sizes and ranks that are known.
/// The branch that is never taken may have results of another rank, or none
/// that make sense. Returns whether there was any. The names in subgraphs must
/// be those that `liftSubgraphs` gives.
bool takeKnownBranches(onnx::GraphProto &graph);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_BRANCHES_H
