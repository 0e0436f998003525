// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_DECOMPOSEFORMSPASS
#include "passes/forms/Passes.h.inc"

namespace {
struct DecomposeForms : impl::DecomposeFormsPassBase<DecomposeForms> {
  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<attn::Decomposable> found;
    // What a form consists of may be decomposable itself.
    do {
      found.clear();
      getOperation()->walk([&](attn::Decomposable op) { found.push_back(op); });
      for (attn::Decomposable op : found) {
        rewriter.setInsertionPoint(op);
        if (failed(op.decompose(rewriter)))
          return signalPassFailure();
      }
    } while (!found.empty());
    WalkResult left = getOperation()->walk([](Operation *op) {
      if (!isa_and_nonnull<attn::AttnDialect>(op->getDialect()) ||
          op->hasTrait<attn::Core>())
        return WalkResult::advance();
      op->emitOpError("is no core operation and has no decomposition");
      return WalkResult::interrupt();
    });
    if (left.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
} // namespace attune
