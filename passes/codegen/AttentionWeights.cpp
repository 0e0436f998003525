// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/AttentionEmitter.h"
#include "passes/codegen/HeadTile.h"

using namespace mlir;

namespace attune {

using kernel::ClippedSoftmaxAttr;
using kernel::PowerAttr;
using kernel::PowerSumAttr;

static bool isPower(kernel::AttentionNormaliser normaliser) {
  return isa_and_nonnull<PowerAttr, PowerSumAttr>(normaliser);
}

Value AttentionEmitter::state(Value memory, Value local, unsigned row) {
  return memref::LoadOp::create(
      b, memory, ValueRange{b.index(0), b.add(local, b.index(row))});
}

void AttentionEmitter::setState(Value value, Value memory, Value local,
                                unsigned row) {
  memref::StoreOp::create(b, value, memory,
                          ValueRange{b.index(0), b.add(local, b.index(row))});
}

/// A score that weighs nothing.
float AttentionEmitter::hiddenScore() {
  return isPower(op.getNormaliserAttr())
             ? 0.0f
             : -std::numeric_limits<float>::infinity();
}

/// Of a row's scores, what others are compared with. What is no number shows in
/// its weight.
Value AttentionEmitter::outermost(Value score, Value most) {
  if (isPower(op.getNormaliserAttr()))
    score = math::AbsFOp::create(b, score);
  return b.larger(score, most);
}

/// ratio^degree.
Value AttentionEmitter::power(Value ratio) {
  int64_t degree = 0;
  if (auto attribute = dyn_cast<PowerAttr>(op.getNormaliserAttr()))
    degree = attribute.getDegree();
  else
    degree = cast<PowerSumAttr>(op.getNormaliserAttr()).getDegree();
  for (; degree > 1; degree /= 2)
    ratio = arith::MulFOp::create(b, ratio, ratio);
  return ratio;
}

/// Takes `highest` into the row's maximum `before`; `scale` becomes what older
/// sums are multiplied by.
Value AttentionEmitter::toMaximum(Value before, Value highest, Value &scale) {
  // A row that has seen nothing keeps a maximum that can be subtracted, or
  // divided by.
  float least = isPower(op.getNormaliserAttr())
                    ? std::numeric_limits<float>::min()
                    : std::numeric_limits<float>::lowest();
  Value maximum = arith::MaximumFOp::create(b, before, highest);
  maximum = arith::MaximumFOp::create(b, maximum, b.scalar(least));
  scale =
      isPower(op.getNormaliserAttr())
          ? power(b.splat(arith::DivFOp::create(b, before, maximum)))
          : b.expOfNegative(b.splat(arith::SubFOp::create(b, before, maximum)));
  return maximum;
}

/// The weight of a vector of scores; `by` is what is subtracted, or multiplied
/// with, before. For known sums, `factor` is what is multiplied with after.
Value AttentionEmitter::weightOf(Value score, Value by, Value factor,
                                 Pass pass) {
  if (isPower(op.getNormaliserAttr()))
    return power(arith::MulFOp::create(b, score, by));
  Value weight = b.expOfNegative(arith::SubFOp::create(b, score, by));
  if (pass != Pass::values)
    return weight;
  auto clip = cast<ClippedSoftmaxAttr>(op.getNormaliserAttr());
  weight = vector::FMAOp::create(b, weight, factor,
                                 b.splat(clip.getLow().getValueAsDouble()));
  weight = arith::MaximumFOp::create(b, weight, b.splat(0.0f));
  return arith::MinimumFOp::create(b, weight, b.splat(1.0f));
}

/// Turns the scores into weights and brings maxima and sums up to date;
/// `scales` gets what each row's older sums of values must be multiplied by, if
/// anything.
void AttentionEmitter::emitWeights(const Tile &tile, ArrayRef<Value> highest,
                                   Value count, Pass pass,
                                   SmallVectorImpl<Value> &scales) {
  auto fixed = dyn_cast_if_present<PowerSumAttr>(op.getNormaliserAttr());
  for (int64_t r = 0; r < height; ++r) {
    Value maximum = state(maxima, tile.local, r), by, scale, factor;
    if (fixed) {
      by = b.splat(1.0 / fixed.getBound().getValueAsDouble());
    } else if (pass == Pass::values) {
      by = b.splat(maximum);
      factor = b.splat(factorOf(state(sums, tile.local, r)));
    } else {
      maximum = toMaximum(maximum,
                          vector::ReductionOp::create(
                              b, vector::CombiningKind::MAXIMUMF, highest[r]),
                          scale);
      setState(maximum, maxima, tile.local, r);
      scales.push_back(scale);
      by = isPower(op.getNormaliserAttr())
               ? b.splat(arith::DivFOp::create(b, b.scalar(1.0f), maximum))
               : b.splat(maximum);
    }
    auto overKeys = [&](Value j, ValueRange before) {
      Value weight =
          weightOf(b.load(scores, {b.index(r), j}), by, factor, pass);
      if (pass != Pass::sums)
        b.store(weight, scores, {b.index(r), j});
      return SmallVector<Value>{
          arith::AddFOp::create(b, before.front(), weight)};
    };
    Value sum = b.loop(b.index(0), count, b.index(b.lanes),
                       ValueRange(b.splat(0.0f)), overKeys)
                    .front();
    if (!scale)
      continue;
    Value total =
        vector::ReductionOp::create(b, vector::CombiningKind::ADD, sum);
    Value older = arith::MulFOp::create(b, state(sums, tile.local, r),
                                        vector::ExtractOp::create(b, scale, 0));
    setState(arith::AddFOp::create(b, older, total), sums, tile.local, r);
  }
}

/// The `c`-th vector of columns of one key's values.
Value AttentionEmitter::valueAt(const Task &task, Value key, int64_t c) {
  if (!fromRows)
    return b.load(packedValues, {task.packedValues, b.index(c / vectors), key,
                                 b.index(c % vectors * b.lanes)});
  auto [column, mask] = columnsOf(valueWidth)[c];
  return b.load(
      op.getValue(),
      place(op.getValueLayout(), task.batch, task.valueHead, key, column),
      mask);
}

/// Adds weights x values of `count` keys to the sums, a few vectors at a time.
void AttentionEmitter::emitValues(const Task &task, const Tile &tile,
                                  Value first, Value count,
                                  ArrayRef<Value> scales) {
  SmallVector<Column> all = columnsOf(valueWidth);
  int64_t index = 0;
  for (ArrayRef<Column> rest = all; !rest.empty(); index += vectors) {
    auto columns = rest.take_front(vectors);
    rest = rest.drop_front(columns.size());
    SmallVector<Value> totals;
    for (int64_t r = 0; r < height; ++r)
      for (auto [column, mask] : columns) {
        Value sum = b.load(sumTile, {b.add(tile.local, b.index(r)), column});
        totals.push_back(
            scales.empty()
                ? sum
                : arith::MulFOp::create(b, sum, scales[r]).getResult());
      }
    auto overKeys = [&](Value j, ValueRange before) {
      SmallVector<Value> right, next;
      for (size_t c = 0; c < columns.size(); ++c)
        right.push_back(valueAt(task, b.add(first, j), index + c));
      for (int64_t r = 0; r < height; ++r) {
        Value weight = b.splat(
            memref::LoadOp::create(b, scores, ValueRange{b.index(r), j}));
        for (size_t c = 0; c < columns.size(); ++c)
          next.push_back(vector::FMAOp::create(b, weight, right[c],
                                               before[r * columns.size() + c]));
      }
      return next;
    };
    totals = b.loop(b.index(0), count, b.index(1), totals, overKeys);
    for (int64_t r = 0; r < height; ++r)
      for (auto [c, column] : llvm::enumerate(columns))
        b.store(totals[r * columns.size() + c], sumTile,
                {b.add(tile.local, b.index(r)), column.first});
  }
}

/// What weights of this sum are divided by, as a factor; for a row that has
/// seen nothing, what it gives.
Value AttentionEmitter::factorOf(Value sum) {
  float empty =
      op.getNanEmptyRows() ? std::numeric_limits<float>::quiet_NaN() : 0.0f;
  float whole = 1.0f;
  if (auto clip =
          dyn_cast_if_present<ClippedSoftmaxAttr>(op.getNormaliserAttr()))
    whole =
        clip.getHigh().getValueAsDouble() - clip.getLow().getValueAsDouble();
  Value any =
      arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, sum, b.scalar(0.0f));
  Value inverse = arith::DivFOp::create(b, b.scalar(whole), sum);
  return arith::SelectOp::create(b, any, inverse, b.scalar(empty));
}

