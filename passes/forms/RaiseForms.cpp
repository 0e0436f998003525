// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Nodes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/forms/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_RAISEFORMSPASS
#include "passes/forms/Passes.h.inc"

namespace {
struct RaiseForms : impl::RaiseFormsPassBase<RaiseForms> {
  using Base::Base;

  LogicalResult initialize(MLIRContext *context) override {
    RewritePatternSet collected(context);
    for (RegisteredOperationName name : context->getRegisteredOperations())
      if (auto *form = name.getInterface<attn::Raisable>())
        form->populateRaisePatterns(collected);
    auto &all = collected.getNativePatterns();
    if (reversed)
      std::reverse(all.begin(), all.end());
    // Of equal benefits the driver takes the first; the name decides which
    // one that is, not the order of registration.
    llvm::stable_sort(all, [](const auto &left, const auto &right) {
      return left->getDebugName() < right->getDebugName();
    });
    patterns = FrozenRewritePatternSet(std::move(collected));
    return success();
  }

  void runOnOperation() override {
    GreedyRewriteConfig config;
    config.enableFolding(false).enableConstantCSE(false);
    // From the results up: a pattern that takes in what follows (a transpose of
    // the result, say) must see it before its own inner part is replaced.
    config.setUseTopDownTraversal(false);
    if (failed(applyPatternsGreedily(getOperation(), patterns, config)))
      return signalPassFailure();
    eraseUnused(getOperation());
  }

  FrozenRewritePatternSet patterns;
};
} // namespace
} // namespace attune
