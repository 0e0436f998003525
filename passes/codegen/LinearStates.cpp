// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Sums over the keys that come from outside, step by step, and go there.

#include "passes/codegen/LinearEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

/// S and z are those of the past, or 0.
void LinearEmitter::startState(const Task &task) {
  Value zero = b.index(0), past = op.getPastState(), sum = op.getPastSum();
  b.store(b.splat(0.0f), anyTile, {zero, zero});
  b.loop(zero, b.index(features), b.index(1), [&](Value row) {
    for (int64_t at = 0; at < block; at += b.lanes) {
      Value x = b.splat(0.0f), column = b.index(at);
      if (past)
        x = b.load(
            past,
            {task.key.batch, task.key.head, row, b.add(task.column, column)},
            b.maskBelow(b.sub(task.columns, column)));
      b.store(x, state, {row, column});
    }
    Value z = b.scalar(0.0f);
    if (sum)
      z = memref::LoadOp::create(
          b, sum, ValueRange{task.key.batch, task.key.head, row});
    memref::StoreOp::create(b, z, sumTile, ValueRange{zero, row});
  });
  // Rows that only fill up a register tile.
  b.loop(b.index(features), b.index(tiles.state.rows), b.index(1),
         [&](Value row) {
           for (int64_t at = 0; at < block; at += b.lanes)
             b.store(b.splat(0.0f), state, {row, b.index(at)});
         });
}

/// Adds the keys from `first` to `end` to S.
void LinearEmitter::passKeys(const Task &task, Value first, Value end) {
  b.loop(first, end, b.index(chunk), [&](Value at) {
    Value count = b.min(b.sub(end, at), b.index(chunk));
    loadKeys(task, at, count);
    makeKeys(task, count);
    addToState(count);
  });
}

/// Heads that share keys have the same state: the first of them stores it.
void LinearEmitter::storeState(const Task &task) {
  Value zero = b.index(0), group = b.div(heads, keyHeads);
  auto isZero = [&](Value value) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, value, zero);
  };
  Value isFirst = isZero(b.rem(task.query.head, group));
  when(isFirst, [&] {
    b.loop(zero, b.index(features), b.index(1), [&](Value row) {
      b.loop(zero, task.columns, b.index(b.lanes), [&](Value column) {
        b.store(
            b.load(state, {row, column}), op.getInit()[2],
            {task.key.batch, task.key.head, row, b.add(task.column, column)},
            b.maskBelow(b.sub(task.columns, column)));
      });
    });
    if (!op.getNormalise())
      return;
    when(isZero(task.column), [&] {
      b.loop(zero, b.index(features), b.index(1), [&](Value row) {
        Value z = memref::LoadOp::create(b, sumTile, ValueRange{zero, row});
        memref::StoreOp::create(b, z, op.getInit()[3],
                                ValueRange{task.key.batch, task.key.head, row});
      });
    });
  });
}

void LinearEmitter::emitSteps(const Task &task) {
  b.loop(b.index(0), queries, b.index(1),
         [&](Value position) { emitStep(task, position); });
}

/// 1 / (f(q) z + eps), after f(k) was added to z, in all lanes.
Value LinearEmitter::stepFactor() {
  Value zero = b.index(0);
  float eps = op.getEps().convertToDouble();
  auto step = [&](Value row, ValueRange carried) {
    Value z = memref::LoadOp::create(b, sumTile, ValueRange{zero, row});
    Value k =
        memref::LoadOp::create(b, keyTile->features, ValueRange{row, zero});
    Value q =
        memref::LoadOp::create(b, queryTile->features, ValueRange{row, zero});
    z = arith::AddFOp::create(b, z, k);
    memref::StoreOp::create(b, z, sumTile, ValueRange{zero, row});
    return Values{arith::AddFOp::create(b, carried.front(),
                                        arith::MulFOp::create(b, q, z))};
  };
  Value divisor = b.loop(zero, b.index(features), b.index(1),
                         ValueRange(b.scalar(eps)), step)
                      .front();
  return b.splat(arith::DivFOp::create(b, b.scalar(1.0f), divisor).getResult());
}

/// S = S + f(k) v^T and f(q) S in one pass over S.
void LinearEmitter::emitStep(const Task &task, Value position) {
  Value zero = b.index(0), one = b.index(1);
  loadKeys(task, position, one);
  makeKeys(task, one);
  queryTile->load(task.query, position, one);
  queryTile->make(one, {});
  if (hides())
    noteSeen();
  Value factor = op.getNormalise() ? stepFactor() : Value();
  Value sees = seesKey({});
  for (const Values &columns : columnGroups()) {
    Values values;
    for (Value column : columns)
      values.push_back(b.load(valueTile, {zero, column}));
    auto step = [&](Value row, ValueRange sums) {
      Value k = b.splat(
          memref::LoadOp::create(b, keyTile->features, ValueRange{row, zero}));
      Value q = b.splat(memref::LoadOp::create(b, queryTile->features,
                                               ValueRange{row, zero}));
      Values next;
      for (auto [column, value, sum] : llvm::zip(columns, values, sums)) {
        Value s =
            vector::FMAOp::create(b, k, value, b.load(state, {row, column}));
        b.store(s, state, {row, column});
        next.push_back(vector::FMAOp::create(b, q, s, sum));
      }
      return next;
    };
    Values zeros(columns.size(), b.splat(0.0f));
    Values sums = b.loop(zero, b.index(features), one, zeros, step);
    for (auto [column, sum] : llvm::zip(columns, sums))
      storeRow(task, position, column, sum, factor, sees);
  }
}

} // namespace attune
