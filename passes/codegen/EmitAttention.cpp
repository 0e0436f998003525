// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITATTENTIONPASS
#include "passes/codegen/Passes.h.inc"

namespace {

/// The block of queries that one task works on.
struct Block {
  Value batch, head, keyHead, valueHead, packed;
  SmallVector<Value> rows;   // query indices; past the end, the last one again
  SmallVector<Value> limits; // keys that each row may see
  Value keyEnd;              // the largest of them
};

/// Running maximum and sum of each row.
struct State {
  SmallVector<Value> maxima, sums;
};

class AttentionEmitter {
public:
  AttentionEmitter(kernel::AttentionOp op, int64_t lanes, int64_t height,
                   int64_t vectors)
      : op(op), height(height), vectors(vectors), b(op, lanes) {}

  void emit();

private:
  /// Keys whose scores are held at once.
  static constexpr int64_t blockKeys = 256;

  Value sizeOf(Value operand, ArrayRef<int64_t> layout, int64_t dim);
  SmallVector<Value> place(ArrayRef<int64_t> layout, Value batch, Value head,
                           Value length, Value width);
  void emitPacking();
  void allocateTiles();
  void emitQueries(Value task);
  Block locate(Value task);
  State emitKeyBlock(const Block &block, Value first, State state);
  SmallVector<Value> emitScores(const Block &block, Value first, Value last);
  Value maskedScore(const Block &block, unsigned row, Value key, Value sum);
  void emitSoftmax(State &state, ArrayRef<Value> maxima, Value count,
                   SmallVectorImpl<Value> &scales);
  void emitValues(const Block &block, Value first, Value count,
                  ArrayRef<Value> scales);
  void emitResult(const Block &block, const State &state);
  SmallVector<std::pair<Value, Value>> valueColumns();

  int64_t rowWidth();
  int64_t panel() const { return vectors * b.lanes; }

  kernel::AttentionOp op;
  int64_t height, vectors;
  VectorEmitter b;
  Value queries, keys, width, valueWidth, heads, keyHeads, valueHeads, packed;
  Value scores, sumTile; // height x blockKeys, height x valueWidth
};

} // namespace

static unsigned position(ArrayRef<int64_t> layout, int64_t dim) {
  return llvm::find(layout, dim) - layout.begin();
}

Value AttentionEmitter::sizeOf(Value operand, ArrayRef<int64_t> layout,
                               int64_t dim) {
  return b.dim(operand, position(layout, dim));
}

/// Indices, as they lie in memory, of one logical element.
SmallVector<Value> AttentionEmitter::place(ArrayRef<int64_t> layout,
                                           Value batch, Value head,
                                           Value length, Value width) {
  Value logical[] = {batch, head, length, width};
  return llvm::map_to_vector(layout, [&](int64_t dim) { return logical[dim]; });
}

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

Block AttentionEmitter::locate(Value task) {
  Block block;
  Value blocks = b.ceilDiv(queries, height);
  Value first = b.mul(b.rem(task, blocks), b.index(height));
  Value batchHead = b.div(task, blocks);
  block.batch = b.div(batchHead, heads);
  block.head = b.rem(batchHead, heads);
  block.keyHead = b.div(block.head, b.div(heads, keyHeads));
  block.valueHead = b.div(block.head, b.div(heads, valueHeads));
  block.packed = b.add(b.mul(block.batch, keyHeads), block.keyHead);
  Value offset = op.getTopLeft() ? b.index(0) : b.sub(keys, queries);
  for (int64_t r = 0; r < height; ++r) {
    Value row = b.min(b.add(first, b.index(r)), b.sub(queries, b.index(1)));
    block.rows.push_back(row);
    Value visible = b.max(b.add(b.add(row, offset), b.index(1)), b.index(0));
    block.limits.push_back(op.getCausal() ? b.min(keys, visible) : keys);
  }
  block.keyEnd = block.limits.back();
  return block;
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
  Value none = b.splat(-std::numeric_limits<float>::infinity());
  return arith::SelectOp::create(b, visible, score, none);
}

