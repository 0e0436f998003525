// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/HeadTile.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITLINEARPASS
#include "passes/codegen/Passes.h.inc"

namespace {

/// One head of one batch item, and the value columns from `column` on.
struct Task {
  HeadSource query, key, value, output;
  Value column, columns; // the first, and how many there are
};

/// The rows of a chunk that are computed together.
struct Rows {
  Value first;                // in the chunk
  SmallVector<Value> inChunk; // past the end, the last one again
  SmallVector<Value> queries; // the same in the sequence
  Value keys;                 // of the chunk, that the last row sees
};

class LinearEmitter {
public:
  LinearEmitter(kernel::LinearAttentionOp op, int64_t lanes, int64_t height,
                int64_t vectors)
      : op(op), height(height), vectors(vectors), b(op, lanes) {}

  void emit();

private:
  /// Value columns of a task: more would crowd S out of the cache.
  static constexpr int64_t widestBlock = 64;

  using Columns = SmallVector<int64_t>;

  Value roundUp(Value value, int64_t to);
  void allocateTiles();
  Task locate(Value item);
  void emitTask(Value item);
  void emitUnseen(const Task &task, Value count);
  void emitChunk(const Task &task, Value first);
  void loadKeys(const Task &task, Value first, Value count);
  Rows loadQueries(const Task &task, Value chunkFirst, Value first, Value rows,
                   Value keys);
  void addToState(Value count);
  void addToSum(Value count);
  SmallVector<Value> emitWeights(const Rows &rows);
  SmallVector<Value> factors(const Rows &rows, ArrayRef<Value> sums);
  void emitOutput(const Task &task, const Rows &rows, ArrayRef<Value> factors);
  void addProducts(SmallVector<Value> &sums, Value left, Value right,
                   Value depth, Value leftRow, ArrayRef<int64_t> columns);
  SmallVector<Columns> columnGroups();

  int64_t panel() const { return vectors * b.lanes; }

  kernel::LinearAttentionOp op;
  int64_t height, vectors;
  VectorEmitter b;
  int64_t chunk, width, valueWidth, block;
  Value queries, keys, heads, keyHeads, valueHeads;
  Value skipped, before; // queries that see nothing; keys that all others see
  Value keyTile;         // width x chunk, transposed
  Value valueTile;       // chunk x block
  Value queryTile;       // height x width
  Value weightTile;      // height x chunk
  Value state, sumTile;  // width x block, 1 x width
};

} // namespace

Value LinearEmitter::roundUp(Value value, int64_t to) {
  return b.mul(b.ceilDiv(value, to), b.index(to));
}

void LinearEmitter::allocateTiles() {
  int64_t rows = llvm::alignTo(width, height);
  int64_t padded = llvm::alignTo(width, b.lanes);
  keyTile = makeTile(b, rows, chunk);
  valueTile = makeTile(b, chunk, block);
  queryTile = makeTile(b, height, padded);
  weightTile = makeTile(b, height, chunk);
  state = makeTile(b, rows, block);
  sumTile = makeTile(b, 1, padded);
  // Rows that only fill up a register tile are never loaded, but multiplied:
  // what lies on the stack may be slow to calculate with.
  for (int64_t row = width; row < rows; ++row)
    for (int64_t at = 0; at < chunk; at += b.lanes)
      b.store(b.splat(0.0f), keyTile, {b.index(row), b.index(at)});
}

Task LinearEmitter::locate(Value item) {
  Value blocks = b.index(llvm::divideCeil(valueWidth, block));
  Value batchHead = b.div(item, blocks);
  Value batch = b.div(batchHead, heads), head = b.rem(batchHead, heads);
  Value keyHead = b.div(head, b.div(heads, keyHeads));
  Value valueHead = b.div(head, b.div(heads, valueHeads));
  Task task;
  task.query = {op.getQuery(), op.getQueryLayout(), &op.getQueryMap(), batch,
                head};
  task.key = {op.getKey(), op.getKeyLayout(), &op.getKeyMap(), batch, keyHead};
  task.value = {op.getValue(), op.getValueLayout(), nullptr, batch, valueHead};
  task.output = {op.getInit().front(), op.getOutputLayout(), nullptr, batch,
                 head};
  task.column = b.mul(b.rem(item, blocks), b.index(block));
  task.columns = b.min(b.sub(b.index(valueWidth), task.column), b.index(block));
  return task;
}

