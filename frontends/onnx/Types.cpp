// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/Types.h"

using namespace mlir;

namespace attune {

mlir::Type elementType(MLIRContext *context, model::ElementType element) {
  using E = model::ElementType;
  auto integer = [&](unsigned width) -> mlir::Type {
    return IntegerType::get(context, width);
  };
  auto unsignedInteger = [&](unsigned width) -> mlir::Type {
    return IntegerType::get(context, width, IntegerType::Unsigned);
  };
  switch (element) {
  case E::Float:
    return Float32Type::get(context);
  case E::Double:
    return Float64Type::get(context);
  case E::Float16:
    return Float16Type::get(context);
  case E::BFloat16:
    return BFloat16Type::get(context);
  case E::Float8E4M3FN:
    return Float8E4M3FNType::get(context);
  case E::Float8E4M3FNUZ:
    return Float8E4M3FNUZType::get(context);
  case E::Float8E5M2:
    return Float8E5M2Type::get(context);
  case E::Float8E5M2FNUZ:
    return Float8E5M2FNUZType::get(context);
  case E::Float8E8M0:
    return Float8E8M0FNUType::get(context);
  case E::Float4E2M1:
    return Float4E2M1FNType::get(context);
  case E::Float6E2M3:
    return Float6E2M3FNType::get(context);
  case E::Float6E3M2:
    return Float6E3M2FNType::get(context);
  case E::Bool:
    return integer(1);
  case E::Int2:
    return integer(2);
  case E::Int4:
    return integer(4);
  case E::Int8:
    return integer(8);
  case E::Int16:
    return integer(16);
  case E::Int32:
    return integer(32);
  case E::Int64:
    return integer(64);
  case E::UInt2:
    return unsignedInteger(2);
  case E::UInt4:
    return unsignedInteger(4);
  case E::UInt8:
    return unsignedInteger(8);
  case E::UInt16:
    return unsignedInteger(16);
  case E::UInt32:
    return unsignedInteger(32);
  case E::UInt64:
    return unsignedInteger(64);
  case E::Undefined:
  case E::String:
  case E::Complex64:
  case E::Complex128:
    break;
  }
  return {};
}

static std::string unsupported(model::ElementType element) {
  switch (element) {
  case model::ElementType::String:
    return "tensors of strings are not supported";
  case model::ElementType::Complex64:
  case model::ElementType::Complex128:
    return "tensors of complex numbers are not supported";
  case model::ElementType::Undefined:
    return "has no element type";
  default:
    return "element type " + std::to_string(static_cast<int>(element)) +
           " is not known";
  }
}

RankedTensorType tensorType(MLIRContext *context, const model::Type &type,
                            std::string &reason) {
  if (type.kind != model::Type::Kind::Tensor) {
    reason = type.kind == model::Type::Kind::Unknown
                 ? "its type cannot be inferred"
                 : "only tensors are supported, but it is a sequence, an "
                   "optional, a map or sparse";
    return {};
  }
  mlir::Type element = elementType(context, type.element);
  if (!element || !type.ranked) {
    reason =
        element ? "its rank cannot be inferred" : unsupported(type.element);
    return {};
  }
  SmallVector<int64_t> shape;
  for (const model::Dim &dim : type.dims)
    shape.push_back(dim.size < 0 ? ShapedType::kDynamic : dim.size);
  return RankedTensorType::get(shape, element);
}

RankedTensorType tensorType(MLIRContext *context, const model::Tensor &tensor,
                            std::string &reason) {
  reason = tensor.problem;
  if (!reason.empty())
    return {};
  mlir::Type element = elementType(context, tensor.element);
  if (!element) {
    reason = unsupported(tensor.element);
    return {};
  }
  return RankedTensorType::get(tensor.dims, element);
}

DenseElementsAttr elements(RankedTensorType type, const model::Tensor &tensor) {
  if (type.getNumElements() == 0)
    return DenseElementsAttr::get(type, ArrayRef<Attribute>());
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(
        type, ArrayRef(tensor.bytes.data(), tensor.bytes.size()));
  SmallVector<bool> values;
  for (char byte : tensor.bytes)
    values.push_back(byte != 0);
  return DenseElementsAttr::get(type, values);
}

ArrayAttr dimNamesAttr(MLIRContext *context, const model::Type &type) {
  SmallVector<Attribute> names;
  for (const model::Dim &dim : type.dims)
    names.push_back(StringAttr::get(context, dim.name));
  return ArrayAttr::get(context, names);
}

} // namespace attune
