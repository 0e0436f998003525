// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/FftEmitter.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITFFTPASS
#include "passes/codegen/Passes.h.inc"

/// Rows are independent.
static void emit(kernel::FftOp op, int64_t lanes) {
  Value re = op.getInit()[0], im = op.getInit()[1];
  bool isDouble = cast<MemRefType>(re.getType()).getElementType().isF64();
  // The shortest rows have 16 elements.
  lanes = std::clamp<int64_t>(isDouble ? lanes / 2 : lanes, 2, 16);
  VectorEmitter b(op, lanes);
  Value length = b.dim(re, 1);
  Value grain = b.add(b.div(b.index(16384), length), b.index(1));
  FftEmitter fft(b, op.getTwiddles(), length);
  b.parallel(b.dim(re, 0), grain, [&](Value row) {
    if (op.getInverse())
      fft.inverse(re, im, row);
    else
      fft.forward(re, im, row);
  });
  op.erase();
}

namespace {
struct EmitFft : impl::EmitFftPassBase<EmitFft> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<kernel::FftOp> ops;
    getOperation().walk([&](kernel::FftOp op) { ops.push_back(op); });
    for (kernel::FftOp op : ops)
      emit(op, lanes);
  }
};
} // namespace
} // namespace attune
