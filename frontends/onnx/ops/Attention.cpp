// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "frontends/onnx/ops/AttentionLowering.h"
#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

FailureOr<Heads> AttentionLowering::heads(unsigned input, StringRef countName) {
  Heads found;
  found.value = node.getInputs()[input];
  SmallVector<OpFoldResult> sizes = b.sizes(found.value);
  if (sizes.size() == 4)
    return found;
  if (sizes.size() != 3) {
    node.emitNodeError("requires queries, keys and values of rank 3 or 4, but "
                       "got ")
        << found.value.getType();
    return failure();
  }
  int64_t count = node.getInt(countName, 0);
  std::optional<int64_t> hidden = getConstantIntValue(sizes[2]);
  if (count < 1 || !hidden || *hidden % count != 0) {
    node.emitNodeError("requires ")
        << countName << ", and a constant width that is a multiple of it";
    return failure();
  }
  isRank3 = true;
  found.layout = {0, 2, 1, 3};
  found.value =
      b.reshape(found.value, {sizes[0], sizes[1], b.getIndexAttr(count),
                              b.getIndexAttr(*hidden / count)});
  return found;
}

/// Kernels divide the number of heads of queries by that of keys.
LogicalResult AttentionLowering::checkHeads(OpFoldResult own) {
  OpFoldResult all = query.size(b, 1);
  std::optional<int64_t> known = getConstantIntValue(all);
  std::optional<int64_t> part = getConstantIntValue(own);
  if (all == own && !known)
    return success();
  if (known && part) {
    if (*part >= 1 && *known % *part == 0)
      return success();
    return node.emitNodeError("requires numbers of heads of which the query's "
                              "is a multiple of the others', but got ")
           << *known << " and " << *part;
  }
  Value one = b.constant(b.getIndexType(), 1);
  Value divisor = arith::MaxSIOp::create(b, b.toIndex(own), one);
  Value rest = arith::RemSIOp::create(b, b.toIndex(all), divisor);
  Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rest,
                                      b.constant(b.getIndexType(), 0));
  Value some = arith::CmpIOp::create(b, arith::CmpIPredicate::eq, divisor,
                                     b.toIndex(own));
  b.require(node, arith::AndIOp::create(b, whole, some),
            "the number of heads of queries must be a multiple of the others'");
  return success();
}

/// One size tells kernels how far to go in several tensors.
LogicalResult AttentionLowering::checkSizes() {
  for (Heads *other : {&key, &value})
    if (failed(b.requireEqual(node, other->size(b, 0), query.size(b, 0),
                              "batch sizes of queries, keys and values")) ||
        failed(checkHeads(other->size(b, 1))))
      return failure();
  if (failed(b.requireEqual(node, key.size(b, 3), query.size(b, 3),
                            "widths of heads of queries and keys")))
    return failure();
  if (failed(b.requireEqual(node, key.size(b, 2), value.size(b, 2),
                            "lengths of keys and values")))
    return failure();
  Value lengths = node.getInput(6);
  if (!lengths)
    return success();
  if (typeOf(lengths).getRank() != 1)
    return node.emitNodeError("requires nonpad_kv_seqlen of rank 1, but got ")
           << lengths.getType();
  return b.requireEqual(node, b.size(lengths, 0), query.size(b, 0),
                        "batch sizes of queries and nonpad_kv_seqlen");
}

/// Puts what is remembered before the new keys and values.
LogicalResult AttentionLowering::readCache() {
  if (node.hasInput(4) != node.hasInput(5))
    return node.emitNodeError("requires past_key and past_value together");
  for (auto [index, heads] : {std::pair(0u, &key), {1u, &value}}) {
    if (!node.hasInput(4) && !isUsed(1 + index))
      continue;
    heads->value = heads->ordered(b);
    heads->layout = {0, 1, 2, 3};
    if (node.hasInput(4) && failed(prepend(node.getInput(4 + index), *heads)))
      return failure();
    if (isUsed(1 + index))
      b.replace(node, heads->value, 1 + index);
  }
  if (!node.hasInput(4))
    return success();
  return b.requireEqual(node, b.size(node.getInput(4), 2),
                        b.size(node.getInput(5), 2),
                        "lengths of past_key and past_value");
}

LogicalResult AttentionLowering::prepend(Value past, Heads &heads) {
  if (typeOf(past).getRank() != 4)
    return node.emitNodeError("requires a past of rank 4, but got ")
           << past.getType();
  for (int64_t dim : {0, 1, 3})
    if (failed(b.requireEqual(node, b.size(past, dim), heads.size(b, dim),
                              "sizes of the past and of new rows")))
      return failure();
  heads.value = tensor::ConcatOp::create(b, 2, ValueRange{past, heads.value});
  return success();
}