void LinearEmitter::loadKeys(const Task &task, Value first, Value count) {
  TileExtent extent{b.index(width), count, roundUp(count, panel())};
  loadTile(b, keyTile, task.key, 2, extent, [&](Value row, Value column) {
    return std::pair(b.add(first, column), row);
  });
  extent = {count, task.columns, b.index(block)};
  loadTile(b, valueTile, task.value, 3, extent, [&](Value row, Value column) {
    return std::pair(b.add(first, row), b.add(task.column, column));
  });
}

Rows LinearEmitter::loadQueries(const Task &task, Value chunkFirst, Value first,
                                Value count, Value chunkKeys) {
  Rows rows;
  rows.first = first;
  Value last = b.sub(count, b.index(1));
  Value base = b.add(skipped, chunkFirst);
  for (int64_t r = 0; r < height; ++r) {
    rows.inChunk.push_back(b.min(b.add(first, b.index(r)), last));
    rows.queries.push_back(b.add(base, rows.inChunk.back()));
  }
  if (op.getCausal())
    rows.keys = b.min(chunkKeys, b.add(rows.inChunk.back(), b.index(1)));
  TileExtent extent{b.index(height), b.index(width),
                    b.index(llvm::alignTo(width, b.lanes))};
  loadTile(b, queryTile, task.query, 3, extent, [&](Value row, Value column) {
    return std::pair(b.add(base, b.min(b.add(first, row), last)), column);
  });
  return rows;
}

/// The vectors of a block's row, a register tile's at a time.
SmallVector<LinearEmitter::Columns> LinearEmitter::columnGroups() {
  SmallVector<Columns> groups;
  for (int64_t at = 0; at < block; at += panel()) {
    Columns &group = groups.emplace_back();
    for (int64_t v = at; v < std::min(at + panel(), block); v += b.lanes)
      group.push_back(v);
  }
  return groups;
}

/// sums[r, c] += sum over i < depth of left * right[i, c]. The left factor is
/// left[r, i], or left[leftRow + r, i] if that is given.
void LinearEmitter::addProducts(SmallVector<Value> &sums, Value left,
                                Value right, Value depth, Value leftRow,
                                ArrayRef<int64_t> columns) {
  SmallVector<Value> rows;
  for (int64_t r = 0; r < height; ++r)
    rows.push_back(leftRow ? b.add(leftRow, b.index(r)) : b.index(r));
  auto step = [&](Value i, ValueRange carried) {
    SmallVector<Value> vectors, next;
    for (int64_t column : columns)
      vectors.push_back(b.load(right, {i, b.index(column)}));
    for (int64_t r = 0; r < height; ++r) {
      Value factor =
          b.splat(memref::LoadOp::create(b, left, ValueRange{rows[r], i}));
      for (auto [c, vector] : llvm::enumerate(vectors))
        next.push_back(
            vector::FMAOp::create(b, factor, vector, carried[next.size()]));
    }
    return next;
  };
  sums = b.loop(b.index(0), depth, b.index(1), sums, step);
}

/// S += k^T v over the `count` keys in the tiles.
void LinearEmitter::addToState(Value count) {
  b.loop(b.index(0), b.index(llvm::alignTo(width, height)), b.index(height),
         [&](Value row) {
           for (const Columns &columns : columnGroups()) {
             SmallVector<Value> sums;
             for (int64_t r = 0; r < height; ++r)
               for (int64_t column : columns)
                 sums.push_back(
                     b.load(state, {b.add(row, b.index(r)), b.index(column)}));
             addProducts(sums, keyTile, valueTile, count, row, columns);
             for (auto [i, sum] : llvm::enumerate(sums))
               b.store(sum, state,
                       {b.add(row, b.index(i / columns.size())),
                        b.index(columns[i % columns.size()])});
           }
         });
  if (op.getNormalise())
    addToSum(count);
}

