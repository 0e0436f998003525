// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Tensors.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune::attn {

LogicalResult MergeOp::verify() {
  // C1
  if (getParts().empty() || getParts().size() != getSums().size())
    return emitOpError("requires one sum for each result, and one or more, but "
                       "got ")
           << getSums().size() << " for " << getParts().size();
  // C2
  if (failed(verifyLayouts(*this, getLayout())))
    return failure();
  // C3
  for (Type type : getParts().getTypes())
    if (getElementTypeOrSelf(type) != getElementTypeOrSelf(getResult()) ||
        failed(verifyCompatibleShape(type, getResult().getType())))
      return emitOpError("requires results of the type ")
             << getResult().getType() << ", but got " << type;
  // C4
  Heads result{getResult(), getLayout()};
  int64_t rows[] = {result.size(0), result.size(1), result.size(2)};
  SmallVector<Type> types(getSums().getTypes());
  types.push_back(getSum().getType());
  for (Type type : types)
    if (failed(verifyCompatibleShape(cast<ShapedType>(type).getShape(), rows)))
      return emitOpError("requires sums for each batch item, head and row of ")
             << getResult().getType() << ", but got " << type;
  return success();
}

LogicalResult MergeOp::reifyResultShapes(OpBuilder &builder,
                                         ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(
      tensor::getMixedSizes(builder, getLoc(), getParts().front()));
  shapes.push_back(tensor::getMixedSizes(builder, getLoc(), getSums().front()));
  return success();
}

/// An exponential of some 20 operations for each row of each part, a logarithm,
/// and a multiply-add for each element.
Cost MergeOp::getCost(int64_t size) {
  double rows = bytesOf({getSum()}, size) / 4;
  double elements = 8 * bytesOf({getResult()}, size) /
                    getResult().getType().getElementTypeBitWidth();
  SmallVector<Value> all(getOperands());
  llvm::append_range(all, getResults());
  double parts = getParts().size();
  return {20 * rows * (parts + 1) + 2 * parts * elements, bytesOf(all, size)};
}

/// e^(l_p - l) for each part, then l.
static SmallVector<Value> sharesOf(ImplicitLocOpBuilder &b, ValueRange sums) {
  Type real = b.getF32Type();
  auto constant = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getFloatAttr(real, value));
  };
  Value none = constant(-std::numeric_limits<double>::infinity());
  Value zero = constant(0), most = sums.front();
  for (Value sum : sums.drop_front())
    most = arith::MaximumFOp::create(b, most, sum);
  Value isEmpty =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, most, none);
  // -inf minus -inf would be NaN.
  Value base = arith::SelectOp::create(b, isEmpty, zero, most);
  SmallVector<Value> results;
  Value total;
  for (Value sum : sums) {
    Value weight = math::ExpOp::create(b, arith::SubFOp::create(b, sum, base));
    Value isNone =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, none);
    weight = arith::SelectOp::create(b, isNone, zero, weight);
    total =
        total ? arith::AddFOp::create(b, total, weight).getResult() : weight;
    results.push_back(weight);
  }
  Value divisor = arith::SelectOp::create(b, isEmpty, constant(1), total);
  for (Value &weight : results)
    weight = arith::DivFOp::create(b, weight, divisor);
  Value sum = arith::AddFOp::create(b, base, math::LogOp::create(b, divisor));
  results.push_back(arith::SelectOp::create(b, isEmpty, none, sum));
  return results;
}

/// The sum of `shares[p] * parts[p]`, without what a share of 0 belongs to.
static Value combine(ImplicitLocOpBuilder &b, ValueRange shares,
                     ValueRange parts) {
  Value total;
  for (auto [share, part] : llvm::zip(shares, parts)) {
    Value wide = widen(b, part),
          factor = convertFloat(b, share, wide.getType());
    Value zero =
        arith::ConstantOp::create(b, b.getFloatAttr(wide.getType(), 0));
    Value isNone =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, factor, zero);
    Value term = arith::SelectOp::create(
        b, isNone, zero, arith::MulFOp::create(b, factor, wide));
    total = total ? arith::AddFOp::create(b, total, term).getResult() : term;
  }
  return convertFloat(b, total, parts.front().getType());
}

LogicalResult MergeOp::decompose(RewriterBase &rewriter) {
  Tensors b(getLoc(), rewriter);
  size_t count = getParts().size();
  SmallVector<OpFoldResult> rows = b.sizes(getSums().front());
  SmallVector<Value> inits;
  for (size_t i = 0; i <= count; ++i)
    inits.push_back(b.empty(rows, b.getF32Type()));
  SmallVector<AffineMap> maps(2 * count + 1, b.getMultiDimIdentityMap(3));
  SmallVector<Value> shares =
      b.generic(getSums(), inits, maps, {},
                [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                  return sharesOf(inner, x.take_front(count));
                });
  Value sum = shares.pop_back_val();
  Heads result{getResult(), getLayout()};
  SmallVector<AffineExpr> row;
  for (int64_t dim : {0, 1, 2})
    row.push_back(b.getAffineDimExpr(result.position(dim)));
  maps.assign(count, AffineMap::get(4, 0, row, getContext()));
  maps.append(count + 1, b.getMultiDimIdentityMap(4));
  SmallVector<Value> inputs(shares);
  llvm::append_range(inputs, getParts());
  Value init =
      b.empty(b.sizes(getParts().front()), getElementTypeOrSelf(getResult()));
  Value merged = b.generic(inputs, init, maps, {},
                           [&](ImplicitLocOpBuilder &inner, ValueRange x) {
                             return SmallVector<Value>{combine(
                                 inner, x.take_front(count),
                                 x.drop_front(count).take_front(count))};
                           })
                     .front();
  rewriter.replaceOp(*this, {b.castTo(merged, getResult().getType()),
                             b.castTo(sum, getSum().getType())});
  return success();
}

} // namespace attune::attn
