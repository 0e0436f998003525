// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/FormRecord.h"

using namespace mlir;

namespace attune {

DictionaryAttr FormRecord::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<NamedAttribute> given, fields;
  for (const auto &[key, value] : spec->parameters)
    given.push_back(b.getNamedAttr(key, b.getStringAttr(value)));
  auto add = [&](StringRef name, Attribute value) {
    fields.push_back(b.getNamedAttr(name, value));
  };
  add("layer", b.getI64IntegerAttr(layer));
  add("first_head", b.getI64IntegerAttr(heads.first));
  add("end_head", b.getI64IntegerAttr(heads.end));
  add("form", b.getStringAttr(spec->form));
  add("parameters", b.getDictionaryAttr(given));
  if (!whyNot.empty()) {
    add("why_not", b.getStringAttr(whyNot));
    return b.getDictionaryAttr(fields);
  }
  add("exact", b.getBoolAttr(isExact));
  add("flops", b.getF64FloatAttr(cost.flops));
  add("bytes", b.getF64FloatAttr(cost.bytes));
  if (mask)
    add("mask", mask);
  return b.getDictionaryAttr(fields);
}

void RewriteWatcher::fill(FormRecord &record, int64_t size) const {
  for (Operation *op : ops) {
    if (auto costed = dyn_cast<attn::Costed>(op)) {
      attn::Cost cost = costed.getCost(size);
      record.cost.flops += cost.flops;
      record.cost.bytes += cost.bytes;
    }
    if (auto attention = dyn_cast<attn::AttentionOp>(op))
      record.mask = attention.getMaskAttr();
  }
}

} // namespace attune
