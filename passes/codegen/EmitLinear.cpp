// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/LinearEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITLINEARPASS
#include "passes/codegen/Passes.h.inc"

using kernel::FeatureKind;
using kernel::LinearTiles;

static int64_t staticWidth(VectorEmitter &b, Value operand,
                           ArrayRef<int64_t> layout) {
  return *getConstantIntValue(headSize(b, operand, layout, 3));
}

static LinearTiles tilesOf(const FeatureSpec &query, const FeatureSpec &key,
                           int64_t valueWidth,
                           const kernel::RegisterTile &target) {
  auto isElements = [](const FeatureSpec &spec) {
    return spec.kind == FeatureKind::elements && !spec.projection;
  };
  return LinearTiles({query.width, key.width, valueWidth, key.features(),
                      isElements(query), isElements(key)},
                     target);
}

LinearEmitter::LinearEmitter(kernel::LinearAttentionOp op,
                             const kernel::RegisterTile &target)
    : op(op), height(target.height), b(op, target.lanes),
      query{op.getQueryKind(), op.getQueryProjection(), &op.getQueryMap(),
            op.getQueryScale().convertToDouble(),
            staticWidth(b, op.getQuery(), op.getQueryLayout())},
      key{op.getKeyKind(), op.getKeyProjection(), &op.getKeyMap(),
          op.getKeyScale().convertToDouble(),
          staticWidth(b, op.getKey(), op.getKeyLayout())},
      tiles(tilesOf(query, key,
                    staticWidth(b, op.getValue(), op.getValueLayout()),
                    target)),
      chunk(tiles.chunk), block(tiles.block), vectors(tiles.vectors),
      features(key.features()),
      valueWidth(staticWidth(b, op.getValue(), op.getValueLayout())) {
  heads = headSize(b, op.getQuery(), op.getQueryLayout(), 1);
  queries = headSize(b, op.getQuery(), op.getQueryLayout(), 2);
  keyHeads = headSize(b, op.getKey(), op.getKeyLayout(), 1);
  keys = headSize(b, op.getKey(), op.getKeyLayout(), 2);
  valueHeads = headSize(b, op.getValue(), op.getValueLayout(), 1);
  queryTile.emplace(b, query, height, vectors, chunk);
  keyTile.emplace(b, key, height, vectors, chunk);
}

Value LinearEmitter::view(const LinearTiles::Tile &tile, Value base) {
  return memref::ViewOp::create(
      b, MemRefType::get({tile.rows, tile.columns}, b.getF32Type()),
      op.getInit()[1], b.add(base, b.index(tile.offset)), ValueRange());
}

void LinearEmitter::placeTiles(Value range) {
  Value base = b.mul(range, b.index(tiles.bytes));
  auto place = [&](FeatureTile &tile, const LinearTiles::Tile &inputs,
                   const LinearTiles::Tile &features) {
    Value first = view(inputs, base);
    tile.place(first,
               features.offset == inputs.offset ? first : view(features, base));
  };
  place(*queryTile, tiles.queryInputs, tiles.queryFeatures);
  place(*keyTile, tiles.keyInputs, tiles.keyFeatures);
  valueTile = view(tiles.values, base);
  weightTile = view(tiles.weights, base);
  state = view(tiles.state, base);
  sumTile = view(tiles.sums, base);
  divisorTile = view(tiles.divisors, base);
  seenTile = view(tiles.seen, base);
  anyTile = view(tiles.any, base);
  meanTile = view(tiles.mean, base);
  resultTile = view(tiles.results, base);
  rowSumTile = view(tiles.rowSums, base);
  rowSeenTile = view(tiles.rowSeen, base);
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
  if (hides()) {
    loadSeen(task, first, count);
    hideValues(count);
  }
}

void LinearEmitter::makeKeys(const Task &task, Value count) {
  keyTile->make(count, task.largest);
  if (hides())
    hideKeys(count);
}

/// The rows from `first` on that are computed together.
LinearEmitter::Rows LinearEmitter::rowsFrom(const Chunk &chunk, Value first) {
  Rows rows;
  Value last = b.sub(chunk.count, b.index(1));
  for (int64_t r = 0; r < height; ++r) {
    Value row = b.min(b.add(first, b.index(r)), last);
    rows.inChunk.push_back(row);
    rows.queries.push_back(b.add(chunk.first, row));
    rows.limits.push_back(b.min(chunk.keys, b.add(row, b.index(1))));
  }
  rows.keys = rows.limits.back();
  return rows;
}

void LinearEmitter::when(Value condition, llvm::function_ref<void()> body,
                         llvm::function_ref<void()> otherwise) {
  auto branch = scf::IfOp::create(b, condition, static_cast<bool>(otherwise));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  body();
  if (!otherwise)
    return;
  b.setInsertionPointToStart(branch.elseBlock());
  otherwise();
}

Value LinearEmitter::isAbove(Value value, int64_t limit) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, value,
                               b.index(limit));
}