/// z += the sum of the `count` keys in the tile.
void LinearEmitter::addToSum(Value count) {
  b.loop(b.index(0), b.index(width), b.index(1), [&](Value row) {
    auto step = [&](Value at, ValueRange sum) {
      return SmallVector<Value>{
          arith::AddFOp::create(b, sum.front(), b.load(keyTile, {row, at}))};
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

/// Writes the weights of the chunk's own keys that each row sees, and returns
/// each row's sums of them, one a lane.
SmallVector<Value> LinearEmitter::emitWeights(const Rows &rows) {
  SmallVector<Value> zeros(height, b.splat(0.0f));
  auto overPanel = [&](Value start, ValueRange totals) {
    SmallVector<Value> sums(height * vectors, b.splat(0.0f));
    auto overWidth = [&](Value d, ValueRange carried) {
      SmallVector<Value> right, next;
      for (int64_t v = 0; v < vectors; ++v)
        right.push_back(
            b.load(keyTile, {d, b.add(start, b.index(v * b.lanes))}));
      for (int64_t r = 0; r < height; ++r) {
        Value left = b.splat(
            memref::LoadOp::create(b, queryTile, ValueRange{b.index(r), d}));
        for (int64_t v = 0; v < vectors; ++v)
          next.push_back(
              vector::FMAOp::create(b, left, right[v], carried[next.size()]));
      }
      return next;
    };
    sums = b.loop(b.index(0), b.index(width), b.index(1), sums, overWidth);
    SmallVector<Value> next(totals);
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        Value key = b.add(start, b.index(v * b.lanes));
        Value visible = b.min(b.add(rows.inChunk[r], b.index(1)), rows.keys);
        Value weight =
            arith::SelectOp::create(b, b.maskBelow(b.sub(visible, key)),
                                    sums[r * vectors + v], b.splat(0.0f));
        b.store(weight, weightTile, {b.index(r), key});
        next[r] = arith::AddFOp::create(b, next[r], weight);
      }
    return next;
  };
  return b.loop(b.index(0), rows.keys, b.index(panel()), zeros, overPanel);
}

/// What each row is multiplied by, given the sums of the chunk's own weights.
SmallVector<Value> LinearEmitter::factors(const Rows &rows,
                                          ArrayRef<Value> sums) {
  auto step = [&](Value at, ValueRange carried) {
    Value z = b.load(sumTile, {b.index(0), at});
    SmallVector<Value> next;
    for (int64_t r = 0; r < height; ++r)
      next.push_back(vector::FMAOp::create(
          b, b.load(queryTile, {b.index(r), at}), z, carried[r]));
    return next;
  };
  SmallVector<Value> totals =
      b.loop(b.index(0), b.index(llvm::alignTo(width, b.lanes)),
             b.index(b.lanes), sums, step);
  Value any =
      arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, keys, b.index(0));
  return llvm::map_to_vector(totals, [&](Value total) -> Value {
    Value sum =
        vector::ReductionOp::create(b, vector::CombiningKind::ADD, total);
    sum =
        arith::AddFOp::create(b, sum, b.scalar(op.getEps().convertToDouble()));
    Value inverse = arith::DivFOp::create(b, b.scalar(1.0f), sum);
    return b.splat(arith::SelectOp::create(b, any, inverse, b.scalar(0.0f)));
  });
}

void LinearEmitter::emitOutput(const Task &task, const Rows &rows,
                               ArrayRef<Value> factors) {
  for (const Columns &columns : columnGroups()) {
    SmallVector<Value> sums(height * columns.size(), b.splat(0.0f));
    addProducts(sums, queryTile, state, b.index(width), {}, columns);
    if (op.getCausal())
      addProducts(sums, weightTile, valueTile, rows.keys, {}, columns);
    for (auto [i, sum] : llvm::enumerate(sums)) {
      size_t r = i / columns.size();
      Value column = b.index(columns[i % columns.size()]);
      if (op.getNormalise())
        sum = arith::MulFOp::create(b, sum, factors[r]);
      b.store(sum, task.output.operand,
              task.output.place(rows.queries[r], b.add(task.column, column)),
              b.maskBelow(b.sub(task.columns, column)));
    }
  }
}

void LinearEmitter::emitChunk(const Task &task, Value first) {
  Value count = b.min(b.sub(b.sub(queries, skipped), first), b.index(chunk));
  Value chunkKeys = b.index(0);
  if (op.getCausal()) {
    Value firstKey = b.add(before, first);
    chunkKeys = b.max(b.min(b.sub(keys, firstKey), count), b.index(0));
    loadKeys(task, firstKey, chunkKeys);
  }
  b.loop(b.index(0), count, b.index(height), [&](Value row) {
    Rows rows = loadQueries(task, first, row, count, chunkKeys);
    SmallVector<Value> sums(height, b.splat(0.0f));
    if (op.getCausal())
      sums = emitWeights(rows);
    emitOutput(task, rows,
               op.getNormalise() ? factors(rows, sums) : SmallVector<Value>());
  });
  if (op.getCausal())
    addToState(chunkKeys);
}

/// Rows that see no key.
void LinearEmitter::emitUnseen(const Task &task, Value count) {
  b.loop(b.index(0), count, b.index(1), [&](Value row) {
    b.loop(b.index(0), task.columns, b.index(b.lanes), [&](Value column) {
      b.store(b.splat(0.0f), task.output.operand,
              task.output.place(row, b.add(task.column, column)),
              b.maskBelow(b.sub(task.columns, column)));
    });
  });
}

void LinearEmitter::emitTask(Value item) {
  Task task = locate(item);
  for (Value tile : {state, sumTile}) {
    auto type = cast<MemRefType>(tile.getType());
    b.loop(b.index(0), b.index(type.getDimSize(0)), b.index(1), [&](Value row) {
      for (int64_t at = 0; at < type.getDimSize(1); at += b.lanes)
        b.store(b.splat(0.0f), tile, {row, b.index(at)});
    });
  }
  b.loop(b.index(0), before, b.index(chunk), [&](Value first) {
    Value count = b.min(b.sub(before, first), b.index(chunk));
    loadKeys(task, first, count);
    addToState(count);
  });
  emitUnseen(task, skipped);
  b.loop(b.index(0), b.sub(queries, skipped), b.index(chunk),
         [&](Value first) { emitChunk(task, first); });
}

void LinearEmitter::emit() {
  heads = headSize(b, op.getQuery(), op.getQueryLayout(), 1);
  queries = headSize(b, op.getQuery(), op.getQueryLayout(), 2);
  keyHeads = headSize(b, op.getKey(), op.getKeyLayout(), 1);
  keys = headSize(b, op.getKey(), op.getKeyLayout(), 2);
  valueHeads = headSize(b, op.getValue(), op.getValueLayout(), 1);
  width = *getConstantIntValue(headSize(b, op.getKey(), op.getKeyLayout(), 3));
  valueWidth =
      *getConstantIntValue(headSize(b, op.getValue(), op.getValueLayout(), 3));
  block = std::min<int64_t>(llvm::alignTo(valueWidth, b.lanes), widestBlock);
  chunk = llvm::alignTo(64, panel());
  Value offset = op.getTopLeft() ? b.index(0) : b.sub(keys, queries);
  skipped = op.getCausal() ? b.max(b.sub(b.index(0), offset), b.index(0))
                           : b.index(0);
  before = op.getCausal() ? b.max(offset, b.index(0)) : keys;
  Value batches = headSize(b, op.getQuery(), op.getQueryLayout(), 0);
  Value tasks = b.mul(b.mul(batches, heads),
                      b.index(llvm::divideCeil(valueWidth, block)));
  b.parallel(
      tasks, b.index(1), [&](Value item) { emitTask(item); },
      [&] { allocateTiles(); });
  op.erase();
}

namespace {
struct EmitLinear : impl::EmitLinearPassBase<EmitLinear> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::LinearAttentionOp> ops;
    getOperation().walk(
        [&](kernel::LinearAttentionOp op) { ops.push_back(op); });
    for (kernel::LinearAttentionOp op : ops)
      LinearEmitter(op, lanes, rows, vectors).emit();
  }
};
} // namespace
} // namespace attune
