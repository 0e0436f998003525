// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Keys that are hidden, and rows that see none.

#include "passes/codegen/LinearEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

/// 1 if the key is visible to the task's head, or 0.
Value LinearEmitter::isVisible(const Task &task, Value key) {
  Value logical[] = {task.query.batch, task.query.head, Value(), key};
  Values place;
  for (AffineExpr result : op.getVisibleMap()->getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    place.push_back(dim ? logical[dim.getPosition()] : b.index(0));
  }
  Value byte = memref::LoadOp::create(b, op.getVisible(), place);
  Value zero = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
  Value isSet = arith::CmpIOp::create(b, arith::CmpIPredicate::ne, byte, zero);
  return arith::SelectOp::create(b, isSet, b.scalar(1.0f), b.scalar(0.0f));
}

void LinearEmitter::loadSeen(const Task &task, Value first, Value count) {
  for (int64_t at = 0; at < chunk; at += b.lanes)
    b.store(b.splat(0.0f), seenTile, {b.index(0), b.index(at)});
  b.loop(b.index(0), count, b.index(1), [&](Value key) {
    memref::StoreOp::create(b, isVisible(task, b.add(first, key)), seenTile,
                            ValueRange{b.index(0), key});
  });
}

/// Makes the features of hidden keys 0, whatever they were.
void LinearEmitter::hideKeys(Value count) {
  b.loop(b.index(0), b.index(features), b.index(1), [&](Value row) {
    b.loop(b.index(0), count, b.index(b.lanes), [&](Value column) {
      Value seen = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                         b.load(seenTile, {b.index(0), column}),
                                         b.splat(0.0f));
      Value x = b.load(keyTile->features, {row, column});
      b.store(arith::SelectOp::create(b, seen, x, b.splat(0.0f)),
              keyTile->features, {row, column});
    });
  });
}

/// The same for values: 0 times what is no number would not be 0.
void LinearEmitter::hideValues(Value count) {
  b.loop(b.index(0), count, b.index(1), [&](Value row) {
    Value seen =
        memref::LoadOp::create(b, seenTile, ValueRange{b.index(0), row});
    Value isHidden = arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, seen,
                                           b.scalar(0.0f));
    when(isHidden, [&] {
      for (int64_t at = 0; at < block; at += b.lanes)
        b.store(b.splat(0.0f), valueTile, {row, b.index(at)});
    });
  });
}

/// The keys in the tiles are in S now.
void LinearEmitter::noteSeen() {
  Value zero = b.index(0), any = b.load(anyTile, {zero, zero});
  for (int64_t at = 0; at < chunk; at += b.lanes)
    any = arith::MaximumFOp::create(b, any,
                                    b.load(seenTile, {zero, b.index(at)}));
  b.store(any, anyTile, {zero, zero});
}

/// Whether a row sees a key that is in S, or in the tiles, of which `lanes`
/// tell if they are not null. Null if all rows do.
Value LinearEmitter::seesKey(Value lanes) {
  if (op.getPastState())
    return {};
  if (!hides())
    return isAbove(keys, 0);
  Value any = b.load(anyTile, {b.index(0), b.index(0)});
  if (lanes)
    any = arith::MaximumFOp::create(b, any, lanes);
  Value most =
      vector::ReductionOp::create(b, vector::CombiningKind::MAXIMUMF, any);
  return arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, most,
                               b.scalar(0.0f));
}

/// A vector of a row that sees no key.
Value LinearEmitter::emptyRow(Value column) {
  if (op.getMeanEmptyRows())
    return b.load(meanTile, {b.index(0), column});
  return b.splat(op.getNanEmptyRows() ? std::numeric_limits<float>::quiet_NaN()
                                      : 0.0f);
}

Value LinearEmitter::orEmpty(Value sees, Value result, Value column) {
  return arith::SelectOp::create(b, sees, result, emptyRow(column));
}

/// The mean of all values, seen or not.
void LinearEmitter::emitMean(const Task &task) {
  Value zero = b.index(0);
  for (int64_t at = 0; at < block; at += b.lanes)
    b.store(b.splat(0.0f), meanTile, {zero, b.index(at)});
  b.loop(zero, keys, b.index(chunk), [&](Value first) {
    Value count = b.min(b.sub(keys, first), b.index(chunk));
    TileExtent extent{count, task.columns, b.index(block)};
    loadTile(b, valueTile, task.value, 3, extent, [&](Value row, Value column) {
      return std::pair(b.add(first, row), b.add(task.column, column));
    });
    for (int64_t at = 0; at < block; at += b.lanes) {
      auto add = [&](Value row, ValueRange sum) {
        Value x = b.load(valueTile, {row, b.index(at)});
        return Values{arith::AddFOp::create(b, sum.front(), x)};
      };
      Value sum = b.load(meanTile, {zero, b.index(at)});
      sum = b.loop(zero, count, b.index(1), ValueRange(sum), add).front();
      b.store(sum, meanTile, {zero, b.index(at)});
    }
  });
  Value count = arith::SIToFPOp::create(
      b, b.getF32Type(),
      arith::IndexCastOp::create(b, b.getI64Type(), b.max(keys, b.index(1))));
  for (int64_t at = 0; at < block; at += b.lanes) {
    Value sum = b.load(meanTile, {zero, b.index(at)});
    b.store(arith::DivFOp::create(b, sum, b.splat(count)), meanTile,
            {zero, b.index(at)});
  }
}

/// Finds the mean if there may be a row without keys: if the first one that
/// others do not see more than is one.
void LinearEmitter::prepareMean(const Task &task) {
  if (!op.getMeanEmptyRows())
    return;
  Value end = op.getCausal() ? b.min(keys, b.add(before, b.index(1))) : keys;
  auto look = [&](Value key, ValueRange most) {
    Value seen = hides() ? isVisible(task, key) : b.scalar(1.0f);
    return Values{arith::MaximumFOp::create(b, most.front(), seen)};
  };
  Value any =
      b.loop(b.index(0), end, b.index(1), ValueRange(b.scalar(0.0f)), look)
          .front();
  Value none =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, any, b.scalar(0.0f));
  when(arith::OrIOp::create(b, none, isAbove(skipped, 0)),
       [&] { emitMean(task); });
}

} // namespace attune
