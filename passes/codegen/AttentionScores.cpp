// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/AttentionEmitter.h"

using namespace mlir;

namespace attune {

/// The score region on the vector of scaled scores that starts at `key`.
Value AttentionEmitter::regionOf(const Task &task, const Tile &tile,
                                 unsigned row, Value key, Value score) {
  SmallVector<Value> arguments = {score};
  Value positions[] = {task.batch, task.head, tile.rows[row], key};
  for (auto [capture, map] :
       llvm::zip(op.getCaptures(),
                 op.getCaptureMaps().getAsValueRange<AffineMapAttr>())) {
    SmallVector<Value> indices;
    bool alongKeys = false;
    for (AffineExpr result : map.getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      indices.push_back(dim ? positions[dim.getPosition()] : b.index(0));
      alongKeys |= dim && dim.getPosition() == 3;
    }
    arguments.push_back(
        alongKeys ? b.load(capture, indices, b.maskBelow(b.sub(keys, key)))
                  : memref::LoadOp::create(b, capture, indices).getResult());
  }
  return b.inlineOnVectors(op.getScore().front(), arguments).front();
}

/// `score` where a key is seen, what weighs nothing elsewhere.
Value AttentionEmitter::hidden(const Task &task, const Tile &tile, unsigned row,
                               MaskEmitter::Range seen, Value key,
                               Value score) {
  Value visible = b.maskBelow(b.sub(b.min(tile.limits[row], seen.high), key));
  auto also = [&](Value other) {
    visible = arith::AndIOp::create(b, visible, other);
  };
  if (op.getKeyBlock() && *op.getKeyBlock() % panel() != 0) {
    Value before = b.maskBelow(b.sub(seen.low, key));
    also(arith::XOrIOp::create(
        b, before, b.splat(arith::ConstantIntOp::create(b, b.getI1Type(), 1))));
  }
  if (mask.hidesSome())
    also(mask.visible(b.add(tile.rows[row], task.offset), key));
  return arith::SelectOp::create(b, visible, score, b.splat(hiddenScore()));
}

/// Whether the tile sees all keys of the panels from `start` on: then none is
/// asked for.
Value AttentionEmitter::isWhollySeen(const Task &task, const Tile &tile,
                                     MaskEmitter::Range seen, Value start) {
  Value zero = b.index(0);
  auto is = [&](arith::CmpIPredicate how, Value left, Value right) -> Value {
    return arith::CmpIOp::create(b, how, left, right);
  };
  Value whole = is(arith::CmpIPredicate::eq,
                   b.rem(b.sub(seen.high, start), b.index(panel())), zero);
  auto also = [&](Value other) {
    whole = b.createOrFold<arith::AndIOp>(whole, other);
  };
  also(is(arith::CmpIPredicate::sle, seen.high, tile.limits.front()));
  if (op.getKeyBlock() && *op.getKeyBlock() % panel() != 0)
    also(is(arith::CmpIPredicate::eq, start, seen.low));
  if (mask.hidesSome())
    also(mask.showsAll(b.add(tile.rows.front(), task.offset),
                       b.add(tile.rows.back(), task.offset),
                       {start, seen.high}));
  return whole;
}

/// An element of a query times scale.
Value AttentionEmitter::queryElement(const Task &task, const Tile &tile,
                                     unsigned row, Value column) {
  if (queryTile)
    return memref::LoadOp::create(
        b, queryTile, ValueRange{b.add(tile.local, b.index(row)), column});
  Value element =
      memref::LoadOp::create(b, op.getQuery(),
                             place(op.getQueryLayout(), task.batch, task.head,
                                   tile.rows[row], column));
  return arith::MulFOp::create(b, element,
                               b.scalar(op.getScale().convertToDouble()));
}

/// Scores of a panel of packed keys, `vectors` of them for each row.
SmallVector<Value> AttentionEmitter::scoresOfPanel(const Task &task,
                                                   const Tile &tile,
                                                   Value start) {
  Value index = b.div(start, b.index(panel()));
  SmallVector<Value> zeros(height * vectors, b.splat(0.0f));
  return b.loop(
      b.index(0), width, b.index(1), zeros, [&](Value d, ValueRange before) {
        SmallVector<Value> right, next;
        for (int64_t v = 0; v < vectors; ++v)
          right.push_back(b.load(
              packedKeys, {task.packedKeys, index, d, b.index(v * b.lanes)}));
        for (int64_t r = 0; r < height; ++r) {
          Value left = b.splat(queryElement(task, tile, r, d));
          for (int64_t v = 0; v < vectors; ++v)
            next.push_back(vector::FMAOp::create(b, left, right[v],
                                                 before[r * vectors + v]));
        }
        return next;
      });
}

/// Sums of the elements of each of `rows`, one a lane: halves are added until
/// one is left.
static Value sumRows(VectorEmitter &b, SmallVector<Value> rows) {
  int64_t lanes = b.lanes;
  // After each step a vector holds partial sums of twice as many rows, in runs
  // of `run` lanes: those of its left and right rows in turn.
  for (int64_t run = lanes / 2; run >= 1; run /= 2) {
    SmallVector<Value> next;
    size_t half = rows.size() / 2;
    for (size_t i = 0; i < half; ++i) {
      SmallVector<int64_t> low, high;
      for (int64_t at = 0; at < lanes; at += 2 * run)
        for (int64_t from : {at, lanes + at})
          for (int64_t k = 0; k < run; ++k) {
            low.push_back(from + k);
            high.push_back(from + run + k);
          }
      Value left = rows[i], right = rows[i + half];
      next.push_back(arith::AddFOp::create(
          b, vector::ShuffleOp::create(b, left, right, low),
          vector::ShuffleOp::create(b, left, right, high)));
    }
    rows = next;
  }
  return rows.front();
}

/// Scores of `lanes` keys for each row, from the rows of the keys.
SmallVector<Value> AttentionEmitter::scoresOfRows(const Task &task, Value start,
                                                  Value last) {
  SmallVector<Column> columns = columnsOf(width);
  SmallVector<SmallVector<Value>> products(height);
  for (int64_t k = 0; k < b.lanes; ++k) {
    // Past the end the last key again; its score is hidden.
    Value key = b.min(b.add(start, b.index(k)), b.sub(last, b.index(1)));
    SmallVector<Value> rows(height);
    for (auto [c, column] : llvm::enumerate(columns)) {
      Value right = b.load(
          op.getKey(),
          place(op.getKeyLayout(), task.batch, task.keyHead, key, column.first),
          column.second);
      for (int64_t r = 0; r < height; ++r) {
        Value left = queryRows[r * columns.size() + c];
        rows[r] =
            rows[r] ? vector::FMAOp::create(b, left, right, rows[r]).getResult()
                    : arith::MulFOp::create(b, left, right).getResult();
      }
    }
    for (int64_t r = 0; r < height; ++r)
      products[r].push_back(rows[r]);
  }
  return llvm::map_to_vector(products, [&](const SmallVector<Value> &rows) {
    return sumRows(b, rows);
  });
}

/// Writes the scores of keys from `start` on and returns the outermost of each
/// row, one a lane.
SmallVector<Value> AttentionEmitter::emitScores(const Task &task,
                                                const Tile &tile,
                                                MaskEmitter::Range seen,
                                                Value start, bool tested) {
  SmallVector<Value> lowest(height, b.splat(hiddenScore()));
  int64_t count = panel() / b.lanes;
  return b.loop(start, seen.high, b.index(panel()), lowest,
                [&](Value first, ValueRange before) {
                  SmallVector<Value> all =
                      fromRows ? scoresOfRows(task, first, seen.high)
                               : scoresOfPanel(task, tile, first);
                  SmallVector<Value> next(before);
                  for (int64_t r = 0; r < height; ++r)
                    for (int64_t v = 0; v < count; ++v) {
                      Value key = b.add(first, b.index(v * b.lanes));
                      Value score =
                          regionOf(task, tile, r, key, all[r * count + v]);
                      if (tested)
                        score = hidden(task, tile, r, seen, key, score);
                      b.store(score, scores, {b.index(r), b.sub(key, start)});
                      next[r] = outermost(score, next[r]);
                    }
                  return next;
                });
}

} // namespace attune
