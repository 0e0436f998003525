// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Linear attention by the weights of all pairs, a tile at a time.

#include "passes/codegen/LinearEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

/// Rows whose limits are in the keys from `firstKey` on.
LinearEmitter::Rows LinearEmitter::pairRows(const Chunk &chunk, Value first,
                                            Value firstKey) {
  Rows rows = rowsFrom(chunk, first);
  for (auto [query, limit] : llvm::zip(rows.queries, rows.limits)) {
    limit = chunk.keys;
    if (!op.getCausal())
      continue;
    // Query i sees `before` + i - `skipped` + 1 keys.
    Value seen = b.sub(b.add(b.add(before, query), b.index(1)), skipped);
    limit = b.max(b.min(b.sub(seen, firstKey), chunk.keys), b.index(0));
  }
  rows.keys = rows.limits.back();
  return rows;
}

/// Adds what the keys in the tiles, `firstKey` the first, give each row.
void LinearEmitter::addPairs(const Chunk &chunk, Value firstKey) {
  Value zero = b.index(0);
  LeftFactor weights{weightTile, {}, /*transposed=*/false};
  for (int64_t r = 0; r < height; ++r)
    weights.rows.push_back(b.index(r));
  b.loop(zero, chunk.count, b.index(height), [&](Value row) {
    Rows rows = pairRows(chunk, row, firstKey);
    RowSums sums = emitWeights(rows);
    // A row that stands twice is read before it is written.
    for (int64_t r = 0; r < height; ++r) {
      Value old = b.load(rowSumTile, {rows.inChunk[r], zero});
      sums.weights[r] = arith::AddFOp::create(b, old, sums.weights[r]);
      if (!hides())
        continue;
      Value seen = b.load(rowSeenTile, {rows.inChunk[r], zero});
      sums.seen[r] = arith::MaximumFOp::create(b, seen, sums.seen[r]);
    }
    for (int64_t r = 0; r < height; ++r) {
      b.store(sums.weights[r], rowSumTile, {rows.inChunk[r], zero});
      if (hides())
        b.store(sums.seen[r], rowSeenTile, {rows.inChunk[r], zero});
    }
    for (const Values &columns : columnGroups()) {
      Values results;
      for (Value at : rows.inChunk)
        for (Value column : columns)
          results.push_back(b.load(resultTile, {at, column}));
      addProducts(b, results, weights, valueTile, rows.keys, columns);
      for (auto [i, result] : llvm::enumerate(results))
        b.store(
            result, resultTile,
            {rows.inChunk[i / columns.size()], columns[i % columns.size()]});
    }
  });
}

/// One chunk of queries with all keys; what is in S is the past.
void LinearEmitter::emitPairs(const Task &task, const Chunk &queryChunk) {
  Value zero = b.index(0);
  b.loop(zero, queryChunk.count, b.index(1), [&](Value row) {
    for (int64_t at = 0; at < block; at += b.lanes)
      b.store(b.splat(0.0f), resultTile, {row, b.index(at)});
    b.store(b.splat(0.0f), rowSumTile, {row, zero});
    b.store(b.splat(0.0f), rowSeenTile, {row, zero});
  });
  b.loop(zero, keys, b.index(chunk), [&](Value firstKey) {
    Value count = b.min(b.sub(keys, firstKey), b.index(chunk));
    loadKeys(task, firstKey, count);
    makeKeys(task, count);
    addPairs({queryChunk.first, queryChunk.count, count, zero}, firstKey);
  });
  if (op.getNormalise())
    emitDivisors(queryChunk.count, queryChunk.depth);
  b.loop(zero, queryChunk.count, b.index(1), [&](Value row) {
    Value seen = b.load(rowSeenTile, {row, zero});
    Value sees = seesKey(hides() ? seen : Value());
    if (op.getCausal() && !op.getPastState())
      sees = arith::AndIOp::create(
          b, sees,
          arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                b.add(queryChunk.first, row), skipped));
    Value factor;
    if (op.getNormalise()) {
      Value divisor = arith::AddFOp::create(
          b, memref::LoadOp::create(b, divisorTile, ValueRange{zero, row}),
          vector::ReductionOp::create(b, vector::CombiningKind::ADD,
                                      b.load(rowSumTile, {row, zero})));
      factor = b.splat(
          arith::DivFOp::create(b, b.scalar(1.0f), divisor).getResult());
    }
    for (const Values &columns : columnGroups()) {
      Values sums;
      for (Value column : columns)
        sums.push_back(b.load(resultTile, {row, column}));
      addProducts(b, sums, {queryTile->features, {row}, true}, state,
                  queryChunk.depth, columns);
      for (auto [column, sum] : llvm::zip(columns, sums))
        storeRow(task, b.add(queryChunk.first, row), column, sum, factor, sees);
    }
  });
}

void LinearEmitter::emitQuadratic(const Task &task) {
  Value depth = b.index(op.getPastState() ? features : 0);
  b.loop(b.index(0), queries, b.index(chunk), [&](Value first) {
    Value count = b.min(b.sub(queries, first), b.index(chunk));
    queryTile->load(task.query, first, count);
    queryTile->make(count, {});
    emitPairs(task, {first, count, b.index(0), depth});
  });
  if (keepsState())
    passKeys(task, b.index(0), keys);
}

} // namespace attune
