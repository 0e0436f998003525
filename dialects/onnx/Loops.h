// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ONNX_LOOPS_H
#define ATTUNE_DIALECTS_ONNX_LOOPS_H

#include "llvm/ADT/StringRef.h"

namespace attune {
namespace onnx {
/// On a node with graphs: how many of its last inputs are outer values that
/// the graphs use. A graph is the symbol of a function among the attributes of
/// the node, of the graph's own inputs and then of these values.
constexpr llvm::StringLiteral capturesAttr = "attune.captures";
} // namespace onnx

/// On a Loop whose condition is the same after each trip, so that the number
/// of trips is known before the first.
constexpr llvm::StringLiteral countedAttr = "attune.counted";

} // namespace attune

#endif // ATTUNE_DIALECTS_ONNX_LOOPS_H
