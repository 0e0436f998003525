// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Elementwise.h"
#include "dialects/attn/core/Polynomials.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace attune::attn {

//===-- Rules -------------------------------------------------------------===//

/// C1 to C3 of the norms.
static LogicalResult verifyNorm(Operation *op, RankedTensorType input,
                                ValueRange parameters, int64_t axis,
                                double epsilon) {
  if (axis < 0 || axis >= input.getRank())
    return op->emitOpError("requires an axis of ")
           << input << ", but got " << axis;
  for (Value parameter : parameters) {
    auto type = cast<RankedTensorType>(parameter.getType());
    if (type.getShape() != input.getShape().drop_front(axis) ||
        type.getElementType() != input.getElementType())
      return op->emitOpError("requires parameters of the dimensions from axis ")
             << axis << " of " << input << ", but got " << type;
  }
  if (!(epsilon >= 0))
    return op->emitOpError("requires an epsilon of at least 0, but got ")
           << epsilon;
  return success();
}

LogicalResult LayerNormOp::verify() {
  SmallVector<Value> parameters = {getScale()};
  if (getBias())
    parameters.push_back(getBias());
  return verifyNorm(*this, getInput().getType(), parameters, getAxis(),
                    getEpsilon().convertToDouble());
}

LogicalResult RmsNormOp::verify() {
  return verifyNorm(*this, getInput().getType(), ValueRange(getScale()),
                    getAxis(), getEpsilon().convertToDouble());
}

LogicalResult RotaryOp::verify() {
  RankedTensorType input = getInput().getType();
  int64_t width = input.getRank() ? input.getShape().back() : 1;
  // C1
  if (ShapedType::isDynamic(width) || width % 2 != 0)
    return emitOpError("requires a last dimension of even size, but got ")
           << input;
  // C2
  RankedTensorType angles = getCos().getType();
  if (angles.getRank() == 0 || (angles.getShape().back() != width &&
                                angles.getShape().back() != width / 2))
    return emitOpError("requires angles of width ")
           << width << " or " << width / 2 << ", but got " << angles;
  // C3
  AffineMap map = getAngleMap();
  if (map.getNumDims() != input.getRank() - 1 || map.getNumSymbols() != 0 ||
      map.getNumResults() != angles.getRank() - 1 ||
      !llvm::all_of(map.getResults(), [](AffineExpr expr) {
        auto constant = dyn_cast<AffineConstantExpr>(expr);
        return isa<AffineDimExpr>(expr) ||
               (constant && constant.getValue() == 0);
      }))
    return emitOpError("requires a map from ")
           << input.getRank() - 1 << " dimensions to " << angles.getRank() - 1
           << ", but got " << AffineMapAttr::get(map);
  // C4
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    auto from = dyn_cast<AffineDimExpr>(expr);
    int64_t size = angles.getDimSize(dim);
    int64_t wanted = from ? input.getDimSize(from.getPosition()) : size;
    if (!ShapedType::isDynamic(size) && !ShapedType::isDynamic(wanted) &&
        size != wanted)
      return emitOpError("requires angles of size ")
             << wanted << " at dimension " << dim << ", but got " << angles;
  }
  return success();
}

//===-- Decompositions ----------------------------------------------------===//

/// The dimensions before `axis`; there may be none, for which MLIR's
/// getMajorSubMap has no map.
static AffineMap rowsOf(OpBuilder &b, int64_t rank, int64_t axis) {
  AffineMap identity = b.getMultiDimIdentityMap(rank);
  return AffineMap::get(rank, 0, identity.getResults().take_front(axis),
                        b.getContext());
}

/// Sum over the dimensions from `axis` on of `term(x, others...)`, where the
/// others lack these dimensions.
static Value rowSums(Elementwise &code, ValueRange inputs, int64_t axis,
                     Elementwise::Body term) {
  int64_t rank = Elementwise::typeOf(inputs[0]).getRank();
  AffineMap identity = code.b.getMultiDimIdentityMap(rank);
  AffineMap rows = rowsOf(code.b, rank, axis);
  SmallVector<AffineMap> maps(inputs.size(), rows);
  maps.front() = identity;
  maps.push_back(rows);
  return code.sum(inputs, maps, term);
}

static Value countOf(Elementwise &code, Value input, int64_t axis) {
  Value count = arith::ConstantIndexOp::create(code.b, code.loc, 1);
  for (int64_t dim = axis; dim < Elementwise::typeOf(input).getRank(); ++dim)
    count = code.b.createOrFold<arith::MulIOp>(code.loc, count,
                                               code.size(input, dim));
  Value integer =
      arith::IndexCastOp::create(code.b, code.loc, code.b.getI64Type(), count);
  return arith::SIToFPOp::create(code.b, code.loc, code.real, integer);
}

