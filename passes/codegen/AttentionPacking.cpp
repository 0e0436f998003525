// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/AttentionEmitter.h"
#include "passes/codegen/HeadTile.h"

using namespace mlir;

namespace attune {

/// One head of `operand`, the `index`-th of all batch items.
static HeadSource headAt(VectorEmitter &b, Value operand,
                         ArrayRef<int64_t> layout, Value index, Value heads) {
  return {operand, layout, b.div(index, heads), b.rem(index, heads)};
}

/// Transposes every head's keys into panels; in the place of missing keys
/// stands the last one.
void AttentionEmitter::packKeys() {
  Value panels = b.dim(packedKeys, 1);
  Value count = b.mul(b.dim(packedKeys, 0), panels);
  std::optional<int64_t> known = getConstantIntValue(width);
  bool byVectors = known && op.getKeyLayout().back() == 3;
  b.parallel(count, b.index(1), [&](Value task) {
    Value head = b.div(task, panels), index = b.rem(task, panels);
    HeadSource source =
        headAt(b, op.getKey(), op.getKeyLayout(), head, keyHeads);
    Value first = b.mul(index, b.index(panel()));
    auto keyAt = [&](Value lane) {
      return b.min(b.add(first, lane), b.sub(keys, b.index(1)));
    };
    if (!byVectors) {
      b.loop(b.index(0), b.index(panel()), b.index(1), [&](Value lane) {
        b.loop(b.index(0), width, b.index(1), [&](Value d) {
          Value element = memref::LoadOp::create(b, op.getKey(),
                                                 source.place(keyAt(lane), d));
          memref::StoreOp::create(b, element, packedKeys,
                                  ValueRange{head, index, d, lane});
        });
      });
      return;
    }
    for (int64_t lane = 0; lane < panel(); lane += b.lanes)
      for (auto [column, mask] : columnsOf(width)) {
        SmallVector<Value> rows;
        for (int64_t k = 0; k < b.lanes; ++k)
          rows.push_back(b.load(op.getKey(),
                                source.place(keyAt(b.index(lane + k)), column),
                                mask));
        int64_t d = *getConstantIntValue(column);
        rows = transposed(b, rows);
        rows.truncate(std::min(b.lanes, *known - d));
        for (Value row : rows)
          b.store(row, packedKeys, {head, index, b.index(d++), b.index(lane)});
      }
  });
}

/// Puts columns of values that are taken together side by side; missing columns
/// become zeros.
void AttentionEmitter::packValues() {
  // Keys of one task: about a page.
  constexpr int64_t rows = 64;
  Value panels = b.dim(packedValues, 1);
  Value parts = b.ceilDiv(keys, rows);
  Value count = b.mul(b.dim(packedValues, 0), parts);
  bool byVectors = op.getValueLayout().back() == 3;
  b.parallel(count, b.index(1), [&](Value task) {
    Value head = b.div(task, parts);
    Value first = b.mul(b.rem(task, parts), b.index(rows));
    HeadSource source =
        headAt(b, op.getValue(), op.getValueLayout(), head, valueHeads);
    Value last = b.min(b.add(first, b.index(rows)), keys);
    auto column = [&](Value index, int64_t lane) {
      return b.add(b.mul(index, b.index(panel())), b.index(lane));
    };
    b.loop(first, last, b.index(1), [&](Value key) {
      b.loop(b.index(0), panels, b.index(1), [&](Value index) {
        for (int64_t lane = 0; lane < panel();
             lane += byVectors ? b.lanes : 1) {
          Value at = column(index, lane);
          SmallVector<Value> to = {head, index, key, b.index(lane)};
          if (byVectors) {
            Value mask = b.maskBelow(b.sub(valueWidth, at));
            // A vector that lies behind the row reads none of it.
            Value from = b.min(at, b.sub(valueWidth, b.index(1)));
            b.store(b.load(op.getValue(), source.place(key, from), mask),
                    packedValues, to);
            continue;
          }
          Value from = b.min(at, b.sub(valueWidth, b.index(1)));
          Value element =
              memref::LoadOp::create(b, op.getValue(), source.place(key, from));
          Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, at,
                                               valueWidth);
          memref::StoreOp::create(
              b, arith::SelectOp::create(b, exists, element, b.scalar(0.0f)),
              packedValues, to);
        }
      });
    });
  });
}

void AttentionEmitter::emitPacking() {
  packKeys();
  packValues();
}

} // namespace attune
