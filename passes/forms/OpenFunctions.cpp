// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Polynomials.h"
#include "passes/forms/Growth.h"
#include "passes/forms/OpenAttention.h"
#include "passes/forms/Passes.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_OPENFUNCTIONSPASS
#include "passes/forms/Passes.h.inc"

namespace {
struct OpenFunctions : impl::OpenFunctionsPassBase<OpenFunctions> {
  void runOnOperation() override {
    if (failed(decomposeAll()) || failed(openAll()))
      return signalPassFailure();
    nameSites();
  }

private:
  /// All that can be decomposed, until functions of elements are left.
  LogicalResult decomposeAll() {
    IRRewriter rewriter(&getContext());
    SmallVector<attn::Decomposable> found;
    do {
      found.clear();
      getOperation()->walk([&](attn::Decomposable op) {
        if (!isa<attn::PolyOp>(op.getOperation()))
          found.push_back(op);
      });
      for (attn::Decomposable op : found) {
        op->setAttr(attn::openAttr, rewriter.getUnitAttr());
        rewriter.setInsertionPoint(op);
        if (failed(op.decompose(rewriter)))
          return failure();
      }
    } while (!found.empty());
    return success();
  }

  LogicalResult openAll() {
    SmallVector<attn::AttentionOp> found;
    getOperation()->walk([&](attn::AttentionOp op) { found.push_back(op); });
    IRRewriter rewriter(&getContext());
    bool fine = true;
    for (attn::AttentionOp op : found)
      fine &= succeeded(openAttention(rewriter, op));
    return success(fine);
  }

  /// A function at a node that has several of them gets a number.
  void nameSites() {
    llvm::StringSet<> taken;
    SmallVector<attn::PolyOp> nameless;
    auto key = [](attn::PolyOp op, StringRef name) {
      return (attn::stringifyPolyFunction(op.getFunction()) + " " + name).str();
    };
    auto name = [&](attn::PolyOp op, std::string wanted) {
      std::string unique = wanted;
      for (unsigned next = 2; !taken.insert(key(op, unique)).second; ++next)
        unique = wanted + "#" + std::to_string(next);
      op.setSite(unique);
    };
    getOperation()->walk([&](attn::PolyOp op) {
      if (op.getSite())
        name(op, op.getSite()->str());
      else
        nameless.push_back(op);
    });
    for (attn::PolyOp op : nameless) {
      std::string node = nodeNameOf(op.getLoc());
      name(op, node.empty() ? "nameless" : node);
    }
  }
};
} // namespace
} // namespace attune
