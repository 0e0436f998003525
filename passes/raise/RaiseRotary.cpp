// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "passes/raise/Neighbours.h"

using namespace mlir;

namespace attune {

namespace {
/// Part `index` of two halves of `whole`, along the last dimension.
struct Half {
  Value whole;
  int64_t index = -1;
};
} // namespace

static Half halfOf(Value value) {
  RankedTensorType type = typeOf(value);
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || !type || node.getInputs().empty())
    return {};
  Value whole = node.getInputs()[0];
  RankedTensorType all = typeOf(whole);
  int64_t last = type.getRank() - 1;
  if (!all || all.getRank() != type.getRank() || last < 0 ||
      all.isDynamicDim(last) ||
      type.getDimSize(last) * 2 != all.getDimSize(last))
    return {};
  if (isOperator(node, "Split")) {
    int64_t axis = node.getInt("axis", 0);
    if ((axis == last || axis == -1) && node.getOutputs().size() == 2)
      return {whole, cast<OpResult>(value).getResultNumber()};
    return {};
  }
  if (!isOperator(node, "Slice") || node.getVersion() < 10)
    return {};
  std::optional<SmallVector<int64_t>> start = integersOf(node.getInputs()[1]);
  std::optional<SmallVector<int64_t>> axes, steps;
  if (node.hasInput(3))
    axes = integersOf(node.getInput(3));
  if (node.hasInput(4))
    steps = integersOf(node.getInput(4));
  bool alongLast = axes && axes->size() == 1 &&
                   (axes->front() == last || axes->front() == -1);
  if (!start || start->size() != 1 || !alongLast ||
      (node.hasInput(4) && (!steps || steps->front() != 1)))
    return {};
  // The sizes leave no other end: half of the elements from the start on.
  int64_t half = type.getDimSize(last);
  int64_t from =
      start->front() < 0 ? start->front() + 2 * half : start->front();
  if (from != 0 && from != half)
    return {};
  return {whole, from == 0 ? 0 : 1};
}

/// The x of Concat(-x[half:], x[:half]), or null.
static Value turnedOf(Value value) {
  auto concat = nodeOf(value, "Concat");
  if (!concat || concat.getInputs().size() != 2 || !typeOf(value))
    return {};
  int64_t axis = concat.getInt("axis", 0), last = typeOf(value).getRank() - 1;
  auto negated = nodeOf(concat.getInputs()[0], "Neg");
  if (!negated || (axis != -1 && axis != last))
    return {};
  Half second = halfOf(negated.getInputs()[0]);
  Half first = halfOf(concat.getInputs()[1]);
  return second.index == 1 && first.index == 0 && second.whole == first.whole
             ? first.whole
             : Value();
}

/// Where the angles of (dimensions of `x` but the last) lie; null if a size is
/// not known to be that of `x`.
static AffineMap angleMap(Value angles, Value x) {
  int64_t rank = typeOf(angles).getRank(), whole = typeOf(x).getRank();
  if (rank < 1 || rank > whole ||
      typeOf(angles).getDimSize(rank - 1) != typeOf(x).getDimSize(whole - 1))
    return {};
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim + 1 < rank; ++dim) {
    int64_t at = whole - rank + dim;
    if (sameSize(angles, dim, x, at))
      exprs.push_back(getAffineDimExpr(at, x.getContext()));
    else if (typeOf(angles).getDimSize(dim) == 1)
      exprs.push_back(getAffineConstantExpr(0, x.getContext()));
    else
      return {};
  }
  return AffineMap::get(whole - 1, 0, exprs, x.getContext());
}

static ArrayAttr namesOf(OpBuilder &builder, Value value) {
  SmallVector<Attribute> names;
  for (StringRef name : onnx::dimNames(value))
    names.push_back(builder.getStringAttr(name));
  return builder.getArrayAttr(builder.getArrayAttr(names));
}

/// Turns `x`; if it is a transpose that keeps the last dimension, turns what
/// it transposes and transposes after, so that attention absorbs that.
static Value build(OpBuilder &builder, onnx::NodeOp sum, Value x, Value cos,
                   Value sin, AffineMap map) {
  auto transpose = nodeOf(x, "Transpose");
  std::optional<SmallVector<int64_t>> perm =
      transpose ? transpose.getInts("perm") : std::nullopt;
  Value source = x;
  if (perm && perm->back() == static_cast<int64_t>(perm->size()) - 1) {
    source = transpose.getInputs()[0];
    SmallVector<AffineExpr> from;
    for (int64_t dim : ArrayRef<int64_t>(*perm).drop_back())
      from.push_back(builder.getAffineDimExpr(dim));
    map = map.compose(
        AffineMap::get(perm->size() - 1, 0, from, builder.getContext()));
  } else {
    transpose = {};
  }
  auto rotary =
      attn::RotaryOp::create(builder, sum.getLoc(), source.getType(), source,
                             cos, sin, AffineMapAttr::get(map),
                             /*interleaved=*/UnitAttr());
  rotary->setAttr(onnx::dimsAttr, namesOf(builder, source));
  if (!transpose)
    return rotary;
  return makeNode(
             builder, sum, "Transpose", 13, ValueRange(rotary.getResult()),
             builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(*perm)))
      .getOutputs()[0];
}

Value raiseRotary(onnx::NodeOp sum) {
  for (unsigned side : {0u, 1u}) {
    auto plain = nodeOf(sum.getInputs()[side], "Mul");
    auto turned = nodeOf(sum.getInputs()[1 - side], "Mul");
    if (!plain || !turned)
      continue;
    for (unsigned i : {0u, 1u}) {
      Value x = turnedOf(turned.getInputs()[i]);
      Value cos = x ? otherOperand(plain, x) : Value();
      Value sin = turned.getInputs()[1 - i];
      RankedTensorType type = x ? typeOf(x) : RankedTensorType();
      if (!cos || cos.getType() != sin.getType() ||
          type != sum.getOutputs()[0].getType() || !typeOf(cos))
        continue;
      AffineMap map = angleMap(cos, x);
      if (!map || map != angleMap(sin, x))
        continue;
      OpBuilder builder(sum);
      return build(builder, sum, x, cos, sin, map);
    }
  }
  return {};
}

} // namespace attune