/// `result` if the row has seen `any` key, or else the mean of all values.
Value AttentionEmitter::orMean(Value any, Value result, const Task &task,
                               int64_t c) {
  auto choice = scf::IfOp::create(b, TypeRange(result.getType()), any,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(b, result);
  b.setInsertionPointToStart(choice.elseBlock());
  auto addKey = [&](Value key, ValueRange before) {
    return SmallVector<Value>{
        arith::AddFOp::create(b, before.front(), valueAt(task, key, c))};
  };
  Value sum =
      b.loop(b.index(0), keys, b.index(1), ValueRange(b.splat(0.0f)), addKey)
          .front();
  Value count = arith::SIToFPOp::create(
      b, b.getF32Type(), arith::IndexCastOp::create(b, b.getI32Type(), keys));
  scf::YieldOp::create(
      b, arith::DivFOp::create(b, sum, b.splat(count)).getResult());
  return choice.getResult(0);
}

void AttentionEmitter::storeResult(Value result, const Task &task, Value row,
                                   Column column) {
  Value output = op.getInit().front();
  ArrayRef<int64_t> layout = op.getOutputLayout();
  if (layout.back() == 3)
    return b.store(result, output,
                   place(layout, task.batch, task.head, row, column.first),
                   column.second);
  int64_t first = *getConstantIntValue(column.first);
  int64_t end = std::min(first + b.lanes, *getConstantIntValue(valueWidth));
  for (int64_t at = first; at < end; ++at)
    memref::StoreOp::create(
        b, vector::ExtractOp::create(b, result, at - first).getResult(), output,
        place(layout, task.batch, task.head, row, b.index(at)));
}

void AttentionEmitter::emitResult(const Task &task, const Tile &tile) {
  auto raised = dyn_cast_if_present<PowerAttr>(op.getNormaliserAttr());
  bool divided = !isa_and_nonnull<PowerSumAttr, ClippedSoftmaxAttr>(
      op.getNormaliserAttr());
  for (int64_t r = 0; r < height; ++r) {
    Value sum = state(sums, tile.local, r);
    Value maximum = state(maxima, tile.local, r);
    Value any = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE, sum,
                                      b.scalar(0.0f));
    Value all = sum;
    if (raised && !raised.getEps().getValue().isZero()) {
      // The sum is of ratios to the maximum; so is eps.
      Value unit = vector::ExtractOp::create(b, power(b.splat(maximum)), 0);
      Value eps = b.scalar(raised.getEps().getValueAsDouble());
      all = arith::AddFOp::create(b, sum, arith::DivFOp::create(b, eps, unit));
    }
    Value factor = divided ? b.splat(factorOf(all)) : Value();
    for (auto [c, column] : llvm::enumerate(columnsOf(valueWidth))) {
      Value result =
          b.load(sumTile, {b.add(tile.local, b.index(r)), column.first});
      if (divided)
        result = arith::MulFOp::create(b, result, factor);
      if (op.getMeanEmptyRows())
        result = orMean(any, result, task, c);
      storeResult(result, task, tile.rows[r], column);
    }
    if (op.getInit().size() < 4)
      continue;
    Value lse = arith::AddFOp::create(
        b, maximum,
        vector::ExtractOp::create(b, math::LogOp::create(b, b.splat(sum)), 0));
    Value none = b.scalar(-std::numeric_limits<float>::infinity());
    memref::StoreOp::create(b, arith::SelectOp::create(b, any, lse, none),
                            op.getInit()[3],
                            ValueRange{task.batch, task.head, tile.rows[r]});
  }
}

} // namespace attune
