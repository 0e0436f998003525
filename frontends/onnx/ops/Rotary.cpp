// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {
/// Where a rotary embedding reads: the input is `[b, head, row, width]`, or
/// `[b, row, head, width]` if it came with rank 3.
struct Rotary {
  Value input, cos, sin, positions;
  unsigned rowDim = 2;
  int64_t half = 0; // pairs that turn
  bool interleaved = false;
  Value limit; // rows of the caches
};
} // namespace

/// The element at `ivs`: x1 cos - x2 sin, or x2 cos + x1 sin.
static Value rotated(ImplicitLocOpBuilder &b, const Rotary &rotary,
                     ArrayRef<Value> ivs) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, value);
  };
  Value width = ivs[3], half = index(rotary.half), two = index(2);
  Value turns = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, width,
                                      index(2 * rotary.half));
  // What does not turn reads pair 0 and drops the result.
  Value inside = arith::SelectOp::create(b, turns, width, index(0));
  Value pair, second, other;
  if (rotary.interleaved) {
    pair = arith::DivUIOp::create(b, inside, two);
    second = arith::RemUIOp::create(b, inside, two);
    other = arith::XOrIOp::create(b, inside, index(1));
  } else {
    pair = arith::RemUIOp::create(b, inside, half);
    second = arith::DivUIOp::create(b, inside, half);
    Value sum = arith::AddIOp::create(b, inside, half);
    other = arith::RemUIOp::create(b, sum, index(2 * rotary.half));
  }
  SmallVector<Value> at = {ivs[0], ivs[rotary.rowDim], pair};
  if (rotary.positions) {
    Value position = tensor::ExtractOp::create(
        b, rotary.positions, ValueRange{ivs[0], ivs[rotary.rowDim]});
    at = {wrapIndex(b, position, rotary.limit), pair};
  }
  Value cos = tensor::ExtractOp::create(b, rotary.cos, at);
  Value sin = tensor::ExtractOp::create(b, rotary.sin, at);
  Value own = tensor::ExtractOp::create(b, rotary.input, ivs);
  SmallVector<Value> partner(ivs);
  partner[3] = other;
  Value far = tensor::ExtractOp::create(b, rotary.input, partner);
  Value isSecond =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ne, second, index(0));
  Value turned = arith::MulFOp::create(b, far, sin);
  turned = arith::SelectOp::create(b, isSecond, turned,
                                   arith::NegFOp::create(b, turned));
  Value result =
      arith::AddFOp::create(b, arith::MulFOp::create(b, own, cos), turned);
  return arith::SelectOp::create(b, turns, result, own);
}

/// All of the width turns, by angles that lie there row by row.
static Value turnWhole(Lowering &b, const Rotary &rotary) {
  AffineMap angles = AffineMap::get(
      3, 0, {b.getAffineDimExpr(0), b.getAffineDimExpr(rotary.rowDim)},
      b.getContext());
  return attn::RotaryOp::create(
      b, rotary.input.getType(), rotary.input, rotary.cos, rotary.sin,
      AffineMapAttr::get(angles),
      rotary.interleaved ? b.getUnitAttr() : UnitAttr());
}

static LogicalResult lowerRotary(onnx::NodeOp node, Lowering &b) {
  Rotary rotary;
  rotary.input = node.getInputs()[0];
  rotary.cos = node.getInputs()[1];
  rotary.sin = node.getInputs()[2];
  rotary.positions = node.getInput(3);
  rotary.interleaved = node.getInt("interleaved", 0) != 0;
  SmallVector<OpFoldResult> whole = b.sizes(rotary.input), sizes(whole);
  if (whole.size() == 3) {
    int64_t heads = node.getInt("num_heads", 0);
    std::optional<int64_t> hidden = getConstantIntValue(whole[2]);
    if (heads < 1 || !hidden || *hidden % heads != 0)
      return node.emitNodeError("requires num_heads, and a constant width that "
                                "is a multiple of it");
    sizes = {whole[0], whole[1], b.getIndexAttr(heads),
             b.getIndexAttr(*hidden / heads)};
    rotary.input = b.reshape(rotary.input, sizes);
    rotary.rowDim = 1;
  }
  std::optional<int64_t> width = getConstantIntValue(sizes[3]);
  if (!width)
    return node.emitNodeError("requires a constant width of heads");
  int64_t turned = node.getInt("rotary_embedding_dim", 0);
  rotary.half = (turned == 0 ? *width : turned) / 2;
  if (rotary.half < 1 || 2 * rotary.half > *width)
    return node.emitNodeError("requires a rotary_embedding_dim of 2 up to the "
                              "width of a head");
  int64_t cacheRank = rotary.positions ? 2 : 3;
  for (Value cache : {rotary.cos, rotary.sin}) {
    if (typeOf(cache).getRank() != cacheRank)
      return node.emitNodeError("requires caches of rank ") << cacheRank;
    if (failed(b.requireEqual(node, b.size(cache, cacheRank - 1),
                              b.getIndexAttr(rotary.half),
                              "widths of a cache and of what turns")))
      return failure();
    for (int64_t dim = 0; dim < 2; ++dim)
      if (failed(b.requireEqual(node, b.size(cache, dim),
                                rotary.positions
                                    ? b.size(rotary.cos, dim)
                                    : sizes[dim == 0 ? 0 : rotary.rowDim],
                                "sizes of the caches")))
        return failure();
  }
  if (rotary.positions) {
    for (int64_t dim = 0; dim < 2; ++dim)
      if (failed(b.requireEqual(node, b.size(rotary.positions, dim),
                                sizes[dim == 0 ? 0 : rotary.rowDim],
                                "sizes of the positions")))
        return failure();
    b.checkIndices(node, rotary.positions, b.size(rotary.cos, 0));
    rotary.limit = b.toIndex(b.size(rotary.cos, 0));
  }
  Value result;
  if (!rotary.positions && 2 * rotary.half == *width)
    result = turnWhole(b, rotary);
  else
    result = b.compute(sizes, elementOf(rotary.input),
                       [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
                         return rotated(b, rotary, ivs);
                       });
  if (whole.size() == 3)
    result = b.reshape(result, whole);
  b.replace(node, result);
  return success();
}

void addRotary(LoweringTable &table) {
  table.compute("RotaryEmbedding", lowerRotary);
}

} // namespace attune
