// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/ColumnFft.h"
#include "passes/codegen/LagSumEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITLAGSPASS
#include "passes/codegen/Passes.h.inc"

static int64_t widthOf(Value panels) {
  return cast<MemRefType>(panels.getType()).getDimSize(3);
}

/// body(slot, task) for all tasks; those of one slot come one after the other.
static void forTasks(VectorEmitter &b, Value panels, Value tasks,
                     llvm::function_ref<void(Value, Value)> body) {
  Value slots = b.dim(panels, 0);
  b.parallel(slots, b.index(1), [&](Value slot) {
    b.loop(slot, tasks, slots, [&](Value task) { body(slot, task); });
  });
}

static void clear(VectorEmitter &b, ColumnFft &fft, Value first) {
  b.loop(first, b.index(fft.length), b.index(1),
         [&](Value row) { fft.store({b.splat(0.0f), b.splat(0.0f)}, row); });
}

/// A task is a panel of rows of taps, one a lane.
static void emit(kernel::SpectrumOp op) {
  Value spectrum = op.getInit()[0], panels = op.getInit()[1];
  VectorEmitter b(op, widthOf(panels));
  ColumnFft fft(b, op.getTwiddles());
  Value rows = b.dim(op.getTaps(), 0), taps = b.dim(op.getTaps(), 1);
  Value zero = b.index(0), one = b.index(1), size = b.index(fft.length);
  Value scale = b.scalar(1.0f / static_cast<float>(fft.length));
  auto place = [&](Value tap) -> Value {
    if (!op.getOrigin())
      return tap;
    return b.rem(b.sub(b.index(*op.getOrigin() + fft.length), tap), size);
  };
  forTasks(b, panels, b.ceilDiv(rows, b.lanes), [&](Value slot, Value task) {
    fft.setPanel(panels, slot);
    clear(b, fft, zero);
    Value first = b.mul(task, b.index(b.lanes));
    Value count = b.min(b.sub(rows, first), b.index(b.lanes));
    b.loop(zero, taps, one, [&](Value tap) {
      Value row = place(tap);
      b.loop(zero, count, one, [&](Value lane) {
        Value value = memref::LoadOp::create(
            b, op.getTaps(), ValueRange{b.add(first, lane), tap});
        memref::StoreOp::create(b, arith::MulFOp::create(b, value, scale),
                                panels, ValueRange{slot, row, zero, lane});
      });
    });
    fft.forward();
    b.loop(zero, size, one, [&](Value k) {
      if (widthOf(spectrum) != 1) {
        ComplexVector value = fft.load(k);
        b.store(value.re, spectrum, {task, k, zero, zero});
        b.store(value.im, spectrum, {task, k, one, zero});
        return;
      }
      b.loop(zero, count, one, [&](Value lane) {
        for (Value part : {zero, one}) {
          Value value = memref::LoadOp::create(b, panels,
                                               ValueRange{slot, k, part, lane});
          memref::StoreOp::create(
              b, value, spectrum,
              ValueRange{b.add(first, lane), k, part, zero});
        }
      });
    });
  });
  op.erase();
}

namespace {

/// Where the real and the imaginary lanes of a task come from and go to.
struct Half {
  Value batch, column, mask;
};

class CirculantEmitter {
public:
  explicit CirculantEmitter(kernel::CirculantOp op)
      : op(op), output(op.getInit()[0]), panels(op.getInit()[1]),
        b(op, widthOf(panels)), fft(b, op.getTwiddles()),
        isShared(widthOf(op.getSpectrum()) == 1) {}
  void emit();

private:
  Value countTasks();
  void locate(Value task);
  ComplexVector factor(Value k);

  kernel::CirculantOp op;
  Value output, panels;
  VectorEmitter b;
  ColumnFft fft;
  bool isShared; // one spectrum for all columns of a head
  Value head, spectrum;
  Half halves[2];
};

} // namespace

