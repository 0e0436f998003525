// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"
#include "dialects/kernel/Kernel.h"
#include "passes/forms/FormRecord.h"
#include "passes/forms/Passes.h"
#include "passes/forms/Plan.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_APPLYFORMSPASS
#include "passes/forms/Passes.h.inc"

/// Where a plan asks for it, or `otherwise`.
static Location placeOf(const FormSpec &spec, Location otherwise) {
  return spec.file.empty()
             ? otherwise
             : FileLineColLoc::get(otherwise.getContext(), spec.file, spec.line,
                                   spec.column);
}

/// Every layer that a specification names exists.
static LogicalResult checkLayers(ModuleOp module, ArrayRef<FormSpec> specs,
                                 ArrayRef<attn::AttentionOp> layers) {
  for (const FormSpec &spec : specs) {
    unsigned end = 0;
    for (auto [first, last] : spec.layers)
      end = std::max(end, last + 1);
    if (layers.empty())
      return emitError(placeOf(spec, module.getLoc()), "'")
             << spec.text << "' finds no dense attention to take the place of: "
             << "the model has none, or none that was recognised";
    if (end > layers.size())
      return emitError(placeOf(spec, module.getLoc()), "'")
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
        return emitError(placeOf(spec, dense.getLoc()), "layer ")
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
      return emitError(placeOf(spec, dense.getLoc()), "'")
             << spec.text << "' names heads, but how many there are in layer "
             << layer << " is not known";
    for (auto [first, last] : spec.heads)
      if (last >= heads)
        return emitError(placeOf(spec, dense.getLoc()), "'")
               << spec.text << "' names head " << last
               << ", but the heads of layer " << layer << " are 0 to "
               << heads - 1;
  }
  return shares;
}

namespace {

/// Keeps errors to itself: what they say becomes a reason.
class Reasons {
public:
  explicit Reasons(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
            return failure();
          text += (text.empty() ? "" : "; ") + diagnostic.str();
          return success();
        }) {}
  std::string text;

private:
  ScopedDiagnosticHandler handler;
};

struct ApplyForms : impl::ApplyFormsPassBase<ApplyForms> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(applyAll()))
      return signalPassFailure();
    Builder builder(&getContext());
    if (!records.empty())
      getOperation()->setAttr(formsAttr, builder.getArrayAttr(records));
  }

private:
  LogicalResult applyAll();
  FailureOr<SmallVector<FormSpec>> readSpecs();
  LogicalResult applyTo(attn::AttentionOp dense, unsigned layer,
                        ArrayRef<FormSpec> specs);
  LogicalResult apply(const Share &share, attn::AttentionOp dense,
                      unsigned layer, bool isPart);
  /// Does `work`; what it reports is a reason to stay dense if that is allowed.
  LogicalResult attempt(llvm::function_ref<LogicalResult()> work,
                        std::string &whyNot);
  void stayDense(FormRecord &record, Location loc);

  SmallVector<Attribute> records;
};

} // namespace

LogicalResult ApplyForms::attempt(llvm::function_ref<LogicalResult()> work,
                                  std::string &whyNot) {
  if (!allowPartial)
    return work();
  Reasons reasons(&getContext());
  LogicalResult result = work();
  whyNot = reasons.text;
  return result;
}

void ApplyForms::stayDense(FormRecord &record, Location loc) {
  emitWarning(loc) << "layer " << record.layer
                   << " stays dense: " << record.whyNot;
  records.push_back(record.toAttr(&getContext()));
}

static std::optional<attn::FormParameters>
parametersOf(const FormSpec &spec, attn::AttentionOp dense, unsigned layer) {
  Builder builder(dense.getContext());
  SmallVector<NamedAttribute> given;
  for (const auto &[key, value] : spec.parameters)
    given.push_back(builder.getNamedAttr(key, builder.getStringAttr(value)));
  return attn::readParameters(*attn::findForm(spec.form), dense,
                              builder.getDictionaryAttr(given), layer);
}

