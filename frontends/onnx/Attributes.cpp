// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Attributes.h"
#include "frontends/onnx/Types.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace mlir;

namespace attune {

static Attribute convert(Builder &builder, const model::Tensor &tensor,
                         std::string &reason) {
  RankedTensorType type = tensorType(builder.getContext(), tensor, reason);
  return type ? elements(type, tensor) : Attribute();
}

static Attribute convertTensors(Builder &builder,
                                const model::Attribute &attribute,
                                std::string &reason) {
  SmallVector<Attribute> tensors;
  for (const model::Tensor &tensor : attribute.tensors) {
    tensors.push_back(convert(builder, tensor, reason));
    if (!tensors.back())
      return {};
  }
  return builder.getArrayAttr(tensors);
}

Attribute convertAttribute(Builder &builder, const model::Attribute &attribute,
                           std::string &reason) {
  using Kind = model::Attribute::Kind;
  switch (attribute.kind) {
  case Kind::Float:
    return builder.getF32FloatAttr(attribute.floats.front());
  case Kind::Int:
    return builder.getI64IntegerAttr(attribute.ints.front());
  case Kind::String:
    return builder.getStringAttr(attribute.strings.front());
  case Kind::Floats:
    return builder.getDenseF32ArrayAttr(attribute.floats);
  case Kind::Ints:
    return builder.getDenseI64ArrayAttr(attribute.ints);
  case Kind::Strings: {
    SmallVector<StringRef> strings(attribute.strings.begin(),
                                   attribute.strings.end());
    return builder.getStrArrayAttr(strings);
  }
  case Kind::Tensor:
    return convert(builder, attribute.tensors.front(), reason);
  case Kind::Tensors:
    return convertTensors(builder, attribute, reason);
  case Kind::Type: {
    RankedTensorType type =
        tensorType(builder.getContext(), attribute.type, reason);
    return type ? TypeAttr::get(type) : Attribute();
  }
  case Kind::Graph:
  case Kind::Graphs:
  case Kind::Other:
    break;
  }
  reason = "attributes of this kind are not supported";
  return {};
}

void annotateModule(ModuleOp module, StringRef path, const model::Model &model,
                    const std::map<std::string, DimRange> &dims) {
  Builder builder(module.getContext());
  module->setAttr(modelAttr,
                  builder.getStringAttr(llvm::sys::path::stem(path)));
  SmallVector<NamedAttribute> opsets, ranges;
  for (const auto &[domain, version] : model.opsets)
    opsets.push_back(
        builder.getNamedAttr(domain.empty() ? "ai.onnx" : StringRef(domain),
                             builder.getI64IntegerAttr(version)));
  module->setAttr(opsetAttr, builder.getDictionaryAttr(opsets));
  llvm::StringSet<> seen;
  for (const std::string &input : model.graph.inputs)
    for (const model::Dim &dim : model.graph.types.at(input).dims) {
      if (dim.name.empty() || !seen.insert(dim.name).second)
        continue;
      auto found = dims.find(dim.name);
      DimRange range = found == dims.end() ? DimRange() : found->second;
      ranges.push_back(builder.getNamedAttr(
          dim.name, builder.getDenseI64ArrayAttr({range.min, range.max})));
    }
  module->setAttr(dimRangesAttr, builder.getDictionaryAttr(ranges));
}

} // namespace attune
