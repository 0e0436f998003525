// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"
#include "dialects/kernel/Kernel.h"
#include "passes/forms/FormSpec.h"
#include "passes/forms/Passes.h"
#include "passes/forms/SplitHeads.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_APPLYFORMSPASS
#include "passes/forms/Passes.h.inc"

/// Every layer that a specification names exists.
static LogicalResult checkLayers(ModuleOp module, ArrayRef<FormSpec> specs,
                                 ArrayRef<attn::AttentionOp> layers) {
  for (const FormSpec &spec : specs) {
    unsigned end = 0;
    for (auto [first, last] : spec.layers)
      end = std::max(end, last + 1);
    if (layers.empty())
      return module.emitError("'")
             << spec.text << "' finds no dense attention to take the place of: "
             << "the model has none, or none that was recognised";
    if (end > layers.size())
      return module.emitError("'")
             << spec.text << "' names layer " << end - 1
             << ", but the layers with dense attention are 0 to "
             << layers.size() - 1;
  }
  return success();
}

/// Heads in a row that take one form, or stay dense.
struct Share {
  HeadRange heads;
  const FormSpec *owner = nullptr;
};

/// The specification that each head of a layer takes its form from.
static FailureOr<SmallVector<Share>>
sharesOf(attn::AttentionOp dense, unsigned layer, ArrayRef<FormSpec> specs) {
  int64_t heads = attn::AttentionOp::logicalSize(dense.getQuery(),
                                                 dense.getQueryLayout(), 1);
  SmallVector<Share> shares;
  for (int64_t head = 0; head < std::max<int64_t>(heads, 1); ++head) {
    const FormSpec *owner = nullptr;
    for (const FormSpec &spec : specs) {
      if (!spec.covers(layer) || !spec.coversHead(head))
        continue;
      if (owner)
        return dense.emitError("layer ")
               << layer << " is given two forms, by '" << owner->text
               << "' and by '" << spec.text << "'";
      owner = &spec;
    }
    if (!shares.empty() && shares.back().owner == owner)
      ++shares.back().heads.end;
    else
      shares.push_back({{head, head + 1}, owner});
  }
  for (const FormSpec &spec : specs) {
    if (!spec.covers(layer) || spec.heads.empty())
      continue;
    if (ShapedType::isDynamic(heads))
      return dense.emitError("'")
             << spec.text << "' names heads, but how many there are in layer "
             << layer << " is not known";
    for (auto [first, last] : spec.heads)
      if (last >= heads)
        return dense.emitError("'") << spec.text << "' names head " << last
                                    << ", but the heads of layer " << layer
                                    << " are 0 to " << heads - 1;
  }
  return shares;
}

static LogicalResult apply(const Share &share, attn::AttentionOp dense,
                           unsigned layer, bool isPart) {
  if (!share.owner)
    return success();
  const FormSpec &spec = *share.owner;
  IRRewriter rewriter(dense);
  SmallVector<NamedAttribute> given;
  for (const auto &[key, value] : spec.parameters)
    given.push_back(rewriter.getNamedAttr(key, rewriter.getStringAttr(value)));
  Location loc = dense.getLoc();
  const attn::Form *form = attn::findForm(spec.form);
  std::optional<attn::FormParameters> parameters = attn::readParameters(
      *form, dense, rewriter.getDictionaryAttr(given), layer);
  if (!parameters)
    return failure();
  bool isExact = form->isExact && form->isExact(dense, *parameters);
  if (failed(form->rewrite(rewriter, dense, *parameters)))
    return failure();
  InFlightDiagnostic remark = emitRemark(loc);
  remark << "layer " << layer;
  if (isPart)
    remark << ", heads " << share.heads.first << "-" << share.heads.end - 1;
  remark << ": attn.attention -> " << spec.form
         << (isExact ? " (exact)" : " (approximate)");
  return success();
}

static LogicalResult applyTo(attn::AttentionOp dense, unsigned layer,
                             ArrayRef<FormSpec> specs) {
  FailureOr<SmallVector<Share>> shares = sharesOf(dense, layer, specs);
  if (failed(shares))
    return failure();
  if (shares->size() == 1)
    return apply(shares->front(), dense, layer, /*isPart=*/false);
  FailureOr<SmallVector<attn::AttentionOp>> parts =
      splitHeads(dense, llvm::map_to_vector(*shares, [](const Share &share) {
                   return share.heads;
                 }));
  if (failed(parts))
    return failure();
  for (auto [share, part] : llvm::zip(*shares, *parts))
    if (failed(apply(share, part, layer, /*isPart=*/true)))
      return failure();
  return success();
}

namespace {
struct ApplyForms : impl::ApplyFormsPassBase<ApplyForms> {
  using Base::Base;

  LogicalResult applyAll() {
    ModuleOp module = getOperation();
    llvm::Error error = checkFormSpecs(spec);
    if (error)
      return module.emitError(llvm::toString(std::move(error)));
    SmallVector<FormSpec> specs = llvm::cantFail(parseFormSpecs(spec));
    SmallVector<attn::AttentionOp> layers;
    module.walk([&](attn::AttentionOp op) { layers.push_back(op); });
    if (failed(checkLayers(module, specs, layers)))
      return failure();
    for (auto [layer, dense] : llvm::enumerate(layers))
      if (failed(applyTo(dense, layer, specs)))
        return failure();
    return success();
  }

  void runOnOperation() override {
    if (failed(applyAll()))
      signalPassFailure();
  }
};
} // namespace
} // namespace attune