/// A chunk's own keys come after those in S. The first chunk finds nothing
/// there, and the last one leaves nothing: short sequences are computed from
/// their weights alone, unless there is a state before or after them.
void LinearEmitter::emitCausalChunk(const Task &task, Value first) {
  Value left = b.sub(b.sub(queries, skipped), first);
  Value count = b.min(left, b.index(chunk));
  Value firstKey = b.add(before, first);
  Value chunkKeys = b.max(b.min(b.sub(keys, firstKey), count), b.index(0));
  Value always = arith::ConstantOp::create(b, b.getBoolAttr(true));
  Value hasState = op.getPastState() ? always : isAbove(firstKey, 0);
  Value goesOn = keepsState() ? always : isAbove(left, chunk);
  Value depth =
      arith::SelectOp::create(b, hasState, b.index(features), b.index(0));
  Value firstQuery = b.add(skipped, first);
  queryTile->load(task.query, firstQuery, count);
  auto makeQueries = [&] { queryTile->make(count, {}); };
  when(isAbove(chunkKeys, 0), [&] { loadKeys(task, firstKey, chunkKeys); });
  if (weighsScores()) {
    when(hasState, makeQueries);
  } else {
    makeQueries();
    makeKeys(task, chunkKeys);
  }
  emitRows(task, {firstQuery, count, chunkKeys, depth});
  when(goesOn, [&] {
    if (weighsScores())
      makeKeys(task, chunkKeys);
    addToState(chunkKeys);
  });
}

/// A chunk of queries before `end` that see what is in S.
void LinearEmitter::emitChunk(const Task &task, Value first, Value end) {
  Value count = b.min(b.sub(end, first), b.index(chunk));
  queryTile->load(task.query, first, count);
  queryTile->make(count, {});
  emitRows(task, {first, count, b.index(0), b.index(features)});
}

void LinearEmitter::emitRows(const Task &task, const Chunk &chunk) {
  if (op.getNormalise())
    emitDivisors(chunk.count, chunk.depth);
  b.loop(b.index(0), chunk.count, b.index(height), [&](Value row) {
    Rows rows = rowsFrom(chunk, row);
    RowSums sums;
    if (op.getCausal())
      sums = emitWeights(rows);
    emitOutput(task, rows, resultOf(rows, sums), chunk.depth);
  });
}

/// Rows that see no key: but for those of the past, if there is one.
void LinearEmitter::emitUnseen(const Task &task) {
  if (op.getPastState()) {
    b.loop(b.index(0), skipped, b.index(chunk),
           [&](Value first) { emitChunk(task, first, skipped); });
    return;
  }
  b.loop(b.index(0), skipped, b.index(1), [&](Value row) {
    b.loop(b.index(0), task.columns, b.index(b.lanes), [&](Value column) {
      b.store(emptyRow(column), task.output.operand,
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
  auto overKeys = [&](Value first, ValueRange carried) {
    Value count = b.min(b.sub(keys, first), b.index(chunk));
    keyTile->load(task.key, first, count);
    if (hides())
      loadSeen(task, first, count);
    Value seen = hides() ? seenTile : Value();
    return Values{keyTile->maximum(count, seen, carried.front())};
  };
  Value lanes =
      b.loop(b.index(0), keys, b.index(chunk), ValueRange(lowest), overKeys)
          .front();
  return vector::ReductionOp::create(b, vector::CombiningKind::MAXIMUMF, lanes);
}

void LinearEmitter::emitChunks(const Task &task) {
  passKeys(task, b.index(0), before);
  Value rest = b.sub(queries, skipped);
  b.loop(b.index(0), rest, b.index(chunk), [&](Value first) {
    if (op.getCausal())
      emitCausalChunk(task, first);
    else
      emitChunk(task, first, queries);
  });
  // What no query sees is in the state all the same.
  if (keepsState())
    passKeys(task, b.add(before, rest), keys);
}

void LinearEmitter::emitTask(Value item) {
  Task task = locate(item);
  if (op.getKeyKind() == FeatureKind::keys)
    task.largest = largestExponent(task);
  startState(task);
  prepareMean(task);
  std::optional<kernel::Schedule> schedule = op.getSchedule();
  if (schedule == kernel::Schedule::quadratic) {
    emitQuadratic(task);
  } else if (schedule == kernel::Schedule::recurrent) {
    emitSteps(task);
  } else {
    emitUnseen(task);
    if (schedule || !op.getCausal() || !op.getPastState() || !keepsState()) {
      emitChunks(task);
    } else {
      auto isOne = [&](Value count) {
        return arith::CmpIOp::create(b, arith::CmpIPredicate::eq, count,
                                     b.index(1));
      };
      Value isStep = arith::AndIOp::create(b, isOne(queries), isOne(keys));
      when(isStep, [&] { emitSteps(task); }, [&] { emitChunks(task); });
    }
  }
  if (keepsState())
    storeState(task);
}

LogicalResult LinearEmitter::emit() {
  int64_t bytes = cast<MemRefType>(op.getInit()[1].getType()).getDimSize(0);
  if (bytes < tiles.bytes)
    return op.emitError("requires scratch memory of ")
           << tiles.bytes << " bytes or more, but got " << bytes;
  Value offset = op.getTopLeft() ? b.index(0) : b.sub(keys, queries);
  skipped = op.getCausal() ? b.max(b.sub(b.index(0), offset), b.index(0))
                           : b.index(0);
  before = op.getCausal() ? b.max(offset, b.index(0)) : keys;
  Value batches = headSize(b, op.getQuery(), op.getQueryLayout(), 0);
  Value tasks = b.mul(b.mul(batches, heads),
                      b.index(llvm::divideCeil(valueWidth, block)));
  Value ranges = b.min(tasks, b.index(bytes / tiles.bytes));
  b.parallel(ranges, b.index(1), [&](Value range) {
    placeTiles(range);
    b.loop(range, tasks, ranges, [&](Value item) { emitTask(item); });
  });
  op.erase();
  return success();
}

namespace {
struct EmitLinear : impl::EmitLinearPassBase<EmitLinear> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::LinearAttentionOp> ops;
    getOperation().walk(
        [&](kernel::LinearAttentionOp op) { ops.push_back(op); });
    for (kernel::LinearAttentionOp op : ops)
      if (failed(LinearEmitter(op, {lanes, rows, vectors}).emit()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace attune
