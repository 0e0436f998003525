// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_PASSES_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_PASSES_H

#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace attune {
#define GEN_PASS_DECL
#include "frontends/onnx/contrib/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "frontends/onnx/contrib/Passes.h.inc"

/// Whether nodes of this domain and type become others of ai.onnx.
bool hasExpansion(llvm::StringRef domain, llvm::StringRef opType);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_PASSES_H
