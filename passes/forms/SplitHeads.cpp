// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/forms/SplitHeads.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static unsigned positionOfHeads(ArrayRef<int64_t> layout) {
  return llvm::find(layout, 1) - layout.begin();
}

/// Sizes and offsets that pick [first, first + count) of dimension `dim`.
struct Pick {
  Pick(OpBuilder &b, Location loc, ArrayRef<OpFoldResult> whole, unsigned dim,
       int64_t first, int64_t count)
      : offsets(whole.size(), b.getIndexAttr(0)), sizes(whole),
        strides(whole.size(), b.getIndexAttr(1)) {
    offsets[dim] = b.getIndexAttr(first);
    sizes[dim] = b.getIndexAttr(count);
  }
  SmallVector<OpFoldResult> offsets, sizes, strides;
};

static Value slice(OpBuilder &b, Location loc, Value tensor, unsigned dim,
                   int64_t first, int64_t count) {
  Pick pick(b, loc, tensor::getMixedSizes(b, loc, tensor), dim, first, count);
  return tensor::ExtractSliceOp::create(b, loc, tensor, pick.offsets,
                                        pick.sizes, pick.strides);
}

/// The heads of `whole`, which has as many as divide the query's, that the
/// query heads of `range` read; nothing if they read parts of groups.
static std::optional<HeadRange> sharedBy(HeadRange range, int64_t heads,
                                         int64_t whole) {
  int64_t group = heads / whole;
  HeadRange shared{range.first / group, (range.end - 1) / group + 1};
  bool isWhole = range.first % group == 0 && range.end % group == 0;
  return isWhole || shared.end - shared.first == 1 ? std::optional(shared)
                                                   : std::nullopt;
}

static void takeCaptures(OpBuilder &b, attn::AttentionOp part,
                         HeadRange range) {
  auto maps = part.getCaptureMaps().getAsValueRange<AffineMapAttr>();
  for (auto [index, map] : llvm::enumerate(maps))
    for (auto [dim, result] : llvm::enumerate(map.getResults())) {
      auto logical = dyn_cast<AffineDimExpr>(result);
      if (!logical || logical.getPosition() != 1)
        continue;
      OpOperand &operand = part.getCapturesMutable()[index];
      operand.set(slice(b, part.getLoc(), operand.get(), dim, range.first,
                        range.end - range.first));
    }
}

FailureOr<SmallVector<attn::AttentionOp>>
splitHeads(attn::AttentionOp dense, ArrayRef<HeadRange> ranges) {
  using attn::AttentionOp;
  auto count = [](Value value, ArrayRef<int64_t> layout) {
    return AttentionOp::logicalSize(value, layout, 1);
  };
  if (!dense.isPlain())
    return dense.emitError("requires plain softmax attention, to give some of "
                           "its heads a form");
  int64_t heads = count(dense.getQuery(), dense.getQueryLayout());
  int64_t keyHeads = count(dense.getKey(), dense.getKeyLayout());
  int64_t valueHeads = count(dense.getValue(), dense.getValueLayout());
  for (int64_t known : {heads, keyHeads, valueHeads})
    if (ShapedType::isDynamic(known))
      return dense.emitError("requires known numbers of heads of queries, keys "
                             "and values, to give some of them a form");
  for (HeadRange range : ranges)
    if (!sharedBy(range, heads, keyHeads) ||
        !sharedBy(range, heads, valueHeads))
      return dense.emitError("heads ")
             << range.first << " to " << range.end - 1
             << " share keys or values with other heads: forms are chosen for "
                "whole groups of "
             << heads / std::min(keyHeads, valueHeads) << " heads";
  OpBuilder b(dense);
  Location loc = dense.getLoc();
  ReifiedRankedShapedTypeDims shapes;
  if (failed(dense.reifyResultShapes(b, shapes)))
    return failure();
  Type element = getElementTypeOrSelf(dense.getType());
  Value whole = tensor::EmptyOp::create(b, loc, shapes.front(), element);
  SmallVector<AttentionOp> parts;
  for (HeadRange range : ranges) {
    auto part = cast<AttentionOp>(b.clone(*dense));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPoint(part);
    auto take = [&](OpOperand &operand, ArrayRef<int64_t> layout,
                    HeadRange of) {
      operand.set(slice(b, loc, operand.get(), positionOfHeads(layout),
                        of.first, of.end - of.first));
    };
    take(part.getQueryMutable(), part.getQueryLayout(), range);
    take(part.getKeyMutable(), part.getKeyLayout(),
         *sharedBy(range, heads, keyHeads));
    take(part.getValueMutable(), part.getValueLayout(),
         *sharedBy(range, heads, valueHeads));
    takeCaptures(b, part, range);
    unsigned dim = positionOfHeads(part.getOutputLayout());
    auto type = cast<RankedTensorType>(part.getType());
    SmallVector<int64_t> shape(type.getShape());
    shape[dim] = range.end - range.first;
    part.getResult().setType(type.clone(shape));
    b.setInsertionPointAfter(part);
    Pick pick(b, loc, shapes.front(), dim, range.first, shape[dim]);
    whole =
        tensor::InsertSliceOp::create(b, loc, part.getResult(), whole,
                                      pick.offsets, pick.sizes, pick.strides);
    parts.push_back(part);
  }
  b.setInsertionPoint(dense);
  if (whole.getType() != dense.getType())
    whole = tensor::CastOp::create(b, loc, dense.getType(), whole);
  dense.getResult().replaceAllUsesWith(whole);
  dense.erase();
  return parts;
}

} // namespace attune
