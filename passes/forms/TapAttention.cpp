// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/onnx/Onnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/forms/FormRecord.h"
#include "passes/forms/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_TAPATTENTIONPASS
#include "passes/forms/Passes.h.inc"

static void tap(func::FuncOp graph, attn::AttentionOp attention,
                unsigned layer) {
  Builder builder(graph.getContext());
  unsigned index = graph.getNumResults();
  SmallVector<StringRef> dims(4, "");
  NamedAttribute attributes[] = {
      builder.getNamedAttr(
          onnx::nameAttr,
          builder.getStringAttr("attention." + std::to_string(layer))),
      builder.getNamedAttr(onnx::dimsAttr, builder.getStrArrayAttr(dims)),
      builder.getNamedAttr(layerAttr, builder.getI64IntegerAttr(layer))};
  (void)graph.insertResult(index, attention.getType(),
                           builder.getDictionaryAttr(attributes));
  auto end = cast<func::ReturnOp>(graph.getBody().front().getTerminator());
  end.getOperandsMutable().append(attention.getResult());
}

namespace {
struct TapAttention : impl::TapAttentionPassBase<TapAttention> {
  void runOnOperation() override {
    unsigned layer = 0;
    SmallVector<std::pair<attn::AttentionOp, unsigned>> found;
    getOperation().walk(
        [&](attn::AttentionOp op) { found.emplace_back(op, layer++); });
    for (auto [attention, number] : found) {
      auto graph = dyn_cast<func::FuncOp>(attention->getParentOp());
      if (graph && graph.isPublic())
        tap(graph, attention, number);
    }
  }
};
} // namespace
} // namespace attune
