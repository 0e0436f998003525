// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/NodeBuilder.h"

using namespace mlir;

namespace attune {

LogicalResult NodeBuilder::requireRank(unsigned input, int64_t rank,
                                       int64_t otherRank) {
  if (!node.hasInput(input))
    return node.emitNodeError("requires input ") << input;
  RankedTensorType type = typeOf(node.getInput(input));
  if (type && (type.getRank() == rank || type.getRank() == otherRank))
    return success();
  InFlightDiagnostic error = node.emitNodeError("requires rank ") << rank;
  if (otherRank >= 0)
    error << " or " << otherRank;
  error << " of input " << input;
  if (type)
    error << ", but got " << type.getRank();
  return error;
}

LogicalResult NodeBuilder::requireEqual(const Extent &left, const Extent &right,
                                        StringRef what) {
  if (!left.isKnown() || !right.isKnown() || left.size == right.size)
    return success();
  return node.emitNodeError("requires equal ")
         << what << ", but got " << left.size << " and " << right.size;
}

LogicalResult NodeBuilder::requireInt(StringRef attribute, int64_t value,
                                      StringRef reason) {
  int64_t given = node.getInt(attribute, value);
  if (given == value)
    return success();
  return node.emitNodeError("requires ")
         << attribute << " = " << value << ", but got " << given << ": "
         << reason;
}

LogicalResult NodeBuilder::refuseInput(unsigned index, StringRef name,
                                       StringRef reason) {
  if (!node.hasInput(index))
    return success();
  return node.emitNodeError("the input '")
         << name << "' is not supported: " << reason;
}

FailureOr<bool> NodeBuilder::flag(StringRef attribute, bool otherwise) {
  int64_t given = node.getInt(attribute, otherwise);
  if (given == 0 || given == 1)
    return given == 1;
  return node.emitNodeError("requires ")
         << attribute << " of 0 or 1, but got " << given;
}

FailureOr<Value> NodeBuilder::sameSizes(Value tensor, Value like,
                                        ArrayRef<int64_t> dims,
                                        StringRef what) {
  Value equal;
  for (int64_t dim : dims) {
    Extent own = extentOf(tensor, dim), wanted = extentOf(like, dim);
    if (failed(requireEqual(own, wanted, what)))
      return failure();
    if (own.equals(wanted))
      continue;
    Value here = compare("Equal", sizeOf(tensor, dim), sizeOf(like, dim));
    equal = equal ? make("And", 7, {equal, here}, elementOf(here), {}) : here;
  }
  if (!equal)
    return tensor;
  return requireTrue(tensor, equal, (what + " must be equal").str());
}

FailureOr<Value> NodeBuilder::addBias(Value x, unsigned input) {
  if (failed(requireRank(input, 1)))
    return failure();
  Value bias = node.getInput(input);
  Extent own = rankOf(x) ? extentOf(x, -1) : Extent(1);
  Extent other = extentOf(bias, 0);
  bool bothKnown = own.isKnown() && other.isKnown();
  // One element would be added to all, and one column to all of a bias. Other
  // sizes that are not known are checked by the sum.
  if (bothKnown ? own.equals(other) : !own.is(1) && !other.is(1))
    return binary("Add", x, bias);
  return node.emitNodeError("requires a bias of as many elements as there are "
                            "columns, but got ")
         << bias.getType() << " for " << x.getType();
}

} // namespace attune
