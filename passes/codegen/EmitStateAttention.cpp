// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITSTATEATTENTIONPASS
#include "passes/codegen/Passes.h.inc"

namespace {

class StateEmitter {
public:
  StateEmitter(kernel::StateAttentionOp op, int64_t lanes)
      : op(op), b(op, lanes), output(op.getInit()[0]), state(op.getInit()[1]) {}

  void emit();

private:
  void emitTask(Value item);
  void emitStep(Value step);
  Value correct(Value step, Value value);
  Value decayed(Value step, Value row);
  Value element(Value tensor, Value step, Value row, Value head, Value width);
  SmallVector<Value> place(Value row) { return {batch, head, row, column}; }

  kernel::StateAttentionOp op;
  VectorEmitter b;
  Value output, state;
  Value keyWidth, valueWidth;
  Value batch, head, column, mask; // of the task
};

} // namespace

void StateEmitter::emit() {
  keyWidth = b.dim(state, 2);
  valueWidth = b.dim(state, 3);
  Value blocks = b.ceilDiv(valueWidth, b.lanes);
  Value heads = b.mul(b.dim(state, 0), b.index(op.getKeyHeads()));
  b.parallel(b.mul(heads, blocks), b.index(1),
             [&](Value item) { emitTask(item); });
  op.erase();
}

void StateEmitter::emitTask(Value item) {
  Value blocks = b.ceilDiv(valueWidth, b.lanes);
  Value batchHead = b.div(item, blocks);
  batch = b.div(batchHead, b.index(op.getKeyHeads()));
  head = b.rem(batchHead, b.index(op.getKeyHeads()));
  column = b.mul(b.rem(item, blocks), b.index(b.lanes));
  mask = b.maskBelow(b.sub(valueWidth, column));
  Value zero = b.index(0), one = b.index(1);
  b.loop(zero, keyWidth, one, [&](Value row) {
    b.store(b.load(op.getPast(), place(row), mask), state, place(row), mask);
  });
  b.loop(zero, b.dim(op.getQuery(), 1), one,
         [&](Value step) { emitStep(step); });
}

/// One element of a head's row in a tensor of packed heads.
Value StateEmitter::element(Value tensor, Value step, Value row, Value of,
                            Value width) {
  return memref::LoadOp::create(
      b, tensor, ValueRange{batch, step, b.add(b.mul(of, width), row)});
}

/// A row of the state that the step before left, decayed.
Value StateEmitter::decayed(Value step, Value row) {
  Value old = b.load(state, place(row), mask);
  if (op.getDecay().empty())
    return old;
  Value decay = op.getDecay().front();
  bool isShared = cast<MemRefType>(decay.getType()).getDimSize(3) == 1;
  Value factor = memref::LoadOp::create(
      b, decay, ValueRange{batch, step, head, isShared ? b.index(0) : row});
  return arith::MulFOp::create(b, old, b.splat(factor));
}

/// What is to be stored under the key: the value, less what the state gives
/// for this key already. Leaves the decayed state.
Value StateEmitter::correct(Value step, Value value) {
  Value zero = b.splat(0.0f);
  Value known = b.loop(b.index(0), keyWidth, b.index(1), ValueRange(zero),
                       [&](Value row, ValueRange carried) {
                         Value kept = decayed(step, row);
                         if (!op.getDecay().empty())
                           b.store(kept, state, place(row), mask);
                         Value key =
                             element(op.getKey(), step, row, head, keyWidth);
                         return SmallVector<Value>{vector::FMAOp::create(
                             b, kept, b.splat(key), carried.front())};
                       })[0];
  Value rate = op.getRate().front();
  bool isShared = cast<MemRefType>(rate.getType()).getDimSize(2) == 1;
  Value factor = memref::LoadOp::create(
      b, rate, ValueRange{batch, step, isShared ? b.index(0) : head});
  Value change = arith::SubFOp::create(b, value, known);
  return arith::MulFOp::create(b, change, b.splat(factor));
}

void StateEmitter::emitStep(Value step) {
  int64_t group = op.getHeads() / op.getKeyHeads();
  Value from = b.add(b.mul(head, valueWidth), column);
  Value value = b.load(op.getValue(), {batch, step, from}, mask);
  bool corrects = !op.getRate().empty();
  if (corrects)
    value = correct(step, value);
  Value first = b.mul(head, b.index(group));
  SmallVector<Value> zeros(group, b.splat(0.0f));
  SmallVector<Value> sums =
      b.loop(b.index(0), keyWidth, b.index(1), zeros,
             [&](Value row, ValueRange carried) {
               Value kept = corrects ? b.load(state, place(row), mask)
                                     : decayed(step, row);
               Value key = element(op.getKey(), step, row, head, keyWidth);
               Value next = vector::FMAOp::create(b, b.splat(key), value, kept);
               b.store(next, state, place(row), mask);
               SmallVector<Value> added;
               for (int64_t i = 0; i < group; ++i) {
                 Value query = element(op.getQuery(), step, row,
                                       b.add(first, b.index(i)), keyWidth);
                 added.push_back(vector::FMAOp::create(b, b.splat(query), next,
                                                       carried[i]));
               }
               return added;
             });
  Value scale = b.splat(static_cast<float>(op.getScale().convertToDouble()));
  for (int64_t i = 0; i < group; ++i) {
    Value to = b.add(b.mul(b.add(first, b.index(i)), valueWidth), column);
    b.store(arith::MulFOp::create(b, sums[i], scale), output, {batch, step, to},
            mask);
  }
}

namespace {
struct EmitStateAttention
    : impl::EmitStateAttentionPassBase<EmitStateAttention> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::StateAttentionOp> ops;
    getOperation().walk(
        [&](kernel::StateAttentionOp op) { ops.push_back(op); });
    for (kernel::StateAttentionOp op : ops)
      StateEmitter(op, lanes).emit();
  }
};
} // namespace
} // namespace attune
