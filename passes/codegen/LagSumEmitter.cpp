// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/LagSumEmitter.h"
#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
namespace {

class LagSumEmitter {
public:
  LagSumEmitter(kernel::LagSumOp op, int64_t lanes, int64_t height,
                int64_t vectors)
      : op(op), height(height), vectors(vectors), b(op, lanes) {}
  void emit();

private:
  using Sums = SmallVector<Value>;
  void emitTile(Value column);
  Sums sumByRow(Sums sums);
  Sums sumByColumn(Sums sums);
  Value inputRow(Value row, int64_t vector);
  Value tap(Value row, Value j);
  Value isAtMost(Value left, Value right) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::sle, left, right);
  }

  kernel::LagSumOp op;
  int64_t height, vectors;
  VectorEmitter b;
  Value length, batch, head;
  SmallVector<Value> rows; // of the tile; the last one again below the end
  SmallVector<Value> columns, masks;
};

} // namespace

Value LagSumEmitter::inputRow(Value row, int64_t vector) {
  return b.load(op.getInput(), {batch, head, row, columns[vector]},
                masks[vector]);
}

Value LagSumEmitter::tap(Value row, Value j) {
  Value last = b.sub(b.dim(op.getTaps(), 0), b.index(1));
  Value at = b.sub(b.add(j, b.sub(length, b.index(1))), row);
  return memref::LoadOp::create(b, op.getTaps(),
                                ValueRange{b.min(head, last), at});
}

/// Weights are scalars: one for all columns.
LagSumEmitter::Sums LagSumEmitter::sumByRow(Sums sums) {
  auto step = [&](Value j, ValueRange carried, bool isBorder) {
    Sums inputs, next;
    for (int64_t v = 0; v < vectors; ++v)
      inputs.push_back(inputRow(j, v));
    for (int64_t r = 0; r < height; ++r) {
      Value weight = tap(rows[r], isBorder ? b.min(j, rows[r]) : j);
      if (isBorder)
        weight = arith::SelectOp::create(b, isAtMost(j, rows[r]), weight,
                                         b.scalar(0.0f));
      for (int64_t v = 0; v < vectors; ++v)
        next.push_back(vector::FMAOp::create(b, b.splat(weight), inputs[v],
                                             carried[next.size()]));
    }
    return next;
  };
  Value one = b.index(1);
  Value inside = op.getCausal() ? b.add(rows.front(), one) : length;
  sums = b.loop(b.index(0), inside, one, sums, [&](Value j, ValueRange x) {
    return step(j, x, /*isBorder=*/false);
  });
  if (!op.getCausal())
    return sums;
  return b.loop(
      inside, b.add(rows.back(), one), one, sums,
      [&](Value j, ValueRange x) { return step(j, x, /*isBorder=*/true); });
}

/// Weights are vectors: one for each column.
LagSumEmitter::Sums LagSumEmitter::sumByColumn(Sums sums) {
  auto step = [&](Value lag, ValueRange carried, bool isBorder) {
    Sums weights, next;
    for (int64_t v = 0; v < vectors; ++v)
      weights.push_back(b.load(op.getTaps(), {lag, columns[v]}, masks[v]));
    for (int64_t r = 0; r < height; ++r) {
      Value from = b.sub(rows[r], lag);
      if (isBorder)
        from = b.max(from, b.index(0));
      for (int64_t v = 0; v < vectors; ++v) {
        Value input = inputRow(from, v);
        if (isBorder)
          input = arith::SelectOp::create(b, isAtMost(lag, rows[r]), input,
                                          b.splat(0.0f));
        next.push_back(
            vector::FMAOp::create(b, weights[v], input, carried[next.size()]));
      }
    }
    return next;
  };
  Value taps = b.dim(op.getTaps(), 0), one = b.index(1);
  Value inside = b.min(taps, b.add(rows.front(), one));
  Value end = b.min(taps, b.add(rows.back(), one));
  sums = b.loop(b.index(0), inside, one, sums, [&](Value lag, ValueRange x) {
    return step(lag, x, /*isBorder=*/false);
  });
  return b.loop(inside, end, one, sums, [&](Value lag, ValueRange x) {
    return step(lag, x, /*isBorder=*/true);
  });
}

void LagSumEmitter::emitTile(Value column) {
  columns.clear();
  masks.clear();
  Value all = b.dim(op.getInput(), 3);
  for (int64_t v = 0; v < vectors; ++v) {
    columns.push_back(b.add(column, b.index(v * b.lanes)));
    masks.push_back(b.maskBelow(b.sub(all, columns.back())));
  }
  Sums sums(height * vectors, b.splat(0.0f));
  sums = op.getByColumn() ? sumByColumn(sums) : sumByRow(sums);
  for (auto [i, sum] : llvm::enumerate(sums))
    b.store(sum, op.getInit()[0],
            {batch, head, rows[i / vectors], columns[i % vectors]},
            masks[i % vectors]);
}

void LagSumEmitter::emit() {
  length = b.dim(op.getInput(), 2);
  Value heads = b.dim(op.getInput(), 1), tiles = b.ceilDiv(length, height);
  Value tasks = b.mul(b.mul(b.dim(op.getInput(), 0), heads), tiles);
  b.parallel(tasks, b.index(1), [&](Value task) {
    Value first = b.mul(b.rem(task, tiles), b.index(height));
    Value batchHead = b.div(task, tiles);
    batch = b.div(batchHead, heads);
    head = b.rem(batchHead, heads);
    rows.clear();
    for (int64_t r = 0; r < height; ++r)
      rows.push_back(
          b.min(b.add(first, b.index(r)), b.sub(length, b.index(1))));
    b.loop(b.index(0), b.dim(op.getInput(), 3), b.index(vectors * b.lanes),
           [&](Value column) { emitTile(column); });
  });
  op.erase();
}

void emitLagSum(kernel::LagSumOp op, int64_t lanes, int64_t rows,
                int64_t vectors) {
  LagSumEmitter(op, lanes, rows, vectors).emit();
}

} // namespace attune