/// A mask may be short of keys; the rest of them is hidden.
LogicalResult AttentionLowering::readMask() {
  mask = node.getInput(3);
  if (!mask)
    return success();
  RankedTensorType type = typeOf(mask);
  int64_t rank = type.getRank();
  if (rank < 1 || rank > 4)
    return node.emitNodeError("requires a mask of rank 1 to 4");
  std::optional<int64_t> own = getConstantIntValue(b.size(mask, rank - 1));
  std::optional<int64_t> keys = getConstantIntValue(key.size(b, 2));
  if (own && keys && *own < *keys) {
    SmallVector<OpFoldResult> low(rank, b.getIndexAttr(0)), high(low);
    high.back() = b.getIndexAttr(*keys - *own);
    Value hidden = type.getElementType().isInteger(1)
                       ? b.constant(b.getI1Type(), 0)
                       : b.constant(type.getElementType(),
                                    -std::numeric_limits<double>::infinity());
    mask = padConstant(b, mask, low, high, hidden);
  }
  OpFoldResult whole[] = {query.size(b, 0), query.size(b, 1), query.size(b, 2),
                          key.size(b, 2)};
  for (int64_t dim = 0; dim < rank; ++dim)
    if (typeOf(mask).getDimSize(dim) != 1 &&
        failed(b.requireEqual(node, b.size(mask, dim), whole[4 - rank + dim],
                              "sizes of the mask and the scores")))
      return failure();
  return success();
}

/// Causal masks that have no flag, windows and lengths: a tensor that is added
/// to the scores, [batch or 1, 1, queries, keys].
LogicalResult AttentionLowering::addPositionBias() {
  int64_t left = node.getInt("left_window_size", -1);
  int64_t right = node.getInt("right_window_size", -1);
  bool wantsCausal = node.getInt("is_causal", 0) != 0;
  Value lengths = node.getInput(6);
  OpFoldResult queries = query.size(b, 2), keys = key.size(b, 2);
  OpFoldResult added = b.size(node.getInputs()[1], isRank3 ? 1 : 2);
  topLeft = !node.hasInput(4);
  // The frontier is past + i; the flag's is keys - queries + i.
  bool hasFlag = topLeft || queries == added ||
                 (getConstantIntValue(queries) &&
                  getConstantIntValue(queries) == getConstantIntValue(added));
  if (left < 0 && right < 0 && !lengths && (hasFlag || !wantsCausal)) {
    causal = wantsCausal;
    return success();
  }
  Value past = b.constant(b.getIndexType(), 0);
  if (node.hasInput(4))
    past = b.toIndex(b.size(node.getInput(4), 2));
  Value queryCount = b.toIndex(queries);
  Type element = elementOf(query.value);
  OpFoldResult one = b.getIndexAttr(1);
  auto body = [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
    Value offset = past, visible = arith::ConstantIntOp::create(b, 1, 1);
    auto require = [&](arith::CmpIPredicate predicate, Value x, Value y) {
      visible = arith::AndIOp::create(
          b, visible, arith::CmpIOp::create(b, predicate, x, y));
    };
    if (lengths) {
      Value length = arith::IndexCastOp::create(
          b, b.getIndexType(),
          tensor::ExtractOp::create(b, lengths, ValueRange(ivs[0])));
      offset = arith::SubIOp::create(b, length, queryCount);
      require(arith::CmpIPredicate::slt, ivs[3], length);
    }
    Value here = arith::AddIOp::create(b, ivs[2], offset);
    auto shifted = [&](int64_t by) -> Value {
      return arith::AddIOp::create(b, here,
                                   arith::ConstantIndexOp::create(b, by));
    };
    if (wantsCausal)
      require(arith::CmpIPredicate::sle, ivs[3], here);
    if (left >= 0)
      require(arith::CmpIPredicate::sge, ivs[3], shifted(-left));
    if (right >= 0)
      require(arith::CmpIPredicate::sle, ivs[3], shifted(right));
    auto number = [&](double value) -> Value {
      return arith::ConstantOp::create(b, b.getFloatAttr(element, value));
    };
    return arith::SelectOp::create(
        b, visible, number(0),
        number(-std::numeric_limits<double>::infinity()));
  };
  bias = b.compute({lengths ? query.size(b, 0) : one, one, queries, keys},
                   element, body);
  return success();
}

double AttentionLowering::scale() {
  int64_t width = *getConstantIntValue(query.size(b, 3));
  return node.getFloat("scale", 1 / std::sqrt(static_cast<double>(width)));
}

/// Dimensions of size 1 repeat.
AffineMap AttentionLowering::captureMap(Value capture) {
  RankedTensorType type = typeOf(capture);
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    exprs.push_back(type.getDimSize(dim) == 1
                        ? b.getAffineConstantExpr(0)
                        : b.getAffineDimExpr(4 - type.getRank() + dim));
  return AffineMap::get(4, 0, exprs, b.getContext());
}

Value capped(OpBuilder &b, Location loc, Value score, double cap) {
  Type type = score.getType();
  Value limit = arith::ConstantOp::create(b, loc, b.getFloatAttr(type, cap));
  Value ratio = arith::DivFOp::create(b, loc, score, limit);
  return arith::MulFOp::create(b, loc, math::TanhOp::create(b, loc, ratio),
                               limit);
}