LogicalResult ApplyForms::apply(const Share &share, attn::AttentionOp dense,
                                unsigned layer, bool isPart) {
  if (!share.owner)
    return success();
  const FormSpec &spec = *share.owner;
  FormRecord record{layer, share.heads, &spec};
  Location loc = dense.getLoc();
  RewriteWatcher watcher(dense);
  LogicalResult done = attempt(
      [&]() -> LogicalResult {
        const attn::Form *form = attn::findForm(spec.form);
        if (!dense.isPlain())
          return dense.emitError("form '")
                 << spec.form << "' requires plain softmax attention, without "
                 << "block lists, normaliser and 'lse'";
        auto parameters = parametersOf(spec, dense, layer);
        if (!parameters)
          return failure();
        record.isExact = form->isExact && form->isExact(dense, *parameters);
        IRRewriter rewriter(dense, &watcher);
        return form->rewrite(rewriter, dense, *parameters);
      },
      record.whyNot);
  if (failed(done) && allowPartial)
    return stayDense(record, loc), success();
  if (failed(done)) {
    if (!spec.file.empty())
      emitError(placeOf(spec, loc))
          << "form '" << spec.form << "' cannot be applied to layer " << layer;
    return failure();
  }
  watcher.fill(record, costSize);
  records.push_back(record.toAttr(&getContext()));
  InFlightDiagnostic remark = emitRemark(loc);
  remark << "layer " << layer;
  if (isPart)
    remark << ", heads " << share.heads.first << "-" << share.heads.end - 1;
  remark << ": attn.attention -> " << spec.form
         << (record.isExact ? " (exact)" : " (approximate)");
  return success();
}

LogicalResult ApplyForms::applyTo(attn::AttentionOp dense, unsigned layer,
                                  ArrayRef<FormSpec> specs) {
  FailureOr<SmallVector<Share>> shares = sharesOf(dense, layer, specs);
  if (failed(shares))
    return failure();
  if (shares->size() == 1)
    return apply(shares->front(), dense, layer, /*isPart=*/false);
  FailureOr<SmallVector<attn::AttentionOp>> parts = failure();
  auto ranges = llvm::map_to_vector(
      *shares, [](const Share &share) { return share.heads; });
  std::string whyNot;
  LogicalResult done = attempt(
      [&] { return LogicalResult(parts = splitHeads(dense, ranges)); }, whyNot);
  if (failed(done) && !allowPartial)
    return failure();
  for (auto [index, share] : llvm::enumerate(*shares)) {
    if (succeeded(done)) {
      if (failed(apply(share, (*parts)[index], layer, /*isPart=*/true)))
        return failure();
    } else if (share.owner) {
      FormRecord record{layer, share.heads, share.owner};
      record.whyNot = whyNot;
      stayDense(record, dense.getLoc());
    }
  }
  return success();
}

FailureOr<SmallVector<FormSpec>> ApplyForms::readSpecs() {
  ModuleOp module = getOperation();
  if (!plan.empty()) {
    llvm::Expected<SmallVector<FormSpec>> specs = readPlan(plan);
    if (!specs)
      return module.emitError(llvm::toString(specs.takeError()));
    return *specs;
  }
  if (llvm::Error error = checkFormSpecs(spec))
    return module.emitError(llvm::toString(std::move(error)));
  return llvm::cantFail(parseFormSpecs(spec));
}

LogicalResult ApplyForms::applyAll() {
  FailureOr<SmallVector<FormSpec>> specs = readSpecs();
  if (failed(specs))
    return failure();
  SmallVector<attn::AttentionOp> layers;
  getOperation().walk([&](attn::AttentionOp op) { layers.push_back(op); });
  if (failed(checkLayers(getOperation(), *specs, layers)))
    return failure();
  for (auto [layer, dense] : llvm::enumerate(layers))
    if (failed(applyTo(dense, layer, *specs)))
      return failure();
  return success();
}

} // namespace attune
