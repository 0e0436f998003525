// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"

using namespace mlir;

namespace attune::attn {

LogicalResult PoolOp::verify() {
  // C1
  if (getBlock() < 1)
    return emitOpError("requires a block of at least 1, but got ")
           << getBlock();
  // C2
  if (failed(verifyLayouts(*this, getLayout())))
    return failure();
  // C3
  auto isKind = [](StringRef kind) {
    return kind == "avg" || kind == "max" || kind == "min";
  };
  if (getKinds().empty() ||
      !llvm::all_of(getKinds().getAsValueRange<StringAttr>(), isKind))
    return emitOpError("requires kinds of \"avg\", \"max\" and \"min\", but "
                       "got ")
           << getKinds();
  // C4
  Heads x{getInput(), getLayout()};
  int64_t shape[] = {x.size(0), x.size(1), x.size(2), x.size(3)};
  int64_t kinds = getKinds().size();
  if (!ShapedType::isDynamic(shape[2]))
    shape[2] = llvm::divideCeil(shape[2], getBlock());
  if (!ShapedType::isDynamic(shape[3]))
    shape[3] *= kinds;
  RankedTensorType type = getType();
  if (type.getElementType() != getInput().getType().getElementType() ||
      failed(verifyCompatibleShape(type.getShape(), shape)))
    return emitOpError("requires a result of the type ")
           << getInput().getType().clone(shape) << ", but got " << type;
  return success();
}

LogicalResult PoolOp::reifyResultShapes(OpBuilder &builder,
                                        ReifiedRankedShapedTypeDims &shapes) {
  Tensors b(getLoc(), builder);
  Heads x{getInput(), getLayout()};
  SmallVector<OpFoldResult> shape;
  for (int64_t dim = 0; dim < 4; ++dim)
    shape.push_back(b.size(getInput(), x.position(dim)));
  shape[2] = b.ceilDiv(shape[2], getBlock());
  shape[3] = b.product({shape[3], b.getIndexAttr(getKinds().size())});
  shapes.push_back(shape);
  return success();
}

Cost PoolOp::getCost(int64_t size) {
  double bytes = bytesOf({getInput()}, size);
  double elements = 8 * bytes / getType().getElementTypeBitWidth();
  return {elements * getKinds().size(), bytes + bytesOf({getResult()}, size)};
}

/// What the elements of a block are combined to, from `total` on. Past the end
/// the last element comes again, which only sums must not count.
static Value combine(ImplicitLocOpBuilder &b, StringRef kind, Value total,
                     Value element, Value exists) {
  if (kind == "max")
    return arith::MaximumFOp::create(b, total, element);
  if (kind == "min")
    return arith::MinimumFOp::create(b, total, element);
  Value zero =
      arith::ConstantOp::create(b, b.getFloatAttr(element.getType(), 0));
  Value kept = arith::SelectOp::create(b, exists, element, zero);
  return arith::AddFOp::create(b, total, kept);
}

static double startOf(StringRef kind) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  return kind == "max" ? -infinity : kind == "min" ? infinity : 0;
}

/// One tensor of sums or extremes for each kind, in one pass over the input.
static SmallVector<Value> reduceBlocks(Tensors &b, PoolOp op,
                                       Tensors::Sizes sizes, Type real) {
  SmallVector<StringRef> kinds(op.getKinds().getAsValueRange<StringAttr>());
  SmallVector<Value> inits;
  for (StringRef kind : kinds)
    inits.push_back(b.filled(sizes, real, startOf(kind)));
  // Loops: batch, head, block, position in it, width. The first operand only
  // says how many positions there are.
  Value positions = b.empty({b.getIndexAttr(op.getBlock())}, real);
  SmallVector<AffineExpr> dims;
  for (unsigned dim : {0, 1, 2, 4})
    dims.push_back(b.getAffineDimExpr(dim));
  MLIRContext *context = op.getContext();
  SmallVector<AffineMap> maps(inits.size() + 1,
                              AffineMap::get(5, 0, dims, context));
  maps.front() = AffineMap::get(5, 0, b.getAffineDimExpr(3), context);
  Heads heads{op.getInput(), op.getLayout()};
  Value length = b.toIndex(b.size(op.getInput(), heads.position(2)));
  Value last = b.createOrFold<arith::SubIOp>(length, b.index(1));
  Value block = b.index(op.getBlock());
  return b.generic(
      positions, inits, maps, 3,
      [&](ImplicitLocOpBuilder &inner, ValueRange x) {
        SmallVector<Value> loops;
        for (int64_t dim = 0; dim < 5; ++dim)
          loops.push_back(linalg::IndexOp::create(inner, dim));
        Value at = arith::AddIOp::create(
            inner, arith::MulIOp::create(inner, loops[2], block), loops[3]);
        Value exists =
            arith::CmpIOp::create(inner, arith::CmpIPredicate::slt, at, length);
        Value logical[] = {loops[0], loops[1],
                           arith::MinSIOp::create(inner, at, last), loops[4]};
        SmallVector<Value> place;
        for (int64_t dim : op.getLayout())
          place.push_back(logical[dim]);
        Value element = widen(inner, elementAt(inner, op.getInput(), place));
        SmallVector<Value> results;
        for (auto [kind, total] : llvm::zip(kinds, x.drop_front()))
          results.push_back(combine(inner, kind, total, element, exists));
        return results;
      });
}

/// `totals` in the type of the result, divided if they are sums.
static Value finish(Tensors &b, PoolOp op, StringRef kind, Value totals) {
  Heads heads{op.getInput(), op.getLayout()};
  Value length = b.toIndex(b.size(op.getInput(), heads.position(2)));
  Value block = b.index(op.getBlock());
  return b.convert(
      totals, op.getType().getElementType(),
      [&](ImplicitLocOpBuilder &inner, Value total) -> Value {
        if (kind == "avg") {
          Value first = arith::MulIOp::create(
              inner, linalg::IndexOp::create(inner, 2), block);
          Value count = arith::MinSIOp::create(
              inner, block, arith::SubIOp::create(inner, length, first));
          Value real = arith::SIToFPOp::create(
              inner, total.getType(),
              indexCast(inner, count, inner.getI64Type()));
          total = arith::DivFOp::create(inner, total, real);
        }
        return convertFloat(inner, total, op.getType().getElementType());
      });
}

LogicalResult PoolOp::decompose(RewriterBase &rewriter) {
  Tensors b(getLoc(), rewriter);
  Heads heads{getInput(), getLayout()};
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim = 0; dim < 4; ++dim)
    sizes.push_back(b.size(getInput(), heads.position(dim)));
  sizes[2] = b.ceilDiv(sizes[2], getBlock());
  Type element = getType().getElementType();
  Type real = element.isF64() ? element : Type(b.getF32Type());
  SmallVector<Value> parts;
  for (auto [kind, totals] : llvm::zip(getKinds().getAsValueRange<StringAttr>(),
                                       reduceBlocks(b, *this, sizes, real)))
    parts.push_back(finish(b, *this, kind, totals));
  Value result = parts.front();
  if (parts.size() > 1)
    result = tensor::ConcatOp::create(b, 3, parts);
  rewriter.replaceOp(*this, b.castTo(result, getType()));
  return success();
}

} // namespace attune::attn
