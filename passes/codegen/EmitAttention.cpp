// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/AttentionEmitter.h"
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
  packed = op.getInit()[1];
  heads = sizeOf(op.getQuery(), op.getQueryLayout(), 1);
  queries = sizeOf(op.getQuery(), op.getQueryLayout(), 2);
  width = sizeOf(op.getQuery(), op.getQueryLayout(), 3);
  keyHeads = sizeOf(op.getKey(), op.getKeyLayout(), 1);
  keys = sizeOf(op.getKey(), op.getKeyLayout(), 2);
  mask.setKeys(keys);
  valueHeads = sizeOf(op.getValue(), op.getValueLayout(), 1);
  valueWidth = sizeOf(op.getValue(), op.getValueLayout(), 3);
}

static unsigned position(ArrayRef<int64_t> layout, int64_t dim) {
  return llvm::find(layout, dim) - layout.begin();
}

Value AttentionEmitter::sizeOf(Value operand, ArrayRef<int64_t> layout,
                               int64_t dim) {
  return b.dim(operand, position(layout, dim));
}

SmallVector<Value> AttentionEmitter::place(ArrayRef<int64_t> layout,
                                           Value batch, Value head,
                                           Value length, Value width) {
  Value logical[] = {batch, head, length, width};
  return llvm::map_to_vector(layout, [&](int64_t dim) { return logical[dim]; });
}

AttentionEmitter::Block AttentionEmitter::locate(Value task) {
  Block block;
  Value blocks = b.ceilDiv(queries, height);
  Value first = b.mul(b.rem(task, blocks), b.index(height));
  Value batchHead = b.div(task, blocks);
  block.batch = b.div(batchHead, heads);
  block.head = b.rem(batchHead, heads);
  block.keyHead = b.div(block.head, b.div(heads, keyHeads));
  block.valueHead = b.div(block.head, b.div(heads, valueHeads));
  block.packed = b.add(b.mul(block.batch, keyHeads), block.keyHead);
  block.offset = op.getTopLeft() ? b.index(0) : b.sub(keys, queries);
  for (int64_t r = 0; r < height; ++r) {
    Value row = b.min(b.add(first, b.index(r)), b.sub(queries, b.index(1)));
    block.rows.push_back(row);
    Value visible =
        b.max(b.add(b.add(row, block.offset), b.index(1)), b.index(0));
    block.limits.push_back(op.getCausal() ? b.min(keys, visible) : keys);
  }
  block.keyEnd = block.limits.back();
  return block;
}

