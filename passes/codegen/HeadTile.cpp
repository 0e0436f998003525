// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/HeadTile.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

SmallVector<Value> HeadSource::place(Value length, Value width) const {
  Value logical[] = {batch, head, length, width};
  return llvm::map_to_vector(layout, [&](int64_t dim) { return logical[dim]; });
}

Value headSize(VectorEmitter &b, Value operand, ArrayRef<int64_t> layout,
               int64_t dim) {
  return b.dim(operand, llvm::find(layout, dim) - layout.begin());
}

Value makeTile(VectorEmitter &b, int64_t rows, int64_t columns) {
  return memref::AllocaOp::create(
      b, MemRefType::get({rows, columns}, b.getF32Type()),
      b.getI64IntegerAttr(64));
}

void loadTile(VectorEmitter &b, Value tile, const HeadSource &source,
              int64_t columnDim, TileExtent extent,
              llvm::function_ref<std::pair<Value, Value>(Value, Value)> at) {
  bool contiguous = source.layout.back() == columnDim;
  auto indices = [&](Value row, Value column) {
    auto [length, width] = at(row, column);
    return source.place(length, width);
  };
  b.loop(b.index(0), extent.rows, b.index(1), [&](Value row) {
    if (!contiguous)
      b.loop(b.index(0), extent.columns, b.index(1), [&](Value column) {
        Value element =
            memref::LoadOp::create(b, source.operand, indices(row, column));
        memref::StoreOp::create(b, element, tile, ValueRange{row, column});
      });
    b.loop(b.index(0), extent.span, b.index(b.lanes), [&](Value column) {
      Value mask = b.maskBelow(b.sub(extent.columns, column));
      Value x = contiguous ? b.load(source.operand, indices(row, column), mask)
                           : b.load(tile, {row, column}, mask);
      b.store(arith::SelectOp::create(b, mask, x, b.splat(0.0f)), tile,
              {row, column});
    });
  });
}

/// In each step, the halves of runs of lanes change places between two vectors.
SmallVector<Value> transposed(VectorEmitter &b, SmallVector<Value> x) {
  int64_t lanes = b.lanes;
  for (int64_t run = 1; run < lanes; run *= 2)
    for (int64_t i = 0; i < lanes; ++i) {
      if (i & run)
        continue;
      SmallVector<int64_t> low, high;
      for (int64_t at = 0; at < lanes; ++at) {
        low.push_back(at & run ? lanes + at - run : at);
        high.push_back(at & run ? lanes + at : at + run);
      }
      Value left = x[i], right = x[i + run];
      x[i] = vector::ShuffleOp::create(b, left, right, low);
      x[i + run] = vector::ShuffleOp::create(b, left, right, high);
    }
  return x;
}

void loadTransposed(VectorEmitter &b, Value tile, const HeadSource &source,
                    int64_t width, Value first, Value count,
                    llvm::function_ref<Value(Value)> map) {
  Value zero = b.index(0), lanes = b.index(b.lanes);
  auto store = [&](Value x, Value row, Value column) {
    Value exists = b.maskBelow(b.sub(count, column));
    b.store(arith::SelectOp::create(b, exists, map(x), b.splat(0.0f)), tile,
            {row, column});
  };
  if (source.layout.back() != 3) {
    loadTile(b, tile, source, 2, {b.index(width), count, count},
             [&](Value row, Value column) {
               return std::pair(b.add(first, column), row);
             });
    b.loop(zero, b.index(width), b.index(1), [&](Value row) {
      b.loop(zero, count, lanes, [&](Value column) {
        store(b.load(tile, {row, column}), row, column);
      });
    });
    return;
  }
  Value last = b.sub(count, b.index(1));
  b.loop(zero, count, lanes, [&](Value column) {
    b.loop(zero, b.index(width), lanes, [&](Value row) {
      Value mask = width % b.lanes == 0
                       ? Value()
                       : b.maskBelow(b.sub(b.index(width), row));
      SmallVector<Value> block;
      for (int64_t lane = 0; lane < b.lanes; ++lane) {
        Value at = b.min(b.add(column, b.index(lane)), last);
        block.push_back(
            b.load(source.operand, source.place(b.add(first, at), row), mask));
      }
      for (auto [lane, x] : llvm::enumerate(transposed(b, block)))
        store(x, b.add(row, b.index(lane)), column);
    });
  });
}

void addProducts(VectorEmitter &b, SmallVector<Value> &sums,
                 const LeftFactor &left, Value right, Value depth,
                 ArrayRef<Value> columns) {
  auto step = [&](Value i, ValueRange carried) {
    SmallVector<Value> vectors, next;
    for (Value column : columns)
      vectors.push_back(b.load(right, {i, column}));
    for (Value row : left.rows) {
      SmallVector<Value> at = {row, i};
      if (left.transposed)
        std::swap(at[0], at[1]);
      Value factor = b.splat(memref::LoadOp::create(b, left.tile, at));
      for (Value vector : vectors)
        next.push_back(
            vector::FMAOp::create(b, factor, vector, carried[next.size()]));
    }
    return next;
  };
  sums = b.loop(b.index(0), depth, b.index(1), sums, step);
}

} // namespace attune