Value masked(OpBuilder &b, Location loc, Value score, Value mask) {
  if (isa<FloatType>(mask.getType()))
    return arith::AddFOp::create(b, loc, score, mask);
  Value zero = arith::ConstantOp::create(b, loc, b.getZeroAttr(mask.getType()));
  Value none = arith::ConstantOp::create(
      b, loc,
      b.getFloatAttr(score.getType(),
                     -std::numeric_limits<double>::infinity()));
  Value visible =
      arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, mask, zero);
  return arith::SelectOp::create(b, loc, visible, score, none);
}

void AttentionLowering::replaceOutput(Value output, ArrayRef<int64_t> layout) {
  if (isRank3) {
    SmallVector<OpFoldResult> sizes = b.sizes(output);
    OpFoldResult hidden = b.multiply(sizes[2], sizes[3]);
    output = b.reshape(output, {sizes[0], sizes[1], hidden});
  }
  b.replace(node, output);
}

/// As one operation: scores never exist as a tensor.
LogicalResult AttentionLowering::lowerTiled() {
  SmallVector<Value> captures;
  // Booleans are bits in a vector, but bytes in memory.
  if (mask && elementOf(mask).isInteger(1))
    mask = b.convert(mask, b.getI8Type());
  for (Value capture : {mask, bias})
    if (capture)
      captures.push_back(capture);
  SmallVector<AffineMap> maps;
  for (Value capture : captures)
    maps.push_back(captureMap(capture));
  SmallVector<int64_t> layout = isRank3 ? SmallVector<int64_t>{0, 2, 1, 3}
                                        : SmallVector<int64_t>{0, 1, 2, 3};
  OpFoldResult logical[] = {query.size(b, 0), query.size(b, 1),
                            query.size(b, 2), value.size(b, 3)};
  SmallVector<int64_t> shape;
  for (int64_t dim : layout)
    shape.push_back(
        getConstantIntValue(logical[dim]).value_or(ShapedType::kDynamic));
  auto unit = [&](bool set) { return set ? b.getUnitAttr() : UnitAttr(); };
  auto op = attn::AttentionOp::create(
      b, RankedTensorType::get(shape, b.getF32Type()), /*lse=*/Type(),
      query.value, key.value, value.value, captures, /*counts=*/Value(),
      /*blocks=*/Value(), b.getF64FloatAttr(scale()),
      b.getAffineMapArrayAttr(maps), unit(causal), unit(causal && topLeft),
      /*nan_empty_rows=*/UnitAttr(), /*mean_empty_rows=*/UnitAttr(),
      /*mask=*/ArrayAttr(), /*query_block=*/IntegerAttr(),
      /*key_block=*/IntegerAttr(), kernel::AttentionNormaliser(),
      b.getDenseI64ArrayAttr(query.layout), b.getDenseI64ArrayAttr(key.layout),
      b.getDenseI64ArrayAttr(value.layout), b.getDenseI64ArrayAttr(layout));
  {
    OpBuilder::InsertionGuard guard(b);
    Block *body = b.createBlock(&op.getScore());
    Value score = body->addArgument(b.getF32Type(), b.getLoc());
    if (double cap = node.getFloat("softcap", 0); cap != 0)
      score = capped(b, b.getLoc(), score, cap);
    for (Value capture : captures)
      score = masked(b, b.getLoc(), score,
                     body->addArgument(elementOf(capture), b.getLoc()));
    attn::YieldOp::create(b, ValueRange(score));
  }
  replaceOutput(op.getResult(), layout);
  return success();
}

LogicalResult AttentionLowering::lower() {
  if (int64_t mode = node.getInt("qk_matmul_output_mode", 0);
      mode < 0 || mode > 3)
    return node.emitNodeError("requires a qk_matmul_output_mode of 0 to 3");
  // The softmax is taken in f32, or in what is more precise.
  constexpr int64_t doublePrecision = 11;
  softmaxType = elementOf(node.getInputs()[0]);
  if (node.getInt("softmax_precision", 1) == doublePrecision)
    softmaxType = b.getF64Type();
  for (auto [input, name, heads] : {std::tuple(0u, "q_num_heads", &query),
                                    {1u, "kv_num_heads", &key},
                                    {2u, "kv_num_heads", &value}}) {
    FailureOr<Heads> found = this->heads(input, name);
    if (failed(found))
      return failure();
    *heads = *found;
  }
  if (!getConstantIntValue(query.size(b, 3)))
    return node.emitNodeError("requires a constant width of heads");
  if (failed(checkSizes()) || failed(readCache()) || failed(readMask()) ||
      failed(addPositionBias()))
    return failure();
  bool tiled = elementOf(query.value).isF32() && softmaxType.isF32() &&
               !isUsed(3) && getConstantIntValue(value.size(b, 3));
  return tiled ? lowerTiled() : lowerWhole();
}

static LogicalResult lowerAttention(onnx::NodeOp node, Lowering &b) {
  return AttentionLowering(node, b).lower();
}

void addAttention(LoweringTable &table) {
  table.compute("Attention", lowerAttention);
}

} // namespace attune