/// A function of the elements of `x` that a polynomial can replace.
static Value openFunction(OpBuilder &b, Location loc, PolyFunction function,
                          Value x) {
  return PolyOp::create(b, loc, x.getType(), function, x, /*range=*/nullptr,
                        /*steps=*/nullptr, /*degree=*/nullptr,
                        /*site=*/nullptr);
}

/// 1 / sqrt(sum / count + epsilon), to be replaced if `isOpen`.
static Value inverseRoot(Elementwise &code, Value sums, Value count,
                         double epsilon, bool isOpen) {
  Value result =
      code.map(sums, [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        Value variance = arith::DivFOp::create(b, x[0], count);
        Value shifted =
            arith::AddFOp::create(b, variance, code.constant(b, epsilon));
        if (isOpen)
          return shifted;
        return arith::DivFOp::create(b, code.constant(b, 1),
                                     math::SqrtOp::create(b, shifted));
      });
  return isOpen ? openFunction(code.b, code.loc, PolyFunction::inverse_sqrt,
                               result)
                : result;
}

/// Maps of a norm's last step: the input, what each row has, the parameters.
static SmallVector<AffineMap> normMaps(Elementwise &code, int64_t rank,
                                       int64_t axis, unsigned rows,
                                       unsigned parameters) {
  AffineMap identity = code.b.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps = {identity};
  maps.append(rows, rowsOf(code.b, rank, axis));
  maps.append(parameters, identity.getMinorSubMap(rank - axis));
  maps.push_back(identity);
  return maps;
}

LogicalResult LayerNormOp::decompose(RewriterBase &rewriter) {
  Elementwise code(rewriter, getLoc(), getType().getElementType());
  int64_t axis = getAxis(), rank = getType().getRank();
  Value count = countOf(code, getInput(), axis);
  Value sums =
      rowSums(code, getInput(), axis,
              [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  Value means = code.map(sums, [&](ImplicitLocOpBuilder &b, ValueRange x) {
    return arith::DivFOp::create(b, x[0], count).getResult();
  });
  Value squares = rowSums(code, {getInput(), means}, axis,
                          [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                            Value centered =
                                arith::SubFOp::create(b, x[0], x[1]);
                            return arith::MulFOp::create(b, centered, centered);
                          });
  Value factors =
      inverseRoot(code, squares, count, getEpsilon().convertToDouble(),
                  (*this)->hasAttr(openAttr));
  SmallVector<Value> operands = {getInput(), means, factors, getScale()};
  if (getBias())
    operands.push_back(getBias());
  Value result =
      code.map(operands, normMaps(code, rank, axis, 2, operands.size() - 3),
               getType().getElementType(),
               [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                 Value centered = arith::SubFOp::create(b, x[0], x[1]);
                 Value normal = arith::MulFOp::create(b, centered, x[2]);
                 Value scaled = arith::MulFOp::create(b, normal, x[3]);
                 if (x.size() == 4)
                   return scaled;
                 return arith::AddFOp::create(b, scaled, x[4]);
               });
  rewriter.replaceOp(*this, result);
  return success();
}

LogicalResult RmsNormOp::decompose(RewriterBase &rewriter) {
  Elementwise code(rewriter, getLoc(), getType().getElementType());
  int64_t axis = getAxis(), rank = getType().getRank();
  Value squares = rowSums(code, getInput(), axis,
                          [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                            return arith::MulFOp::create(b, x[0], x[0]);
                          });
  Value factors =
      inverseRoot(code, squares, countOf(code, getInput(), axis),
                  getEpsilon().convertToDouble(), (*this)->hasAttr(openAttr));
  Value result =
      code.map({getInput(), factors, getScale()},
               normMaps(code, rank, axis, 1, 1), getType().getElementType(),
               [](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
                 Value normal = arith::MulFOp::create(b, x[0], x[1]);
                 return arith::MulFOp::create(b, normal, x[2]);
               });
  rewriter.replaceOp(*this, result);
  return success();
}

LogicalResult GeluOp::decompose(RewriterBase &rewriter) {
  rewriter.replaceOp(*this, openFunction(rewriter, getLoc(),
                                         getTanh() ? PolyFunction::gelu_tanh
                                                   : PolyFunction::gelu,
                                         getInput()));
  return success();
}

/// The last dimension of `value` as pairs: `[..., 2, D/2]`, or `[..., D/2, 2]`.
static Value splitPairs(OpBuilder &b, Location loc, Value value,
                        bool interleaved) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  int64_t half = shape.back() / 2, last = type.getRank() - 1;
  shape.back() = interleaved ? half : 2;
  shape.push_back(interleaved ? 2 : half);
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim <= last; ++dim)
    groups.push_back({dim});
  groups.back().push_back(last + 1);
  return tensor::ExpandShapeOp::create(
      b, loc, RankedTensorType::get(shape, type.getElementType()), value,
      groups);
}

