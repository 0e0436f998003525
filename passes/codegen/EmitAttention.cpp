// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/AttentionEmitter.h"
#include "passes/codegen/HeadTile.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITATTENTIONPASS
#include "passes/codegen/Passes.h.inc"

AttentionEmitter::AttentionEmitter(kernel::AttentionOp op, Operation *at,
                                   int64_t lanes, int64_t height,
                                   int64_t vectors, bool fromRows)
    : op(op), height(height), vectors(vectors), fromRows(fromRows),
      b(at, lanes), mask(b, op.getMaskAttr()) {
  packedKeys = op.getInit()[1];
  packedValues = op.getInit()[2];
  heads = sizeOf(op.getQuery(), op.getQueryLayout(), 1);
  queries = sizeOf(op.getQuery(), op.getQueryLayout(), 2);
  width = sizeOf(op.getQuery(), op.getQueryLayout(), 3);
  keyHeads = sizeOf(op.getKey(), op.getKeyLayout(), 1);
  keys = sizeOf(op.getKey(), op.getKeyLayout(), 2);
  mask.setKeys(keys);
  valueHeads = sizeOf(op.getValue(), op.getValueLayout(), 1);
  valueWidth = sizeOf(op.getValue(), op.getValueLayout(), 3);
}

Value AttentionEmitter::sizeOf(Value operand, ArrayRef<int64_t> layout,
                               int64_t dim) {
  return headSize(b, operand, layout, dim);
}

SmallVector<Value> AttentionEmitter::place(ArrayRef<int64_t> layout,
                                           Value batch, Value head,
                                           Value length, Value width) {
  return HeadSource{{}, layout, batch, head}.place(length, width);
}

SmallVector<AttentionEmitter::Column> AttentionEmitter::columnsOf(Value size) {
  int64_t count = *getConstantIntValue(size);
  SmallVector<Column> columns;
  for (int64_t at = 0; at < count; at += b.lanes)
    columns.emplace_back(b.index(at), count - at < b.lanes
                                          ? b.maskBelow(b.index(count - at))
                                          : Value());
  return columns;
}

int64_t AttentionEmitter::rowWidth() {
  return llvm::alignTo(*getConstantIntValue(valueWidth), b.lanes);
}

/// Whole tiles of queries, as many as the thread's memory holds; of one block,
/// where blocks are listed, parts of about one size.
int64_t AttentionEmitter::rowsAtMost() {
  if (fromRows)
    return height;
  int64_t bytes = 4 * (rowWidth() + getConstantIntValue(width).value_or(0));
  int64_t most = std::clamp(mostBytes / bytes, height, mostRows);
  most -= most % height;
  if (std::optional<int64_t> block = op.getQueryBlock())
    return llvm::alignTo(
        llvm::divideCeil(*block, llvm::divideCeil(*block, most)), height);
  return most;
}

/// Tasks of one head, or of one block where blocks are listed, are of one size,
/// as far as tiles allow.
Value AttentionEmitter::rowsOfTask() {
  int64_t most = rowsAtMost();
  if (op.getQueryBlock() || fromRows)
    return b.index(most);
  Value tasks = b.max(b.ceilDiv(queries, most), b.index(1));
  Value rows = b.createOrFold<arith::CeilDivSIOp>(queries, tasks);
  return b.max(b.mul(b.ceilDiv(rows, height), b.index(height)),
               b.index(height));
}

/// How many tasks one block of queries has; all of a head where there are none.
Value AttentionEmitter::tasksOfBlock() {
  if (std::optional<int64_t> block = op.getQueryBlock())
    return b.index(llvm::divideCeil(*block, rowsAtMost()));
  return b.createOrFold<arith::CeilDivSIOp>(queries, rowsOfTask());
}

Value AttentionEmitter::blocksOfHead() {
  std::optional<int64_t> block = op.getQueryBlock();
  return block ? b.ceilDiv(queries, *block) : b.index(1);
}

void AttentionEmitter::allocate() {
  int64_t rows = llvm::alignTo(rowsAtMost(), height);
  // A block that begins inside of a panel holds a part of one more.
  scores = makeTile(b, height, blockKeys + panel());
  sumTile = makeTile(b, rows, rowWidth());
  maxima = makeTile(b, 1, rows);
  sums = makeTile(b, 1, rows);
  if (fromRows)
    return;
  // A width that is known at run time only has no place on the stack.
  if (std::optional<int64_t> known = getConstantIntValue(width))
    queryTile = makeTile(b, rows, llvm::alignTo(*known, b.lanes));
}

