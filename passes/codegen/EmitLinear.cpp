// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/LinearEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITLINEARPASS
#include "passes/codegen/Passes.h.inc"

using kernel::FeatureKind;

/// Bytes on the stack that a tile of features, and S, should not exceed.
static constexpr int64_t largestTile = 256 * 1024, largestState = 1024 * 1024;
/// Positions of a chunk, and value columns of a task: more would crowd S out of
/// the cache.
static constexpr int64_t widestChunk = 64, widestBlock = 64;

static int64_t staticWidth(VectorEmitter &b, Value operand,
                           ArrayRef<int64_t> layout) {
  return *getConstantIntValue(headSize(b, operand, layout, 3));
}

LinearEmitter::LinearEmitter(kernel::LinearAttentionOp op, int64_t lanes,
                             int64_t height, int64_t vectors)
    : op(op), height(height), b(op, lanes) {
  heads = headSize(b, op.getQuery(), op.getQueryLayout(), 1);
  queries = headSize(b, op.getQuery(), op.getQueryLayout(), 2);
  keyHeads = headSize(b, op.getKey(), op.getKeyLayout(), 1);
  keys = headSize(b, op.getKey(), op.getKeyLayout(), 2);
  valueHeads = headSize(b, op.getValue(), op.getValueLayout(), 1);
  valueWidth = staticWidth(b, op.getValue(), op.getValueLayout());
  FeatureSpec query{op.getQueryKind(), op.getQueryProjection(),
                    &op.getQueryMap(), op.getQueryScale().convertToDouble(),
                    staticWidth(b, op.getQuery(), op.getQueryLayout())};
  FeatureSpec key{op.getKeyKind(), op.getKeyProjection(), &op.getKeyMap(),
                  op.getKeyScale().convertToDouble(),
                  staticWidth(b, op.getKey(), op.getKeyLayout())};
  features = key.features();
  inputWidth = key.width;
  chunk = llvm::alignTo(widestChunk, vectors * lanes);
  while (chunk > lanes && chunk * features * 4 > largestTile)
    chunk /= 2;
  chunk = llvm::alignTo(chunk, lanes);
  this->vectors = std::min(vectors, chunk / lanes);
  int64_t room = llvm::alignDown(largestState / (4 * features), lanes);
  block = std::min({static_cast<int64_t>(llvm::alignTo(valueWidth, lanes)),
                    widestBlock, std::max(room, lanes)});
  queryTile.emplace(b, query, height, this->vectors, chunk);
  keyTile.emplace(b, key, height, this->vectors, chunk);
}

void LinearEmitter::allocateTiles() {
  queryTile->allocate();
  keyTile->allocate();
  valueTile = makeTile(b, chunk, block);
  weightTile = makeTile(b, height, chunk);
  state = makeTile(b, llvm::alignTo(features, height), block);
  sumTile = makeTile(b, 1, features);
  divisorTile = makeTile(b, 1, chunk);
}

LinearEmitter::Task LinearEmitter::locate(Value item) {
  Value blocks = b.index(llvm::divideCeil(valueWidth, block));
  Value batchHead = b.div(item, blocks);
  Value batch = b.div(batchHead, heads), head = b.rem(batchHead, heads);
  Value keyHead = b.div(head, b.div(heads, keyHeads));
  Value valueHead = b.div(head, b.div(heads, valueHeads));
  Task task;
  task.query = {op.getQuery(), op.getQueryLayout(), batch, head};
  task.key = {op.getKey(), op.getKeyLayout(), batch, keyHead};
  task.value = {op.getValue(), op.getValueLayout(), batch, valueHead};
  task.output = {op.getInit().front(), op.getOutputLayout(), batch, head};
  task.column = b.mul(b.rem(item, blocks), b.index(block));
  task.columns = b.min(b.sub(b.index(valueWidth), task.column), b.index(block));
  return task;
}

void LinearEmitter::loadKeys(const Task &task, Value first, Value count) {
  keyTile->load(task.key, first, count);
  TileExtent extent{count, task.columns, b.index(block)};
  loadTile(b, valueTile, task.value, 3, extent, [&](Value row, Value column) {
    return std::pair(b.add(first, row), b.add(task.column, column));
  });
}

/// The rows from `first` on that are computed together, of `count` in a chunk
/// that holds `chunkKeys` keys of its own.
LinearEmitter::Rows LinearEmitter::rowsFrom(Value chunkFirst, Value first,
                                            Value count, Value chunkKeys) {
  Rows rows;
  Value last = b.sub(count, b.index(1));
  Value base = b.add(skipped, chunkFirst);
  for (int64_t r = 0; r < height; ++r) {
    rows.inChunk.push_back(b.min(b.add(first, b.index(r)), last));
    rows.queries.push_back(b.add(base, rows.inChunk.back()));
  }
  rows.keys = b.min(chunkKeys, b.add(rows.inChunk.back(), b.index(1)));
  return rows;
}

