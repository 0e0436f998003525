// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITRECURRENCEPASS
#include "passes/codegen/Passes.h.inc"

namespace {

class RecurrenceEmitter {
public:
  RecurrenceEmitter(kernel::RecurrenceOp op, int64_t lanes)
      : op(op), b(op, lanes), states(op.getStates().size()),
        gates(op.getGates()) {}

  void emit();

private:
  void emitItem(Value item);
  void emitStep(Value step);
  void emitEarly(Value step);
  void forUnits(llvm::function_ref<void(Value)> body);
  Value load(Value memref, SmallVector<Value> indices);
  void store(Value vector, Value memref, SmallVector<Value> indices);
  Value gateColumn(int64_t gate) {
    return b.add(b.mul(b.index(gate), hidden), unit);
  }
  void appendGates(Value step, Value from, int64_t first, int64_t end,
                   SmallVector<Value> &arguments);
  Value state(int64_t index) { return op.getInit()[1 + index]; }

  kernel::RecurrenceOp op;
  VectorEmitter b;
  int64_t states, gates;
  Value hidden, batch;
  Value unit, mask; // the vector of units that is being computed
};

} // namespace

Value RecurrenceEmitter::load(Value memref, SmallVector<Value> indices) {
  return b.load(memref, indices, mask);
}

void RecurrenceEmitter::store(Value vector, Value memref,
                              SmallVector<Value> indices) {
  b.store(vector, memref, indices, mask);
}

void RecurrenceEmitter::forUnits(llvm::function_ref<void(Value)> body) {
  b.loop(b.index(0), hidden, b.index(b.lanes), [&](Value first) {
    unit = first;
    mask = b.maskBelow(b.sub(hidden, first));
    body(first);
  });
}

void RecurrenceEmitter::emit() {
  hidden = b.dim(op.getWeights(), 0);
  b.parallel(b.dim(op.getInput(), 1), b.index(1),
             [&](Value item) { emitItem(item); });
  op.erase();
}

void RecurrenceEmitter::emitItem(Value item) {
  batch = item;
  Value zero = b.index(0), one = b.index(1);
  Value steps = b.dim(op.getInput(), 0), length = steps;
  if (!op.getLengths().empty()) {
    Value own =
        memref::LoadOp::create(b, op.getLengths().front(), ValueRange(batch));
    length = arith::IndexCastOp::create(b, b.getIndexType(), own);
  }
  forUnits([&](Value first) {
    for (int64_t i = 0; i < states; ++i)
      store(load(op.getStates()[i], {batch, first}), state(i), {batch, first});
  });
  b.loop(zero, length, one, [&](Value count) {
    Value last = b.sub(length, one);
    emitStep(op.getReverse() ? b.sub(last, count) : count);
  });
  Value output = op.getInit().front();
  VectorType type =
      b.vector(cast<MemRefType>(output.getType()).getElementType());
  b.loop(length, steps, one, [&](Value step) {
    forUnits([&](Value first) {
      Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
      store(none, output, {step, batch, first});
    });
  });
}

/// The inputs of the gates [first, end), then their products of the row of
/// `from` and the weights.
void RecurrenceEmitter::appendGates(Value step, Value from, int64_t first,
                                    int64_t end,
                                    SmallVector<Value> &arguments) {
  for (int64_t gate = first; gate < end; ++gate)
    arguments.push_back(load(op.getInput(), {step, batch, gateColumn(gate)}));
  Value zero =
      arith::ConstantOp::create(b, b.getZeroAttr(arguments.back().getType()));
  SmallVector<Value> zeros(end - first, zero);
  llvm::append_range(
      arguments,
      b.loop(b.index(0), hidden, b.index(1), zeros,
             [&](Value row, ValueRange carried) {
               Value factor = b.splat(
                   memref::LoadOp::create(b, from, ValueRange{batch, row}));
               SmallVector<Value> sums;
               for (int64_t gate = first; gate < end; ++gate)
                 sums.push_back(vector::FMAOp::create(
                     b, factor, load(op.getWeights(), {row, gateColumn(gate)}),
                     carried[gate - first]));
               return sums;
             }));
}

void RecurrenceEmitter::emitEarly(Value step) {
  forUnits([&](Value first) {
    SmallVector<Value> arguments;
    appendGates(step, state(0), 0, gates - 1, arguments);
    arguments.push_back(load(state(0), {batch, first}));
    SmallVector<Value> results =
        b.inlineOnVectors(op.getEarly().front(), arguments);
    store(results[0], op.getInit()[1 + states], {batch, first});
    store(results[1], op.getInit()[2 + states], {batch, first});
  });
}

void RecurrenceEmitter::emitStep(Value step) {
  bool isLate = op.hasLateGate();
  if (isLate)
    emitEarly(step);
  Value output = op.getInit().front();
  // All units read the h of before, so the new one waits in the output.
  forUnits([&](Value first) {
    SmallVector<Value> arguments;
    Value from = isLate ? op.getInit()[1 + states] : state(0);
    appendGates(step, from, isLate ? gates - 1 : 0, gates, arguments);
    if (isLate)
      arguments.push_back(load(op.getInit()[2 + states], {batch, first}));
    for (int64_t i = 0; i < states; ++i)
      arguments.push_back(load(state(i), {batch, first}));
    for (int64_t i = 0; i < static_cast<int64_t>(op.getParameterCount()); ++i)
      arguments.push_back(
          load(op.getParameters().front(), {b.index(i), first}));
    SmallVector<Value> results =
        b.inlineOnVectors(op.getCell().front(), arguments);
    store(results.front(), output, {step, batch, first});
    for (int64_t i = 1; i < states; ++i)
      store(results[i], state(i), {batch, first});
  });
  forUnits([&](Value first) {
    store(load(output, {step, batch, first}), state(0), {batch, first});
  });
}

namespace {
struct EmitRecurrence : impl::EmitRecurrencePassBase<EmitRecurrence> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::RecurrenceOp> ops;
    getOperation().walk([&](kernel::RecurrenceOp op) { ops.push_back(op); });
    for (kernel::RecurrenceOp op : ops)
      RecurrenceEmitter(op, lanes).emit();
  }
};
} // namespace
} // namespace attune
