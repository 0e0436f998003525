// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"
#include "dialects/kernel/Kernel.h"

using namespace mlir;

namespace attune::attn {

using arith::CmpIPredicate;

//===-- attn.bucket -------------------------------------------------------===//

LogicalResult BucketOp::reifyResultShapes(OpBuilder &builder,
                                          ReifiedRankedShapedTypeDims &shapes) {
  shapes.assign(2, tensor::getMixedSizes(builder, getLoc(), getCodes()));
  return success();
}

/// No floating-point operation: comparisons, and the lists.
Cost BucketOp::getCost(int64_t size) {
  return {0, bytesOf({getCodes(), getOrder(), getInverse()}, size)};
}

/// Where each position stands in `order`, `rows x n` of i64.
static Value invert(Tensors &b, Value order) {
  Type integer = b.getI32Type();
  Value places =
      b.compute(b.sizes(order), integer,
                [&](ImplicitLocOpBuilder &inner, ArrayRef<Value> at) {
                  return indexCast(inner, at[1], integer);
                });
  Value init = b.empty(b.sizes(order), integer);
  AffineMap identity = b.getMultiDimIdentityMap(2);
  auto scatter = kernel::ScatterOp::create(
      b, TypeRange(init.getType()), order, places, ValueRange(init),
      b.getAffineMapArrayAttr({identity.getMajorSubMap(1), identity}),
      b.getDenseBoolArrayAttr({false, true}));
  OpBuilder::InsertionGuard guard(b);
  Block *body = b.createBlock(&scatter.getCombine(), {}, {integer, integer},
                              {b.getLoc(), b.getLoc()});
  kernel::YieldOp::create(b, ValueRange(body->getArgument(1)));
  return scatter.getResult()[0];
}

LogicalResult BucketOp::decompose(RewriterBase &rewriter) {
  Tensors b(getLoc(), rewriter);
  SmallVector<OpFoldResult> sizes = b.sizes(getCodes());
  Value rows =
      b.reshape(getCodes(), {b.product({sizes[0], sizes[1]}), sizes[2]});
  Value positions = b.sortedPositions(
      rows, sizes[2],
      [](ImplicitLocOpBuilder &inner, Value left, Value right) -> Value {
        return arith::CmpIOp::create(inner, CmpIPredicate::slt, left, right);
      });
  Value order = b.convert(
      positions, b.getI32Type(),
      [](ImplicitLocOpBuilder &inner, Value place) -> Value {
        return arith::TruncIOp::create(inner, inner.getI32Type(), place);
      });
  Value inverse = invert(b, positions);
  Type type = getCodes().getType();
  rewriter.replaceOp(*this, {b.castTo(b.reshape(order, sizes), type),
                             b.castTo(b.reshape(inverse, sizes), type)});
  return success();
}

//===-- attn.hash_codes ---------------------------------------------------===//

LogicalResult HashCodesOp::verify() {
  // C1
  if (failed(verifyLayouts(*this, getLayout())))
    return failure();
  Heads x{getInput(), getLayout()};
  ArrayRef<int64_t> planes = getPlanes().getType().getShape();
  // C2
  if (planes[1] < 1 || planes[1] > 31 ||
      failed(verifyCompatibleShape({planes[0]}, {x.size(3)})))
    return emitOpError("requires planes of width ")
           << x.size(3) << " and 1 to 31 of them, but got "
           << getPlanes().getType();
  // C3
  if (getElementTypeOrSelf(getPlanes()) != getElementTypeOrSelf(getInput()))
    return emitOpError("requires planes of the input's type of elements, but "
                       "got ")
           << getPlanes().getType() << " and " << getInput().getType();
  // C4
  if (failed(verifyCompatibleShape(getCodes().getType().getShape(),
                                   {x.size(0), x.size(1), x.size(2)})))
    return emitOpError("requires codes for each batch item, head and position "
                       "of ")
           << getInput().getType() << ", but got " << getCodes().getType();
  return success();
}

static SmallVector<OpFoldResult> rowsOf(OpBuilder &builder, HashCodesOp op) {
  Heads x{op.getInput(), op.getLayout()};
  SmallVector<OpFoldResult> rows;
  for (int64_t dim = 0; dim < 3; ++dim)
    rows.push_back(tensor::getMixedSize(builder, op.getLoc(), op.getInput(),
                                        x.position(dim)));
  return rows;
}

LogicalResult
HashCodesOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(rowsOf(builder, *this));
  return success();
}