Value CirculantEmitter::countTasks() {
  Value batch = b.dim(output, 0), heads = b.dim(output, 1);
  Value columns = b.dim(output, 3);
  if (isShared)
    return b.mul(b.mul(batch, heads), b.ceilDiv(columns, 2 * b.lanes));
  return b.mul(b.mul(b.ceilDiv(batch, 2), heads), b.ceilDiv(columns, b.lanes));
}

void CirculantEmitter::locate(Value task) {
  Value heads = b.dim(output, 1), columns = b.dim(output, 3);
  Value panelCount = b.ceilDiv(columns, isShared ? 2 * b.lanes : b.lanes);
  Value panel = b.rem(task, panelCount), rest = b.div(task, panelCount);
  Value batch = b.div(rest, heads);
  head = b.rem(rest, heads);
  if (isShared) {
    Value last = b.sub(b.dim(op.getSpectrum(), 0), b.index(1));
    spectrum = b.min(head, last);
    Value first = b.mul(panel, b.index(2 * b.lanes));
    for (int i : {0, 1}) {
      Value column = b.add(first, b.index(i * b.lanes));
      halves[i] = {batch, column, b.maskBelow(b.sub(columns, column))};
    }
    return;
  }
  spectrum = panel;
  Value column = b.mul(panel, b.index(b.lanes)), rows = b.dim(output, 0);
  for (int i : {0, 1}) {
    Value item = b.add(b.mul(batch, b.index(2)), b.index(i));
    Value isThere =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, item, rows);
    Value count =
        arith::SelectOp::create(b, isThere, b.sub(columns, column), b.index(0));
    halves[i] = {b.min(item, b.sub(rows, b.index(1))), column,
                 b.maskBelow(count)};
  }
}

ComplexVector CirculantEmitter::factor(Value k) {
  Value zero = b.index(0), one = b.index(1);
  if (!isShared)
    return {b.load(op.getSpectrum(), {spectrum, k, zero, zero}),
            b.load(op.getSpectrum(), {spectrum, k, one, zero})};
  auto part = [&](Value which) {
    Value value = memref::LoadOp::create(b, op.getSpectrum(),
                                         ValueRange{spectrum, k, which, zero});
    return b.splat(value);
  };
  return {part(zero), part(one)};
}

void CirculantEmitter::emit() {
  Value rows = b.dim(output, 2), zero = b.index(0), one = b.index(1);
  forTasks(b, panels, countTasks(), [&](Value slot, Value task) {
    locate(task);
    fft.setPanel(panels, slot);
    b.loop(zero, rows, one, [&](Value row) {
      Value parts[2];
      for (auto [part, half] : llvm::zip(parts, halves))
        part = b.load(op.getInput(), {half.batch, head, row, half.column},
                      half.mask);
      fft.store({parts[0], parts[1]}, row);
    });
    clear(b, fft, rows);
    fft.between([&](Value k, ComplexVector value) {
      return ColumnFft::multiply(b, value, factor(k));
    });
    b.loop(zero, rows, one, [&](Value row) {
      ComplexVector value = fft.load(row);
      Value parts[] = {value.re, value.im};
      for (auto [part, half] : llvm::zip(parts, halves))
        b.store(part, output, {half.batch, head, row, half.column}, half.mask);
    });
  });
  op.erase();
}

namespace {
struct EmitLags : impl::EmitLagsPassBase<EmitLags> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<kernel::LagSumOp, kernel::SpectrumOp, kernel::CirculantOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops) {
      if (auto sum = dyn_cast<kernel::LagSumOp>(op))
        emitLagSum(sum, lanes, rows, vectors);
      else if (auto spectrum = dyn_cast<kernel::SpectrumOp>(op))
        emit(spectrum);
      else
        CirculantEmitter(cast<kernel::CirculantOp>(op)).emit();
    }
  }
};
} // namespace
} // namespace attune