/// Turns the scores into weights and brings `state` up to date; `scales` gets
/// what each row's older sums must be multiplied by.
void AttentionEmitter::emitSoftmax(State &state, ArrayRef<Value> maxima,
                                   Value count,
                                   SmallVectorImpl<Value> &scales) {
  Value lowest = b.scalar(std::numeric_limits<float>::lowest());
  for (int64_t r = 0; r < height; ++r) {
    Value highest = vector::ReductionOp::create(
        b, vector::CombiningKind::MAXIMUMF, maxima[r]);
    Value maximum = arith::MaximumFOp::create(b, state.maxima[r], highest);
    // A row that has seen nothing keeps a finite maximum: no inf - inf.
    maximum = arith::MaximumFOp::create(b, maximum, lowest);
    Value difference = arith::SubFOp::create(b, state.maxima[r], maximum);
    scales.push_back(b.expOfNegative(b.splat(difference)));
    Value subtract = b.splat(maximum);
    auto overKeys = [&](Value j, ValueRange sums) {
      Value score = b.load(scores, {b.index(r), j});
      Value weight = b.expOfNegative(arith::SubFOp::create(b, score, subtract));
      b.store(weight, scores, {b.index(r), j});
      return SmallVector<Value>{arith::AddFOp::create(b, sums.front(), weight)};
    };
    Value sum = b.loop(b.index(0), count, b.index(b.lanes),
                       ValueRange(b.splat(0.0f)), overKeys)
                    .front();
    Value total =
        vector::ReductionOp::create(b, vector::CombiningKind::ADD, sum);
    Value scale = vector::ExtractOp::create(b, scales.back(), 0);
    state.sums[r] = arith::AddFOp::create(
        b, arith::MulFOp::create(b, state.sums[r], scale), total);
    state.maxima[r] = maximum;
  }
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

/// Adds weights x values of `count` keys to the sums, a few vectors at a time.
void AttentionEmitter::emitValues(const Block &block, Value first, Value count,
                                  ArrayRef<Value> scales) {
  SmallVector<Column> all = columnsOf(valueWidth);
  for (ArrayRef<Column> rest = all; !rest.empty();) {
    auto columns = rest.take_front(vectors);
    rest = rest.drop_front(columns.size());
    SmallVector<Value> sums;
    for (int64_t r = 0; r < height; ++r)
      for (auto [column, mask] : columns)
        sums.push_back(arith::MulFOp::create(
            b, b.load(sumTile, {b.index(r), column}), scales[r]));
    auto overKeys = [&](Value j, ValueRange carried) {
      SmallVector<Value> right, next;
      for (auto [column, mask] : columns)
        right.push_back(b.load(op.getValue(),
                               place(op.getValueLayout(), block.batch,
                                     block.valueHead, b.add(first, j), column),
                               mask));
      for (int64_t r = 0; r < height; ++r) {
        Value weight = b.splat(
            memref::LoadOp::create(b, scores, ValueRange{b.index(r), j}));
        for (size_t c = 0; c < columns.size(); ++c)
          next.push_back(vector::FMAOp::create(
              b, weight, right[c], carried[r * columns.size() + c]));
      }
      return next;
    };
    sums = b.loop(b.index(0), count, b.index(1), sums, overKeys);
    for (int64_t r = 0; r < height; ++r)
      for (auto [c, column] : llvm::enumerate(columns))
        b.store(sums[r * columns.size() + c], sumTile,
                {b.index(r), column.first});
  }
}

AttentionEmitter::State AttentionEmitter::emitKeyBlock(const Block &block,
                                                       Value first, Value last,
                                                       State state) {
  Value count = b.sub(last, first);
  SmallVector<Value> maxima = emitScores(block, first, last), scales;
  emitSoftmax(state, maxima, count, scales);
  emitValues(block, first, count, scales);
  return state;
}

SmallVector<Value> AttentionEmitter::State::values() const {
  SmallVector<Value> all(maxima);
  llvm::append_range(all, sums);
  return all;
}

AttentionEmitter::State AttentionEmitter::State::of(ValueRange values) {
  size_t half = values.size() / 2;
  return {SmallVector<Value>(values.take_front(half)),
          SmallVector<Value>(values.drop_front(half))};
}

/// The keys `within` that the mask may show, if there are any.
AttentionEmitter::State
AttentionEmitter::emitSeenKeys(const Block &block,
                               ArrayRef<MaskEmitter::Range> ranges,
                               MaskEmitter::Range within, State state) {
  MaskEmitter::Range seen = mask.hull(ranges, within);
  Value any =
      arith::CmpIOp::create(b, arith::CmpIPredicate::slt, seen.low, seen.high);
  SmallVector<Value> before = state.values();
  auto choice = scf::IfOp::create(b, TypeRange(ValueRange(before)), any,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  // Scores are computed by whole panels.
  Value skipped = b.div(b.sub(seen.low, within.low), b.index(panel()));
  Value first = b.add(within.low, b.mul(skipped, b.index(panel())));
  state = emitKeyBlock(block, first, seen.high, state);
  scf::YieldOp::create(b, state.values());
  b.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(b, before);
  return State::of(choice.getResults());
}

/// `result` if the row has seen `any` key, or else the mean of all values.
Value AttentionEmitter::orMean(Value any, Value result, const Block &block,
                               Column column) {
  auto choice = scf::IfOp::create(b, TypeRange(result.getType()), any,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(choice.thenBlock());
  scf::YieldOp::create(b, result);
  b.setInsertionPointToStart(choice.elseBlock());
  auto addKey = [&](Value key, ValueRange sums) {
    Value value = b.load(op.getValue(),
                         place(op.getValueLayout(), block.batch,
                               block.valueHead, key, column.first),
                         column.second);
    return SmallVector<Value>{arith::AddFOp::create(b, sums.front(), value)};
  };
  Value sum =
      b.loop(b.index(0), keys, b.index(1), ValueRange(b.splat(0.0f)), addKey)
          .front();
  Value count = arith::SIToFPOp::create(
      b, b.getF32Type(), arith::IndexCastOp::create(b, b.getI32Type(), keys));
  scf::YieldOp::create(
      b, arith::DivFOp::create(b, sum, b.splat(count)).getResult());
  return choice.getResult(0);
}

void AttentionEmitter::emitResult(const Block &block, const State &state) {
  Value output = op.getInit().front();
  float empty =
      op.getNanEmptyRows() ? std::numeric_limits<float>::quiet_NaN() : 0.0f;
  for (int64_t r = 0; r < height; ++r) {
    Value any = arith::CmpFOp::create(b, arith::CmpFPredicate::UNE,
                                      state.sums[r], b.scalar(0.0f));
    Value inverse = arith::DivFOp::create(b, b.scalar(1.0f), state.sums[r]);
    Value factor =
        b.splat(arith::SelectOp::create(b, any, inverse, b.scalar(empty)));
    for (Column column : columnsOf(valueWidth)) {
      Value sum = b.load(sumTile, {b.index(r), column.first});
      Value result = arith::MulFOp::create(b, sum, factor);
      if (op.getMeanEmptyRows())
        result = orMean(any, result, block, column);
      b.store(result, output,
              place(op.getOutputLayout(), block.batch, block.head,
                    block.rows[r], column.first),
              column.second);
    }
  }
}

int64_t AttentionEmitter::rowWidth() {
  return llvm::alignTo(*getConstantIntValue(valueWidth), b.lanes);
}

void AttentionEmitter::allocateTiles() {
  auto tile = [&](int64_t columns) -> Value {
    return memref::AllocaOp::create(
        b, MemRefType::get({height, columns}, b.getF32Type()),
        b.getI64IntegerAttr(64));
  };
  scores = tile(blockKeys);
  sumTile = tile(rowWidth());
}

void AttentionEmitter::emitQueries(Value task) {
  Block block = locate(task);
  for (Value row : fromRows ? ArrayRef<Value>(block.rows) : ArrayRef<Value>())
    for (auto [column, mask] : columnsOf(width))
      queryRows.push_back(b.load(
          op.getQuery(),
          place(op.getQueryLayout(), block.batch, block.head, row, column),
          mask));
  for (int64_t r = 0; r < height; ++r)
    for (int64_t at = 0; at < rowWidth(); at += b.lanes)
      b.store(b.splat(0.0f), sumTile, {b.index(r), b.index(at)});
  SmallVector<Value> initial(height,
                             b.scalar(-std::numeric_limits<float>::infinity()));
  initial.append(height, b.scalar(0.0f));
  Value begin = b.index(0), end = block.keyEnd;
  SmallVector<MaskEmitter::Range> ranges;
  if (mask.hidesSome()) {
    ranges = mask.rangesFor(b.add(block.rows.front(), block.offset),
                            b.add(block.rows.back(), block.offset));
    MaskEmitter::Range all = mask.hull(ranges, {begin, end});
    begin = b.mul(b.div(all.low, b.index(blockKeys)), b.index(blockKeys));
    end = all.high;
  }
  auto overBlocks = [&](Value first, ValueRange carried) {
    State state = State::of(carried);
    Value last = b.min(end, b.add(first, b.index(blockKeys)));
    state = mask.hidesSome() ? emitSeenKeys(block, ranges, {first, last}, state)
                             : emitKeyBlock(block, first, last, state);
    return state.values();
  };
  SmallVector<Value> results =
      b.loop(begin, end, b.index(blockKeys), initial, overBlocks);
  emitResult(block, State::of(results));
}

void AttentionEmitter::emit() {
  if (!fromRows)
    emitPacking();
  Value batches = sizeOf(op.getQuery(), op.getQueryLayout(), 0);
  Value tasks = b.mul(b.mul(batches, heads), b.ceilDiv(queries, height));
  // A task of one row is small, unless there are many keys.
  Value grain = fromRows ? b.add(b.div(b.index(2048), b.add(keys, b.index(1))),
                                 b.index(1))
                         : b.index(4);
  b.parallel(
      tasks, grain, [&](Value task) { emitQueries(task); },
      [&] { allocateTiles(); });
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
  if (!op.mayReadRows())
    return emitAt(op, false);
  VectorEmitter b(op, by.lanes);
  int64_t length =
      llvm::find(op.getQueryLayout(), 2) - op.getQueryLayout().begin();
  Value isFew = arith::CmpIOp::create(
      b, arith::CmpIPredicate::ule, b.dim(op.getQuery(), length),
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
