// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of ai.onnx, each in a version that its lowering knows.

#include "frontends/onnx/contrib/NodeBuilder.h"

using namespace mlir;

namespace attune {

Value NodeBuilder::binary(StringRef op, Value left, Value right) {
  return make(op, 14, {left, right}, elementOf(left),
              broadcast(extentsOf(left), extentsOf(right)));
}

Value NodeBuilder::compare(StringRef op, Value left, Value right) {
  return make(op, op.ends_with("OrEqual") ? 16 : 13, {left, right},
              builder.getI1Type(),
              broadcast(extentsOf(left), extentsOf(right)));
}

Value NodeBuilder::where(Value condition, Value yes, Value no) {
  Extents all = broadcast(extentsOf(yes), extentsOf(no));
  return make("Where", 16, {condition, yes, no}, elementOf(yes),
              broadcast(extentsOf(condition), all));
}

Value NodeBuilder::unary(StringRef op, int64_t version, Value input) {
  return make(op, version, input, elementOf(input), extentsOf(input));
}

/// The number that ONNX has for an element type.
static int64_t numberOf(Type element) {
  if (element.isF32())
    return 1;
  if (element.isInteger(32))
    return 6;
  if (element.isInteger(64))
    return 7;
  if (element.isF16())
    return 10;
  return element.isF64() ? 11 : 16;
}

Value NodeBuilder::cast(Value input, Type element) {
  if (elementOf(input) == element)
    return input;
  return make("Cast", 21, input, element, extentsOf(input),
              attribute("to", numberOf(element)));
}

Value NodeBuilder::matMul(Value left, Value right) {
  Extents a = extentsOf(left), b = extentsOf(right);
  Extents result = broadcast(Extents(ArrayRef(a).drop_back(2)),
                             Extents(ArrayRef(b).drop_back(2)));
  result.push_back(a[a.size() - 2]);
  result.push_back(b.back());
  return make("MatMul", 13, {left, right}, elementOf(left), result);
}

Value NodeBuilder::transpose(Value input, ArrayRef<int64_t> order) {
  Extents own = extentsOf(input), result;
  for (int64_t dim : order)
    result.push_back(own[dim]);
  return make("Transpose", 21, input, elementOf(input), result,
              attribute("perm", order));
}

Value NodeBuilder::reshape(Value input, ArrayRef<int64_t> target,
                           const Extents &extents) {
  return make("Reshape", 21, {input, integers(target)}, elementOf(input),
              extents);
}

Value NodeBuilder::unsqueeze(Value input, ArrayRef<int64_t> axes) {
  Extents own = extentsOf(input), result;
  size_t next = 0, rank = own.size() + axes.size();
  for (size_t dim = 0; dim < rank; ++dim)
    result.push_back(llvm::is_contained(axes, static_cast<int64_t>(dim))
                         ? Extent(1)
                         : own[next++]);
  return make("Unsqueeze", 21, {input, integers(axes)}, elementOf(input),
              result);
}

SmallVector<Value> NodeBuilder::split(Value input, int64_t axis,
                                      ArrayRef<int64_t> sizes) {
  SmallVector<Type> types;
  SmallVector<Attribute> names;
  for (int64_t size : sizes) {
    Extents part = extentsOf(input);
    part[axis] = size;
    types.push_back(tensorOf(elementOf(input), part));
    names.push_back(namesOf(part));
  }
  onnx::NodeOp made = makeMany("Split", 18, {input, integers(sizes)}, types,
                               attribute("axis", axis));
  made.setDimsAttr(builder.getArrayAttr(names));
  return SmallVector<Value>(made.getOutputs());
}

Value NodeBuilder::slice(Value input, int64_t axis, int64_t begin, int64_t end,
                         Extent length) {
  Extents part = extentsOf(input);
  part[axis] = length;
  return make("Slice", 13,
              {input, integers(begin), integers(end), integers(axis)},
              elementOf(input), part);
}

Value NodeBuilder::concat(ValueRange inputs, int64_t axis, Extent total) {
  Extents whole = extentsOf(inputs[0]);
  whole[axis] = total;
  return make("Concat", 13, inputs, elementOf(inputs[0]), whole,
              attribute("axis", axis));
}

Value NodeBuilder::gather(Value data, Value indices, int64_t axis) {
  Extents own = extentsOf(data), picked = extentsOf(indices);
  Extents result(ArrayRef(own).take_front(axis));
  result.append(picked);
  result.append(own.begin() + axis + 1, own.end());
  return make("Gather", 13, {data, indices}, elementOf(data), result,
              attribute("axis", axis));
}

Value NodeBuilder::sizeOf(Value input, int64_t dim) {
  Value list = make("Shape", 21, input, builder.getI64Type(), {Extent(1)},
                    {attribute("start", dim), attribute("end", dim + 1)});
  return make("Squeeze", 21, {list, integers(0)}, builder.getI64Type(), {});
}

Value NodeBuilder::range(Value count, Extent length) {
  Type element = builder.getI64Type();
  return make("Range", 11, {scalar(0, element), count, scalar(1, element)},
              element, {length});
}

Value NodeBuilder::expand(Value input, Value target, const Extents &extents) {
  return make("Expand", 13, {input, target}, elementOf(input), extents);
}

Value NodeBuilder::notNegative(Value indices) {
  Type element = builder.getI64Type();
  constexpr double tooLarge = 0x1p62;
  Value wide = cast(indices, element);
  return where(compare("Less", wide, scalar(0, element)),
               scalar(tooLarge, element), wide);
}

Value NodeBuilder::requireTrue(Value value, Value condition,
                               StringRef message) {
  onnx::NodeOp made = makeMany("Require", 1, {value, condition},
                               value.getType(), attribute("message", message));
  made.setDomain("attune");
  made.setDimsAttr(builder.getArrayAttr(namesOf(extentsOf(value))));
  return made.getOutputs()[0];
}

} // namespace attune