LogicalResult RotaryOp::decompose(RewriterBase &rewriter) {
  Location loc = getLoc();
  Elementwise code(rewriter, loc, getType().getElementType());
  bool interleaved = getInterleaved();
  int64_t width = getType().getShape().back(), outer = getType().getRank() - 1;
  Value pairs = splitPairs(rewriter, loc, getInput(), interleaved);
  Value angles[] = {getCos(), getSin()};
  bool each = getCos().getType().getShape().back() == width;
  for (Value &angle : angles)
    if (each)
      angle = splitPairs(rewriter, loc, angle, interleaved);
  AffineExpr first = rewriter.getAffineDimExpr(outer);
  AffineExpr second = rewriter.getAffineDimExpr(outer + 1);
  AffineExpr side = interleaved ? second : first;
  AffineExpr angle = interleaved ? first : second;
  AffineMap identity = rewriter.getMultiDimIdentityMap(outer + 2);
  AffineMap other = identity.replace(side, 1 - side, outer + 2, 0);
  SmallVector<AffineExpr> exprs(getAngleMap().getResults());
  if (each)
    exprs.append({first, second});
  else
    exprs.push_back(angle);
  AffineMap found = AffineMap::get(outer + 2, 0, exprs, getContext());
  Value result = code.map(
      {pairs, pairs, angles[0], angles[1]},
      {identity, other, found, found, identity}, getType().getElementType(),
      [&](ImplicitLocOpBuilder &b, ValueRange x) -> Value {
        Value position =
            linalg::IndexOp::create(b, interleaved ? outer + 1 : outer);
        Value isFirst =
            arith::CmpIOp::create(b, arith::CmpIPredicate::eq, position,
                                  arith::ConstantIndexOp::create(b, 0));
        Value turned = arith::SelectOp::create(
            b, isFirst, arith::NegFOp::create(b, x[1]), x[1]);
        return arith::AddFOp::create(b, arith::MulFOp::create(b, x[0], x[2]),
                                     arith::MulFOp::create(b, turned, x[3]));
      });
  SmallVector<ReassociationIndices> groups;
  for (int64_t dim = 0; dim <= outer; ++dim)
    groups.push_back({dim});
  groups.back().push_back(outer + 1);
  rewriter.replaceOpWithNewOp<tensor::CollapseShapeOp>(*this, getType(), result,
                                                       groups);
  return success();
}

//===-- Sizes and costs ---------------------------------------------------===//

static LogicalResult sizesOfInput(OpBuilder &builder, Operation *op,
                                  ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(
      tensor::getMixedSizes(builder, op->getLoc(), op->getOperand(0)));
  return success();
}

/// `flops` an element; every operand and the result pass through memory once.
static Cost costOf(Operation *op, double flops, int64_t size) {
  auto elements = [&](Value value) {
    double count = 1;
    for (int64_t dim : cast<RankedTensorType>(value.getType()).getShape())
      count *= ShapedType::isDynamic(dim) ? size : dim;
    return count;
  };
  Cost cost;
  cost.flops = flops * elements(op->getResult(0));
  SmallVector<Value> values(op->getOperands());
  values.push_back(op->getResult(0));
  for (Value value : values)
    cost.bytes += elements(value) *
                  getElementTypeOrSelf(value).getIntOrFloatBitWidth() / 8;
  return cost;
}

#define ATTUNE_NEIGHBOUR(Op, flops)                                            \
  LogicalResult Op::reifyResultShapes(OpBuilder &builder,                      \
                                      ReifiedRankedShapedTypeDims &shapes) {   \
    return sizesOfInput(builder, *this, shapes);                               \
  }                                                                            \
  Cost Op::getCost(int64_t size) { return costOf(*this, flops, size); }

ATTUNE_NEIGHBOUR(LayerNormOp, 8)
ATTUNE_NEIGHBOUR(RmsNormOp, 4)
ATTUNE_NEIGHBOUR(GeluOp, 20)
ATTUNE_NEIGHBOUR(RotaryOp, 4)

} // namespace attune::attn
