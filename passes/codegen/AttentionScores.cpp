// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/AttentionEmitter.h"

using namespace mlir;

namespace attune {

/// Transposes every head's keys into panels; missing keys become zeros.
void AttentionEmitter::emitPacking() {
  Value panels = b.dim(packed, 1);
  Value count = b.mul(b.dim(packed, 0), panels);
  b.parallel(count, b.index(1), [&](Value task) {
    Value head = b.div(task, panels), index = b.rem(task, panels);
    Value first = b.mul(index, b.index(panel()));
    b.loop(b.index(0), b.index(panel()), b.index(1), [&](Value lane) {
      Value key = b.add(first, lane);
      Value exists =
          arith::CmpIOp::create(b, arith::CmpIPredicate::slt, key, keys);
      Value bounded = b.min(key, b.sub(keys, b.index(1)));
      b.loop(b.index(0), width, b.index(1), [&](Value d) {
        Value element = memref::LoadOp::create(
            b, op.getKey(),
            place(op.getKeyLayout(), b.div(head, keyHeads),
                  b.rem(head, keyHeads), bounded, d));
        Value kept =
            arith::SelectOp::create(b, exists, element, b.scalar(0.0f));
        memref::StoreOp::create(b, kept, packed,
                                ValueRange{head, index, d, lane});
      });
    });
  });
}

/// Scale, region and mask on the vector of raw scores that starts at `key`.
Value AttentionEmitter::maskedScore(const Block &block, unsigned row, Value key,
                                    Value sum) {
  Value scale = b.splat(op.getScale().convertToDouble());
  Value score = arith::MulFOp::create(b, sum, scale);
  SmallVector<Value> arguments = {score};
  Value positions[] = {block.batch, block.head, block.rows[row], key};
  Value inRange = b.maskBelow(b.sub(keys, key));
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
        alongKeys ? b.load(capture, indices, inRange)
                  : memref::LoadOp::create(b, capture, indices).getResult());
  }
  score = b.inlineOnVectors(op.getScore().front(), arguments).front();
  Value visible = b.maskBelow(b.sub(block.limits[row], key));
  if (mask.hidesSome())
    visible = arith::AndIOp::create(
        b, visible, mask.visible(b.add(block.rows[row], block.offset), key));
  Value none = b.splat(-std::numeric_limits<float>::infinity());
  return arith::SelectOp::create(b, visible, score, none);
}

/// Raw scores of a panel of packed keys, `vectors` of them for each row.
SmallVector<Value> AttentionEmitter::scoresOfPanel(const Block &block,
                                                   Value start) {
  Value index = b.div(start, b.index(panel()));
  SmallVector<Value> zeros(height * vectors, b.splat(0.0f));
  return b.loop(
      b.index(0), width, b.index(1), zeros, [&](Value d, ValueRange sums) {
        SmallVector<Value> right, next;
        for (int64_t v = 0; v < vectors; ++v)
          right.push_back(
              b.load(packed, {block.packed, index, d, b.index(v * b.lanes)}));
        for (int64_t r = 0; r < height; ++r) {
          Value left = b.splat(
              memref::LoadOp::create(b, op.getQuery(),
                                     place(op.getQueryLayout(), block.batch,
                                           block.head, block.rows[r], d)));
          for (int64_t v = 0; v < vectors; ++v)
            next.push_back(vector::FMAOp::create(b, left, right[v],
                                                 sums[r * vectors + v]));
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

/// Raw scores of `lanes` keys for each row, from the rows of the keys.
SmallVector<Value> AttentionEmitter::scoresOfRows(const Block &block,
                                                  Value start, Value last) {
  SmallVector<Column> columns = columnsOf(width);
  SmallVector<SmallVector<Value>> products(height);
  for (int64_t k = 0; k < b.lanes; ++k) {
    // Past the end the last key again; its score is masked.
    Value key = b.min(b.add(start, b.index(k)), b.sub(last, b.index(1)));
    SmallVector<Value> sums(height);
    for (auto [c, column] : llvm::enumerate(columns)) {
      Value right = b.load(op.getKey(),
                           place(op.getKeyLayout(), block.batch, block.keyHead,
                                 key, column.first),
                           column.second);
      for (int64_t r = 0; r < height; ++r) {
        Value left = queryRows[r * columns.size() + c];
        sums[r] =
            sums[r] ? vector::FMAOp::create(b, left, right, sums[r]).getResult()
                    : arith::MulFOp::create(b, left, right).getResult();
      }
    }
    for (int64_t r = 0; r < height; ++r)
      products[r].push_back(sums[r]);
  }
  return llvm::map_to_vector(products, [&](const SmallVector<Value> &rows) {
    return sumRows(b, rows);
  });
}

/// Writes the scores of keys [first, last) and returns each row's maxima, one
/// a lane.
SmallVector<Value> AttentionEmitter::emitScores(const Block &block, Value first,
                                                Value last) {
  SmallVector<Value> lowest(height,
                            b.splat(-std::numeric_limits<float>::infinity()));
  int64_t count = panel() / b.lanes;
  return b.loop(first, last, b.index(panel()), lowest,
                [&](Value start, ValueRange maxima) {
                  SmallVector<Value> sums =
                      fromRows ? scoresOfRows(block, start, last)
                               : scoresOfPanel(block, start);
                  SmallVector<Value> next(maxima);
                  for (int64_t r = 0; r < height; ++r)
                    for (int64_t v = 0; v < count; ++v) {
                      Value key = b.add(start, b.index(v * b.lanes));
                      Value score =
                          maskedScore(block, r, key, sums[r * count + v]);
                      b.store(score, scores, {b.index(r), b.sub(key, first)});
                      // What is no number shows in its weight.
                      next[r] = b.larger(score, next[r]);
                    }
                  return next;
                });
}

} // namespace attune
