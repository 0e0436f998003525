// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_OPS_PASSES_H
#define ATTUNE_FRONTENDS_ONNX_OPS_PASSES_H

#include "dialects/attn/Attn.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/Pass.h"

namespace attune {
#define GEN_PASS_DECL
#include "frontends/onnx/ops/Passes.h.inc"
#define GEN_PASS_REGISTRATION
#include "frontends/onnx/ops/Passes.h.inc"

/// Whether nodes of this domain ("" for ai.onnx) and type are lowered here.
/// Others stand or fall with their official function body.
bool hasLowering(llvm::StringRef domain, llvm::StringRef opType);
/// The first version of an operator of ai.onnx that is lowered; older ones are
/// refused.
int64_t oldestVersion(llvm::StringRef opType);
/// Whether such nodes are refused on purpose, with a function body or without.
bool isRefused(llvm::StringRef domain, llvm::StringRef opType);
/// Why such nodes cannot be lowered; "" if they can.
llvm::StringRef refusalOf(llvm::StringRef domain, llvm::StringRef opType);

struct OperatorInTable {
  llvm::StringRef domain, opType;
  /// Why it cannot be lowered; "" if it can.
  llvm::StringRef refusal;
  /// Whether elements of any type will do.
  bool onlyMoves = false;
};
/// All operators that are lowered here, or refused on purpose, sorted.
std::vector<OperatorInTable> operatorTable();
} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_OPS_PASSES_H