void LinearEmitter::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, condition, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
}

/// A chunk's own keys come after those in S. The first chunk finds nothing
/// there, and the last one leaves nothing: short sequences are computed from
/// their weights alone.
void LinearEmitter::emitCausalChunk(const Task &task, Value first) {
  Value left = b.sub(b.sub(queries, skipped), first);
  Value count = b.min(left, b.index(chunk));
  Value firstKey = b.add(before, first);
  Value chunkKeys = b.max(b.min(b.sub(keys, firstKey), count), b.index(0));
  auto above = [&](Value value, int64_t limit) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, value,
                                 b.index(limit));
  };
  Value hasState = above(firstKey, 0), goesOn = above(left, chunk);
  Value depth =
      arith::SelectOp::create(b, hasState, b.index(features), b.index(0));
  queryTile->load(task.query, b.add(skipped, first), count);
  auto makeKeys = [&] { keyTile->make(chunkKeys, task.largest); };
  auto makeQueries = [&] { queryTile->make(count, {}); };
  when(above(chunkKeys, 0), [&] { loadKeys(task, firstKey, chunkKeys); });
  if (weighsScores()) {
    when(hasState, makeQueries);
  } else {
    makeQueries();
    makeKeys();
  }
  emitRows(task, first, count, chunkKeys, depth);
  when(goesOn, [&] {
    if (weighsScores())
      makeKeys();
    addToState(chunkKeys);
  });
}

void LinearEmitter::emitChunk(const Task &task, Value first) {
  Value count = b.min(b.sub(queries, first), b.index(chunk));
  queryTile->load(task.query, first, count);
  queryTile->make(count, {});
  emitRows(task, first, count, b.index(0), b.index(features));
}

void LinearEmitter::emitRows(const Task &task, Value chunkFirst, Value count,
                             Value chunkKeys, Value depth) {
  if (op.getNormalise())
    emitDivisors(count, depth);
  b.loop(b.index(0), count, b.index(height), [&](Value row) {
    Rows rows = rowsFrom(chunkFirst, row, count, chunkKeys);
    SmallVector<Value> sums;
    if (op.getCausal())
      sums = emitWeights(rows);
    SmallVector<Value> factors;
    if (op.getNormalise())
      factors = emitFactors(rows, sums);
    emitOutput(task, rows, factors, depth);
  });
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

/// The largest exponent of all keys of the head. A constant that was fixed
/// before, or that grew with the keys, would give other results where features
/// are as small as `eps`; the pass over the keys costs a fifth of the time.
Value LinearEmitter::largestExponent(const Task &task) {
  Value lowest = b.splat(std::numeric_limits<float>::lowest());
  Value lanes = b.loop(b.index(0), keys, b.index(chunk), ValueRange(lowest),
                       [&](Value first, ValueRange carried) {
                         Value count =
                             b.min(b.sub(keys, first), b.index(chunk));
                         keyTile->load(task.key, first, count);
                         return SmallVector<Value>{
                             keyTile->maximum(count, carried.front())};
                       })
                    .front();
  return vector::ReductionOp::create(b, vector::CombiningKind::MAXIMUMF, lanes);
}

void LinearEmitter::emitTask(Value item) {
  Task task = locate(item);
  if (op.getKeyKind() == FeatureKind::keys)
    task.largest = largestExponent(task);
  b.loop(b.index(0), b.index(llvm::alignTo(features, height)), b.index(1),
         [&](Value row) {
           for (int64_t at = 0; at < block; at += b.lanes)
             b.store(b.splat(0.0f), state, {row, b.index(at)});
         });
  b.loop(b.index(0), b.index(features), b.index(1), [&](Value at) {
    memref::StoreOp::create(b, b.scalar(0.0f), sumTile,
                            ValueRange{b.index(0), at});
  });
  b.loop(b.index(0), before, b.index(chunk), [&](Value first) {
    Value count = b.min(b.sub(before, first), b.index(chunk));
    loadKeys(task, first, count);
    keyTile->make(count, task.largest);
    addToState(count);
  });
  emitUnseen(task, skipped);
  b.loop(b.index(0), b.sub(queries, skipped), b.index(chunk), [&](Value first) {
    if (op.getCausal())
      emitCausalChunk(task, first);
    else
      emitChunk(task, first);
  });
}

void LinearEmitter::emit() {
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
