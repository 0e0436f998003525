// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/NodeBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace attune {

bool Extent::equals(const Extent &other) const {
  if (isKnown() || other.isKnown())
    return size == other.size;
  return !name.empty() && name == other.name;
}

Extents extentsOf(Value tensor) {
  Extents extents;
  SmallVector<StringRef> names = onnx::dimNames(tensor);
  for (auto [dim, size] : llvm::enumerate(typeOf(tensor).getShape())) {
    Extent extent(size);
    if (!extent.isKnown() && dim < names.size())
      extent.name = names[dim].str();
    extents.push_back(extent);
  }
  return extents;
}

Extent extentOf(Value tensor, int64_t dim) {
  Extents extents = extentsOf(tensor);
  return extents[dim < 0 ? dim + extents.size() : dim];
}

int64_t rankOf(Value tensor) { return typeOf(tensor).getRank(); }

Extents broadcast(const Extents &left, const Extents &right) {
  if (left.size() < right.size())
    return broadcast(right, left);
  Extents result = left;
  for (size_t back = 1; back <= right.size(); ++back) {
    Extent &own = result[result.size() - back];
    const Extent &other = right[right.size() - back];
    if (own.is(1) || (!own.isKnown() && other.isKnown() && !other.is(1)))
      own = other;
    else if (!own.isKnown() && !other.isKnown() && !own.equals(other))
      own = {};
  }
  return result;
}

RankedTensorType tensorOf(Type element, const Extents &extents) {
  SmallVector<int64_t> shape;
  for (const Extent &extent : extents)
    shape.push_back(extent.size);
  return RankedTensorType::get(shape, element);
}

NodeBuilder::NodeBuilder(onnx::NodeOp node) : node(node), builder(node) {}

Type NodeBuilder::elementOf(Value tensor) {
  return typeOf(tensor).getElementType();
}

ArrayAttr NodeBuilder::namesOf(const Extents &extents) {
  SmallVector<Attribute> names;
  for (const Extent &extent : extents)
    names.push_back(builder.getStringAttr(extent.name));
  return builder.getArrayAttr(names);
}

Value NodeBuilder::make(StringRef op, int64_t version, ValueRange inputs,
                        Type element, const Extents &extents,
                        Attributes attributes) {
  return onnx::NodeOp::create(
             builder, node.getLoc(), ArrayRef<Type>(tensorOf(element, extents)),
             builder.getStringAttr(op), builder.getI64IntegerAttr(version),
             inputs, builder.getStringAttr(""), node.getNodeNameAttr(),
             builder.getDictionaryAttr(attributes),
             builder.getArrayAttr(namesOf(extents)))
      .getOutputs()[0];
}

onnx::NodeOp NodeBuilder::makeMany(StringRef op, int64_t version,
                                   ValueRange inputs, ArrayRef<Type> types,
                                   Attributes attributes) {
  SmallVector<Attribute> names;
  for (Type type : types) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    names.push_back(namesOf(Extents(tensor ? tensor.getRank() : 0)));
  }
  return onnx::NodeOp::create(
      builder, node.getLoc(), types, builder.getStringAttr(op),
      builder.getI64IntegerAttr(version), inputs, builder.getStringAttr(""),
      node.getNodeNameAttr(), builder.getDictionaryAttr(attributes),
      builder.getArrayAttr(names));
}

void NodeBuilder::name(onnx::NodeOp made, unsigned output,
                       const Extents &extents) {
  SmallVector<Attribute> names(made.getOutputs().size(),
                               builder.getArrayAttr({}));
  if (ArrayAttr before = made.getDimsAttr())
    llvm::copy(before, names.begin());
  names[output] = namesOf(extents);
  made.setDimsAttr(builder.getArrayAttr(names));
}

NamedAttribute NodeBuilder::attribute(StringRef name, int64_t value) {
  return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
}
NamedAttribute NodeBuilder::attribute(StringRef name, float value) {
  return builder.getNamedAttr(name, builder.getF32FloatAttr(value));
}
NamedAttribute NodeBuilder::attribute(StringRef name, StringRef value) {
  return builder.getNamedAttr(name, builder.getStringAttr(value));
}
NamedAttribute NodeBuilder::attribute(StringRef name, ArrayRef<int64_t> value) {
  return builder.getNamedAttr(name, builder.getDenseI64ArrayAttr(value));
}

Value NodeBuilder::integers(ArrayRef<int64_t> values) {
  auto type = RankedTensorType::get({static_cast<int64_t>(values.size())},
                                    builder.getI64Type());
  return arith::ConstantOp::create(builder, node.getLoc(),
                                   DenseIntElementsAttr::get(type, values));
}

Value NodeBuilder::scalar(double value, Type element) {
  auto type = RankedTensorType::get({}, element);
  Attribute number;
  if (auto real = dyn_cast<FloatType>(element)) {
    APFloat rounded(value);
    bool inexact = false;
    rounded.convert(real.getFloatSemantics(), APFloat::rmNearestTiesToEven,
                    &inexact);
    if (rounded.isInfinity() && std::isfinite(value))
      rounded = APFloat::getLargest(real.getFloatSemantics(), value < 0);
    number = FloatAttr::get(real, rounded);
  } else {
    number = builder.getIntegerAttr(element, static_cast<int64_t>(value));
  }
  return arith::ConstantOp::create(builder, node.getLoc(),
                                   DenseElementsAttr::get(type, number));
}

Value NodeBuilder::none() {
  return onnx::NoneOp::create(builder, node.getLoc(), builder.getNoneType());
}

bool NodeBuilder::isUsed(unsigned index) {
  return index < node.getOutputs().size() &&
         !isa<NoneType>(node.getOutputs()[index].getType());
}

/// What is known of either size.
static Extent joined(const Extent &left, const Extent &right) {
  if (left.isKnown() || (!right.isKnown() && right.name.empty()))
    return left;
  return right;
}

LogicalResult NodeBuilder::replace(unsigned index, Value value) {
  if (!isUsed(index))
    return success();
  Value old = node.getOutputs()[index];
  RankedTensorType type = typeOf(value), wanted = typeOf(old);
  if (!wanted || type.getRank() != wanted.getRank() ||
      type.getElementType() != wanted.getElementType() ||
      failed(verifyCompatibleShape(type, wanted)))
    return node.emitNodeError("gives ")
           << type << ", but the model says " << old.getType();
  Extents all;
  for (auto [left, right] : llvm::zip(extentsOf(value), extentsOf(old)))
    all.push_back(joined(left, right));
  auto maker = value.getDefiningOp<onnx::NodeOp>();
  if (!maker) {
    // An input or a constant keeps its own type.
    value = make("Identity", 21, value, elementOf(value), all);
  } else {
    value.setType(tensorOf(elementOf(value), all));
    name(maker, llvm::cast<OpResult>(value).getResultNumber(), all);
  }
  old.replaceAllUsesWith(value);
  return success();
}

LogicalResult NodeBuilder::replaceFirst(ValueRange values) {
  for (auto [index, value] : llvm::enumerate(values))
    if (failed(replace(index, value)))
      return failure();
  return success();
}

} // namespace attune