/// Writes the scores of keys [first, last) and returns each row's maxima, one
/// a lane.
SmallVector<Value> AttentionEmitter::emitScores(const Block &block, Value first,
                                                Value last) {
  SmallVector<Value> lowest(height,
                            b.splat(-std::numeric_limits<float>::infinity()));
  auto overPanel = [&](Value start, ValueRange maxima) {
    Value index = b.div(start, b.index(panel()));
    SmallVector<Value> zeros(height * vectors, b.splat(0.0f));
    auto overWidth = [&](Value d, ValueRange sums) {
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
          next.push_back(
              vector::FMAOp::create(b, left, right[v], sums[r * vectors + v]));
      }
      return next;
    };
    SmallVector<Value> sums =
        b.loop(b.index(0), width, b.index(1), zeros, overWidth);
    SmallVector<Value> next(maxima);
    for (int64_t r = 0; r < height; ++r)
      for (int64_t v = 0; v < vectors; ++v) {
        Value key = b.add(start, b.index(v * b.lanes));
        Value score = maskedScore(block, r, key, sums[r * vectors + v]);
        b.store(score, scores, {b.index(r), b.sub(key, first)});
        next[r] = arith::MaximumFOp::create(b, next[r], score);
      }
    return next;
  };
  return b.loop(first, last, b.index(panel()), lowest, overPanel);
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

/// The vectors of an output row: first column, and a mask if it is not full.
SmallVector<std::pair<Value, Value>> AttentionEmitter::valueColumns() {
  int64_t size = *getConstantIntValue(valueWidth);
  SmallVector<std::pair<Value, Value>> columns;
  for (int64_t at = 0; at < size; at += b.lanes)
    columns.emplace_back(b.index(at), size - at < b.lanes
                                          ? b.maskBelow(b.index(size - at))
                                          : Value());
  return columns;
}

/// Adds weights x values of `count` keys to the sums, a few vectors at a time.
void AttentionEmitter::emitValues(const Block &block, Value first, Value count,
                                  ArrayRef<Value> scales) {
  SmallVector<std::pair<Value, Value>> all = valueColumns();
  for (ArrayRef<std::pair<Value, Value>> rest = all; !rest.empty();) {
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

State AttentionEmitter::emitKeyBlock(const Block &block, Value first,
                                     State state) {
  Value last = b.min(block.keyEnd, b.add(first, b.index(blockKeys)));
  Value count = b.sub(last, first);
  SmallVector<Value> maxima = emitScores(block, first, last), scales;
  emitSoftmax(state, maxima, count, scales);
  emitValues(block, first, count, scales);
  return state;
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
    for (auto [column, mask] : valueColumns()) {
      Value sum = b.load(sumTile, {b.index(r), column});
      b.store(arith::MulFOp::create(b, sum, factor), output,
              place(op.getOutputLayout(), block.batch, block.head,
                    block.rows[r], column),
              mask);
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
  for (int64_t r = 0; r < height; ++r)
    for (int64_t at = 0; at < rowWidth(); at += b.lanes)
      b.store(b.splat(0.0f), sumTile, {b.index(r), b.index(at)});
  SmallVector<Value> initial(height,
                             b.scalar(-std::numeric_limits<float>::infinity()));
  initial.append(height, b.scalar(0.0f));
  auto overBlocks = [&](Value first, ValueRange carried) {
    State state{SmallVector<Value>(carried.take_front(height)),
                SmallVector<Value>(carried.drop_front(height))};
    state = emitKeyBlock(block, first, state);
    SmallVector<Value> next(state.maxima);
    llvm::append_range(next, state.sums);
    return next;
  };
  SmallVector<Value> results =
      b.loop(b.index(0), block.keyEnd, b.index(blockKeys), initial, overBlocks);
  State state{SmallVector<Value>(ArrayRef<Value>(results).take_front(height)),
              SmallVector<Value>(ArrayRef<Value>(results).drop_front(height))};
  emitResult(block, state);
}

void AttentionEmitter::emit() {
  packed = op.getInit()[1];
  heads = sizeOf(op.getQuery(), op.getQueryLayout(), 1);
  queries = sizeOf(op.getQuery(), op.getQueryLayout(), 2);
  width = sizeOf(op.getQuery(), op.getQueryLayout(), 3);
  keyHeads = sizeOf(op.getKey(), op.getKeyLayout(), 1);
  keys = sizeOf(op.getKey(), op.getKeyLayout(), 2);
  valueHeads = sizeOf(op.getValue(), op.getValueLayout(), 1);
  valueWidth = sizeOf(op.getValue(), op.getValueLayout(), 3);
  emitPacking();
  Value batches = sizeOf(op.getQuery(), op.getQueryLayout(), 0);
  Value tasks = b.mul(b.mul(batches, heads), b.ceilDiv(queries, height));
  b.parallel(
      tasks, b.index(4), [&](Value task) { emitQueries(task); },
      [&] { allocateTiles(); });
  op.erase();
}

namespace {
struct EmitAttention : impl::EmitAttentionPassBase<EmitAttention> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::AttentionOp> ops;
    getOperation().walk([&](kernel::AttentionOp op) { ops.push_back(op); });
    for (kernel::AttentionOp op : ops)
      AttentionEmitter(op, lanes, rows, vectors).emit();
  }
};
} // namespace
} // namespace attune
