// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/LinearEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

/// The vectors of a block's row, a register tile's at a time.
SmallVector<LinearEmitter::Values> LinearEmitter::columnGroups() {
  SmallVector<Values> groups;
  for (int64_t at = 0; at < block; at += panel()) {
    Values &group = groups.emplace_back();
    for (int64_t v = at; v < std::min(at + panel(), block); v += b.lanes)
      group.push_back(b.index(v));
  }
  return groups;
}

/// S += f(k) v^T over the `count` keys in the tiles.
void LinearEmitter::addToState(Value count) {
  b.loop(b.index(0), b.index(llvm::alignTo(features, height)), b.index(height),
         [&](Value row) {
           LeftFactor left{keyTile->features, {}, /*transposed=*/false};
           for (int64_t r = 0; r < height; ++r)
             left.rows.push_back(b.add(row, b.index(r)));
           for (const Values &columns : columnGroups()) {
             Values sums;
             for (Value at : left.rows)
               for (Value column : columns)
                 sums.push_back(b.load(state, {at, column}));
             addProducts(b, sums, left, valueTile, count, columns);
             for (auto [i, sum] : llvm::enumerate(sums))
               b.store(sum, state,
                       {left.rows[i / columns.size()],
                        columns[i % columns.size()]});
           }
         });
  if (op.getNormalise())
    addToSum(count);
  if (hides())
    noteSeen();
}

/// z += the sum of the features of the `count` keys in the tile.
void LinearEmitter::addToSum(Value count) {
  b.loop(b.index(0), b.index(features), b.index(1), [&](Value row) {
    auto step = [&](Value at, ValueRange sum) {
      Value x = arith::SelectOp::create(b, b.maskBelow(b.sub(count, at)),
                                        b.load(keyTile->features, {row, at}),
                                        b.splat(0.0f));
      return Values{arith::AddFOp::create(b, sum.front(), x)};
    };
    Value sum = b.loop(b.index(0), count, b.index(b.lanes),
                       ValueRange(b.splat(0.0f)), step)
                    .front();
    Value total =
        vector::ReductionOp::create(b, vector::CombiningKind::ADD, sum);
    Value old = memref::LoadOp::create(b, sumTile, ValueRange{b.index(0), row});
    memref::StoreOp::create(b, arith::AddFOp::create(b, old, total), sumTile,
                            ValueRange{b.index(0), row});
  });
}

/// f(q) z + eps for each of the `count` queries of the chunk.
void LinearEmitter::emitDivisors(Value count, Value depth) {
  float eps = op.getEps().convertToDouble();
  b.loop(b.index(0), count, b.index(panel()), [&](Value start) {
    Values columns, sums(vectors, b.splat(eps));
    for (int64_t v = 0; v < vectors; ++v)
      columns.push_back(b.add(start, b.index(v * b.lanes)));
    addProducts(b, sums, {sumTile, {b.index(0)}, /*transposed=*/false},
                queryTile->features, depth, columns);
    for (auto [sum, column] : llvm::zip(sums, columns))
      b.store(sum, divisorTile, {b.index(0), column});
  });
}

/// Writes the weights of the keys in the tiles that each row sees.
LinearEmitter::RowSums LinearEmitter::emitWeights(const Rows &rows) {
  bool scores = weighsScores();
  LeftFactor left{scores ? queryTile->inputs : queryTile->features,
                  rows.inChunk, /*transposed=*/true};
  Value right = scores ? keyTile->inputs : keyTile->features;
  Value depth = b.index(scores ? inputWidth() : features);
  Values zeros(hides() ? 2 * height : height, b.splat(0.0f));
  auto overPanel = [&](Value start, ValueRange totals) {
    Values columns, next(totals), sums(height * vectors, b.splat(0.0f));
    for (int64_t v = 0; v < vectors; ++v)
      columns.push_back(b.add(start, b.index(v * b.lanes)));
    addProducts(b, sums, left, right, depth, columns);
    for (auto [i, weight] : llvm::enumerate(sums)) {
      int64_t r = i / vectors;
      Value key = columns[i % vectors];
      if (scores) {
        Value rest =
            vector::FMAOp::create(b, weight, b.splat(0.5f), b.splat(1.0f));
        weight = vector::FMAOp::create(b, weight, rest, b.splat(1.0f));
      }
      Value visible = b.maskBelow(b.sub(rows.limits[r], key));
      if (hides()) {
        Value seen = arith::SelectOp::create(
            b, visible, b.load(seenTile, {b.index(0), key}), b.splat(0.0f));
        next[height + r] = arith::MaximumFOp::create(b, next[height + r], seen);
        visible = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, seen,
                                        b.splat(0.0f));
      }
      weight = arith::SelectOp::create(b, visible, weight, b.splat(0.0f));
      b.store(weight, weightTile, {b.index(r), key});
      next[r] = arith::AddFOp::create(b, next[r], weight);
    }
    return next;
  };
  Values all =
      b.loop(b.index(0), rows.keys, b.index(panel()), zeros, overPanel);
  RowSums sums;
  sums.weights.assign(all.begin(), all.begin() + height);
  sums.seen.assign(all.begin() + height, all.end());
  return sums;
}

/// Given the sums over the keys in the tiles, or none of them.
LinearEmitter::RowResult LinearEmitter::resultOf(const Rows &rows,
                                                 const RowSums &sums) {
  RowResult result;
  for (int64_t r = 0; r < height; ++r) {
    result.sees.push_back(seesKey(
        r < static_cast<int64_t>(sums.seen.size()) ? sums.seen[r] : Value()));
    if (!op.getNormalise())
      continue;
    Value divisor = memref::LoadOp::create(
        b, divisorTile, ValueRange{b.index(0), rows.inChunk[r]});
    if (!sums.weights.empty())
      divisor = arith::AddFOp::create(
          b, divisor,
          vector::ReductionOp::create(b, vector::CombiningKind::ADD,
                                      sums.weights[r]));
    result.factors.push_back(
        b.splat(arith::DivFOp::create(b, b.scalar(1.0f), divisor).getResult()));
  }
  return result;
}

/// Stores a vector of one row's result.
void LinearEmitter::storeRow(const Task &task, Value query, Value column,
                             Value sum, Value factor, Value sees) {
  if (factor)
    sum = arith::MulFOp::create(b, sum, factor);
  if (sees)
    sum = orEmpty(sees, sum, column);
  b.store(sum, task.output.operand,
          task.output.place(query, b.add(task.column, column)),
          b.maskBelow(b.sub(task.columns, column)));
}

void LinearEmitter::emitOutput(const Task &task, const Rows &rows,
                               const RowResult &result, Value depth) {
  LeftFactor weights{weightTile, {}, /*transposed=*/false};
  for (int64_t r = 0; r < height; ++r)
    weights.rows.push_back(b.index(r));
  for (const Values &columns : columnGroups()) {
    Values sums(height * columns.size(), b.splat(0.0f));
    addProducts(b, sums, {queryTile->features, rows.inChunk, true}, state,
                depth, columns);
    if (op.getCausal())
      addProducts(b, sums, weights, valueTile, rows.keys, columns);
    for (auto [i, sum] : llvm::enumerate(sums)) {
      size_t r = i / columns.size();
      storeRow(task, rows.queries[r], columns[i % columns.size()], sum,
               op.getNormalise() ? result.factors[r] : Value(), result.sees[r]);
    }
  }
}

} // namespace attune