AttentionEmitter::Task AttentionEmitter::locate(Value index) {
  Task task;
  Value rows = rowsOfTask(), tasks = tasksOfBlock(), blocks = blocksOfHead();
  Value block = b.div(index, tasks);
  Value batchHead = b.div(block, blocks);
  task.block = b.rem(block, blocks);
  Value begin = b.index(0), end = queries;
  if (std::optional<int64_t> size = op.getQueryBlock()) {
    begin = b.mul(task.block, b.index(*size));
    end = b.min(b.add(begin, b.index(*size)), queries);
  }
  task.first = b.add(begin, b.mul(b.rem(index, tasks), rows));
  task.last = b.min(b.add(task.first, rows), end);
  task.batch = b.div(batchHead, heads);
  task.head = b.rem(batchHead, heads);
  task.keyHead = b.div(task.head, b.div(heads, keyHeads));
  task.valueHead = b.div(task.head, b.div(heads, valueHeads));
  task.packedKeys = b.add(b.mul(task.batch, keyHeads), task.keyHead);
  task.packedValues = b.add(b.mul(task.batch, valueHeads), task.valueHead);
  task.offset = op.getTopLeft() ? b.index(0) : b.sub(keys, queries);
  return task;
}

AttentionEmitter::Tile AttentionEmitter::tileAt(const Task &task, Value local) {
  Tile tile;
  tile.local = local;
  for (int64_t r = 0; r < height; ++r) {
    Value row = b.add(b.add(task.first, local), b.index(r));
    row = b.min(row, b.sub(task.last, b.index(1)));
    tile.rows.push_back(row);
    Value visible =
        b.max(b.add(b.add(row, task.offset), b.index(1)), b.index(0));
    tile.limits.push_back(op.getCausal() ? b.min(keys, visible) : keys);
  }
  tile.keyEnd = tile.limits.back();
  return tile;
}

void AttentionEmitter::overTiles(const Task &task,
                                 llvm::function_ref<void(const Tile &)> body) {
  if (fromRows)
    return body(tileAt(task, b.index(0)));
  b.loop(b.index(0), b.sub(task.last, task.first), b.index(height),
         [&](Value local) { body(tileAt(task, local)); });
}

/// Queries times scale, and nothing seen yet.
void AttentionEmitter::emitStart(const Task &task) {
  Value scale = b.splat(op.getScale().convertToDouble());
  if (fromRows) {
    queryRows.clear();
    for (auto [column, mask] : columnsOf(width))
      queryRows.push_back(
          arith::MulFOp::create(b,
                                b.load(op.getQuery(),
                                       place(op.getQueryLayout(), task.batch,
                                             task.head, task.first, column),
                                       mask),
                                scale));
  } else if (queryTile) {
    HeadSource source{op.getQuery(), op.getQueryLayout(), task.batch,
                      task.head};
    Value count =
        b.mul(b.ceilDiv(b.sub(task.last, task.first), height), b.index(height));
    Value end = b.sub(task.last, b.index(1));
    loadTile(b, queryTile, source, 3, {count, width, width},
             [&](Value row, Value column) {
               return std::pair(b.min(b.add(task.first, row), end), column);
             });
    b.loop(b.index(0), count, b.index(1), [&](Value row) {
      b.loop(b.index(0), width, b.index(b.lanes), [&](Value column) {
        Value scaled =
            arith::MulFOp::create(b, b.load(queryTile, {row, column}), scale);
        b.store(scaled, queryTile, {row, column});
      });
    });
  }
  overTiles(task, [&](const Tile &tile) {
    Value lowest = b.scalar(hiddenScore());
    for (int64_t r = 0; r < height; ++r) {
      setState(lowest, maxima, tile.local, r);
      setState(b.scalar(0.0f), sums, tile.local, r);
      for (int64_t at = 0; at < rowWidth(); at += b.lanes)
        b.store(b.splat(0.0f), sumTile,
                {b.add(tile.local, b.index(r)), b.index(at)});
    }
  });
}

/// The keys `within` that a tile may see, at most `blockKeys`.
void AttentionEmitter::emitTileBlock(const Task &task, const Tile &tile,
                                     MaskEmitter::Range within, Pass pass) {
  MaskEmitter::Range seen{within.low,
                          b.max(b.min(within.high, tile.keyEnd), within.low)};
  if (mask.hidesSome())
    seen = mask.hull(mask.rangesFor(b.add(tile.rows.front(), task.offset),
                                    b.add(tile.rows.back(), task.offset)),
                     seen);
  Value any =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, seen.low, seen.high);
  auto choice = scf::IfOp::create(b, any, /*withElseRegion=*/false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  // Scores are computed by whole panels.
  Value start = b.mul(b.div(seen.low, b.index(panel())), b.index(panel()));
  Value whole = isWhollySeen(task, tile, seen, start);
  auto variant = scf::IfOp::create(
      b, TypeRange(SmallVector<Type>(height, b.vector(b.getF32Type()))), whole,
      /*withElseRegion=*/true);
  for (bool tested : {false, true}) {
    OpBuilder::InsertionGuard inner(b);
    b.setInsertionPointToStart(tested ? variant.elseBlock()
                                      : variant.thenBlock());
    scf::YieldOp::create(b, emitScores(task, tile, seen, start, tested));
  }
  SmallVector<Value> highest(variant.getResults()), scales;
  Value count = b.sub(seen.high, start);
  emitWeights(tile, highest, count, pass, scales);
  if (pass != Pass::sums)
    emitValues(task, tile, start, count, scales);
}

