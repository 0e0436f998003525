// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_REQUIRE_H
#define ATTUNE_FRONTENDS_ONNX_OPS_REQUIRE_H

#include "frontends/onnx/ops/Lowering.h"

namespace attune {

/// Adds `Require` of the domain `attune`: its result is its first operand, if
/// the second, a boolean scalar, is true; else the run ends with `message`.
void addRequire(LoweringTable &table);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_REQUIRE_H
