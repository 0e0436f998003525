// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Spelled-out neighbours of attention. Each function takes the last node of a
// spelling and returns what computes the same, made before it, or null.

#ifndef ATTUNE_PASSES_RAISE_NEIGHBOURS_H
#define ATTUNE_PASSES_RAISE_NEIGHBOURS_H

#include "dialects/onnx/Nodes.h"

namespace attune {

/// A product: `Gelu`.
onnx::NodeOp raiseGelu(onnx::NodeOp product);
/// A product with a scale: `RMSNormalization` or `LayerNormalization`. If a
/// bias is added to it, the sum is replaced instead and null is returned.
onnx::NodeOp raiseNorm(onnx::NodeOp product);
/// A sum: the result of `attn.rotary`.
mlir::Value raiseRotary(onnx::NodeOp sum);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_NEIGHBOURS_H