/// Blocks of keys, each with all tiles of the task.
void AttentionEmitter::emitKeys(const Task &task, MaskEmitter::Range within,
                                Pass pass) {
  auto overBlocks = [&](Value first) {
    Value last = b.min(within.high, b.add(first, b.index(blockKeys)));
    overTiles(task, [&](const Tile &tile) {
      emitTileBlock(task, tile, {first, last}, pass);
    });
  };
  b.loop(within.low, within.high, b.index(blockKeys), overBlocks);
}

/// The blocks that are listed for the task's queries.
void AttentionEmitter::emitListed(const Task &task, Pass pass) {
  Value counts = op.getCounts(), blocks = op.getBlocks();
  Value zero = b.index(0);
  auto broadcast = [&](Value at, int64_t dim) {
    return b.min(at, b.sub(b.dim(counts, dim), b.index(1)));
  };
  SmallVector<Value> list = {broadcast(task.batch, 0), broadcast(task.head, 1),
                             task.block};
  auto element = [&](Value memref, ValueRange at) -> Value {
    return arith::IndexCastOp::create(b, b.getIndexType(),
                                      memref::LoadOp::create(b, memref, at));
  };
  // No more than there is room for, and no block that there is not.
  Value count = b.min(element(counts, list), b.dim(blocks, 3));
  Value size = b.index(*op.getKeyBlock());
  b.loop(zero, count, b.index(1), [&](Value p) {
    SmallVector<Value> at(list);
    at.push_back(p);
    Value low = b.mul(element(blocks, at), size);
    Value exists =
        arith::CmpIOp::create(b, arith::CmpIPredicate::sge, low, zero);
    Value high =
        arith::SelectOp::create(b, exists, b.min(b.add(low, size), keys), low);
    emitKeys(task, {low, high}, pass);
  });
}

void AttentionEmitter::emitPass(const Task &task, Pass pass) {
  if (op.getCounts())
    return emitListed(task, pass);
  Value last = b.sub(task.last, b.index(1));
  Value end = keys;
  if (op.getCausal())
    end = b.min(keys,
                b.max(b.add(b.add(last, task.offset), b.index(1)), b.index(0)));
  MaskEmitter::Range within{b.index(0), end};
  if (mask.hidesSome()) {
    within = mask.hull(mask.rangesFor(b.add(task.first, task.offset),
                                      b.add(last, task.offset)),
                       within);
    within.low =
        b.mul(b.div(within.low, b.index(blockKeys)), b.index(blockKeys));
  }
  emitKeys(task, within, pass);
}

void AttentionEmitter::emitTask(const Task &task) {
  OpBuilder::InsertionGuard guard(b);
  if (op.getQueryBlock()) {
    // The last block may have no rows for its last tasks.
    Value any = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, task.first,
                                      task.last);
    auto choice = scf::IfOp::create(b, any, /*withElseRegion=*/false);
    b.setInsertionPointToStart(choice.thenBlock());
  }
  emitStart(task);
  if (op.getNormaliser() && op.getNormaliser()->getPasses() == 2) {
    emitPass(task, Pass::sums);
    emitPass(task, Pass::values);
  } else {
    emitPass(task, Pass::whole);
  }
  overTiles(task, [&](const Tile &tile) { emitResult(task, tile); });
}

void AttentionEmitter::emit() {
  if (!fromRows)
    emitPacking();
  Value batches = sizeOf(op.getQuery(), op.getQueryLayout(), 0);
  Value tasks =
      b.mul(b.mul(batches, heads), b.mul(blocksOfHead(), tasksOfBlock()));
  // A task of one row is small, unless there are many keys.
  Value grain = fromRows ? b.add(b.div(b.index(2048), b.add(keys, b.index(1))),
                                 b.index(1))
                         : b.index(1);
  b.parallel(
      tasks, grain, [&](Value task) { emitTask(locate(task)); },
      [&] { allocate(); });
}

/// Few queries read the rows of the keys; how many there are may be known at
/// run time only.
static void emit(kernel::AttentionOp op, const EmitAttentionPassOptions &by) {
  auto emitAt = [&](Operation *at, bool fromRows) {
    // One row at a time has registers for more columns of the values.
    AttentionEmitter(op, at, by.lanes, fromRows ? 1 : by.rows,
                     fromRows ? 8 : by.vectors, fromRows)
        .emit();
  };
  if (!kernel::AttentionOp::mayReadRows(op))
    return emitAt(op, false);
  VectorEmitter b(op, by.lanes);
  Value queries = headSize(b, op.getQuery(), op.getQueryLayout(), 2);
  Value isFew =
      arith::CmpIOp::create(b, arith::CmpIPredicate::ule, queries,
                            b.index(kernel::AttentionOp::mostRowQueries));
  auto either = scf::IfOp::create(b, isFew, /*withElseRegion=*/true);
  emitAt(either.thenBlock()->getTerminator(), true);
  emitAt(either.elseBlock()->getTerminator(), false);
}

namespace {
struct EmitAttention : impl::EmitAttentionPassBase<EmitAttention> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::AttentionOp> ops;
    getOperation().walk([&](kernel::AttentionOp op) { ops.push_back(op); });
    for (kernel::AttentionOp op : ops) {
      emit(op, {lanes, rows, vectors});
      op.erase();
    }
  }
};
} // namespace
} // namespace attune
