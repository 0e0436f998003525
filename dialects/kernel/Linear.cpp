// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of LinearOps.td.

#include "dialects/kernel/Kernel.h"

using namespace mlir;

namespace attune::kernel {

static int64_t sizeOf(Value operand, ArrayRef<int64_t> layout, int64_t dim) {
  return cast<ShapedType>(operand.getType())
      .getDimSize(llvm::find(layout, dim) - layout.begin());
}

static LogicalResult verifyMap(Operation *op, Region &map) {
  Block &body = map.front();
  auto yield = dyn_cast_or_null<YieldOp>(body.empty() ? nullptr : &body.back());
  if (body.getNumArguments() != 1 || !yield || yield.getValues().size() != 1)
    return op->emitOpError("requires feature maps from one element to one");
  return success();
}

static LogicalResult verifyProjection(LinearAttentionOp op, FeatureKind kind,
                                      Value projection, int64_t width) {
  bool needed = kind == FeatureKind::queries || kind == FeatureKind::keys;
  if (!projection && !needed)
    return success();
  if (!projection || kind == FeatureKind::taylor)
    return op.emitOpError("requires a projection for features of kind ")
           << (needed ? "'queries' and 'keys', and none for "
                      : "'elements' only, not for ")
           << "'taylor'";
  auto type = cast<ShapedType>(projection.getType());
  if (type.getRank() != 2 || !type.hasStaticShape() ||
      type.getDimSize(1) != width)
    return op.emitOpError("requires a static projection of vectors of width ")
           << width << ", but got " << type;
  return success();
}

LogicalResult LinearAttentionOp::verify() {
  // C1
  for (Region *map : {&getQueryMap(), &getKeyMap()})
    if (failed(verifyMap(*this, *map)))
      return failure();
  // C2
  int64_t queryWidth = sizeOf(getQuery(), getQueryLayout(), 3);
  int64_t keyWidth = sizeOf(getKey(), getKeyLayout(), 3);
  if (ShapedType::isDynamic(queryWidth) || ShapedType::isDynamic(keyWidth) ||
      ShapedType::isDynamic(sizeOf(getValue(), getValueLayout(), 3)))
    return emitOpError(
               "requires static widths of query, key and value, but got ")
           << getQuery().getType() << ", " << getKey().getType() << " and "
           << getValue().getType();
  // C3
  if (getQueryKind() == FeatureKind::keys ||
      getKeyKind() == FeatureKind::queries)
    return emitOpError("requires features of queries for the query and of "
                       "keys for the key");
  if (failed(verifyProjection(*this, getQueryKind(), getQueryProjection(),
                              queryWidth)))
    return failure();
  if (failed(
          verifyProjection(*this, getKeyKind(), getKeyProjection(), keyWidth)))
    return failure();
  // C4
  size_t results = getInit().size() - 2, most = getNormalise() ? 2 : 1;
  auto scratch = getInit().size() < 2
                     ? ShapedType()
                     : cast<ShapedType>(getInit()[1].getType());
  if (!scratch || (results != 0 && results != most) || scratch.getRank() != 1 ||
      !scratch.hasStaticShape() || !scratch.getElementType().isInteger(8))
    return emitOpError("requires destinations for the output, static bytes of "
                       "scratch memory, and a state with its sum");
  return success();
}

} // namespace attune::kernel