/// A product with the planes.
Cost HashCodesOp::getCost(int64_t size) {
  double bytes = bytesOf({getInput()}, size);
  double elements = 8 * bytes / getInput().getType().getElementTypeBitWidth();
  double planes = getPlanes().getType().getShape()[1];
  return {2 * elements * planes,
          bytes + bytesOf({getPlanes(), getCodes()}, size)};
}

/// The product with the planes: on which side of each a vector lies.
static Value sidesOf(Tensors &b, HashCodesOp op) {
  SmallVector<OpFoldResult> sizes = rowsOf(b, op);
  sizes.push_back(b.size(op.getPlanes(), 1));
  // Loops: batch, head, position, plane, width.
  SmallVector<AffineExpr> loops = {b.getAffineDimExpr(0), b.getAffineDimExpr(1),
                                   b.getAffineDimExpr(2),
                                   b.getAffineDimExpr(4)};
  SmallVector<AffineExpr> input;
  for (int64_t dim : op.getLayout())
    input.push_back(loops[dim]);
  AffineExpr plane = b.getAffineDimExpr(3);
  MLIRContext *context = op.getContext();
  AffineMap maps[] = {
      AffineMap::get(5, 0, input, context),
      AffineMap::get(5, 0, {loops[3], plane}, context),
      AffineMap::get(5, 0, {loops[0], loops[1], loops[2], plane}, context)};
  Type element = op.getInput().getType().getElementType();
  Type real = element.isF64() ? element : Type(b.getF32Type());
  return b
      .generic({op.getInput(), op.getPlanes()}, b.filled(sizes, real, 0), maps,
               4,
               [](ImplicitLocOpBuilder &inner, ValueRange v) {
                 Value product = arith::MulFOp::create(
                     inner, widen(inner, v[0]), widen(inner, v[1]));
                 return SmallVector<Value>{
                     arith::AddFOp::create(inner, v[2], product)};
               })
      .front();
}

/// Where a code stands in the reflected Gray sequence: each bit becomes the
/// parity of the bits from it on.
static Value rankOf(ImplicitLocOpBuilder &b, Value code) {
  for (int32_t shift = 1; shift < 32; shift *= 2) {
    Value by = arith::ConstantOp::create(b, b.getI32IntegerAttr(shift));
    code = arith::XOrIOp::create(b, code, arith::ShRUIOp::create(b, code, by));
  }
  return code;
}

LogicalResult HashCodesOp::decompose(RewriterBase &rewriter) {
  Tensors b(getLoc(), rewriter);
  Value sides = sidesOf(b, *this);
  AffineMap identity = b.getMultiDimIdentityMap(4);
  Value packed =
      b.generic(sides, b.filled(rowsOf(b, *this), b.getI32Type(), 0),
                {identity, identity.dropResult(3)}, 3,
                [](ImplicitLocOpBuilder &inner, ValueRange v) {
                  Type integer = inner.getI32Type();
                  Value zero = arith::ConstantOp::create(
                      inner, inner.getFloatAttr(v[0].getType(), 0));
                  Value bit = arith::ExtUIOp::create(
                      inner, integer,
                      arith::CmpFOp::create(inner, arith::CmpFPredicate::OGT,
                                            v[0], zero));
                  Value plane = indexCast(
                      inner, linalg::IndexOp::create(inner, 3), integer);
                  Value term = arith::ShLIOp::create(inner, bit, plane);
                  return SmallVector<Value>{
                      arith::AddIOp::create(inner, v[1], term)};
                })
          .front();
  Value codes = b.convert(packed, b.getI32Type(), rankOf);
  rewriter.replaceOp(*this, b.castTo(codes, getCodes().getType()));
  return success();
}

} // namespace attune::attn
