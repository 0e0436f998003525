// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormSpec.h"
#include "passes/forms/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_APPLYFORMSPASS
#include "passes/forms/Passes.h.inc"

using FormConcept = attn::RewritableFromDense::Concept;

static FormConcept *findForm(MLIRContext *context, StringRef form) {
  for (RegisteredOperationName name : context->getRegisteredOperations())
    if (auto *found = name.getInterface<attn::RewritableFromDense>())
      if (found->getFormName() == form)
        return found;
  return nullptr;
}

/// Every layer that a specification names exists and has one form.
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
  for (auto [layer, op] : llvm::enumerate(layers)) {
    const FormSpec *owner = nullptr;
    for (const FormSpec &spec : specs) {
      if (!spec.covers(layer))
        continue;
      if (owner)
        return layers[layer]->emitError("layer ")
               << layer << " is given two forms, by '" << owner->text
               << "' and by '" << spec.text << "'";
      owner = &spec;
    }
  }
  return success();
}

static LogicalResult apply(const FormSpec &spec, FormConcept *form,
                           attn::AttentionOp dense, unsigned layer) {
  IRRewriter rewriter(dense);
  SmallVector<NamedAttribute> parameters;
  for (const auto &[key, value] : spec.parameters)
    parameters.push_back(
        rewriter.getNamedAttr(key, rewriter.getStringAttr(value)));
  Location loc = dense.getLoc();
  if (failed(form->rewriteFromDense(rewriter, dense,
                                    rewriter.getDictionaryAttr(parameters))))
    return failure();
  emitRemark(loc) << "layer " << layer << ": attn.attention -> " << spec.form
                  << " (approximate)";
  return success();
}

namespace {
struct ApplyForms : impl::ApplyFormsPassBase<ApplyForms> {
  using Base::Base;

  LogicalResult applyAll() {
    ModuleOp module = getOperation();
    llvm::Error error = checkFormSpecs(spec, getContext());
    if (error)
      return module.emitError(llvm::toString(std::move(error)));
    SmallVector<FormSpec> specs = llvm::cantFail(parseFormSpecs(spec));
    SmallVector<attn::AttentionOp> layers;
    module.walk([&](attn::AttentionOp op) { layers.push_back(op); });
    if (failed(checkLayers(module, specs, layers)))
      return failure();
    for (const FormSpec &each : specs) {
      FormConcept *form = findForm(&getContext(), each.form);
      for (auto [layer, dense] : llvm::enumerate(layers))
        if (each.covers(layer) && failed(apply(each, form, dense, layer)))
          return failure();
    }
    return success();
  }

  void runOnOperation() override {
    if (failed(applyAll()))
      signalPassFailure();
  }
};
} // namespace
} // namespace attune
