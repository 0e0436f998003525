// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/OrderedEmitters.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITORDEREDPASS
#include "passes/codegen/Passes.h.inc"

Value inlineOnPair(VectorEmitter &b, Block &body, Value left, Value right) {
  IRMapping mapping;
  mapping.map(body.getArgument(0), left);
  mapping.map(body.getArgument(1), right);
  for (Operation &op : body.without_terminator())
    b.clone(op, mapping);
  return mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
}

static SmallVector<Value> sizesOf(VectorEmitter &b, Value memref) {
  SmallVector<Value> sizes;
  for (int64_t dim = 0; dim < cast<MemRefType>(memref.getType()).getRank();
       ++dim)
    sizes.push_back(b.dim(memref, dim));
  return sizes;
}

/// All lines along the axis are independent.
static void emit(kernel::ScanOp op) {
  VectorEmitter b(op, 1);
  Value input = op.getInput(), init = op.getInit().front();
  unsigned axis = op.getAxis();
  SmallVector<Value> sizes = sizesOf(b, input);
  Value length = sizes[axis], count = b.index(1);
  sizes[axis] = b.index(1);
  for (Value size : sizes)
    count = b.mul(count, size);
  Value grain =
      b.add(b.div(b.index(16384), b.add(length, b.index(1))), b.index(1));
  b.parallel(count, grain, [&](Value line) {
    SmallVector<Value> at(sizes.size());
    for (size_t dim = sizes.size(); dim-- > 0;) {
      at[dim] = b.rem(line, sizes[dim]);
      line = b.div(line, sizes[dim]);
    }
    Value start = arith::ConstantOp::create(b, op.getStart());
    b.loop(b.index(0), length, b.index(1), ValueRange(start),
           [&](Value step, ValueRange carried) {
             Value last = b.sub(length, b.index(1));
             at[axis] = op.getReverse() ? b.sub(last, step) : step;
             Value element = memref::LoadOp::create(b, input, at);
             Value total = inlineOnPair(b, op.getCombine().front(),
                                        carried.front(), element);
             memref::StoreOp::create(
                 b, op.getExclusive() ? carried.front() : total, init, at);
             return SmallVector<Value>{total};
           });
  });
  op.erase();
}

/// The place that the update at `ivs` goes to.
static SmallVector<Value> placeOf(VectorEmitter &b, kernel::ScatterOp op,
                                  ArrayRef<Value> ivs) {
  SmallVector<Value> place;
  for (auto [map, indexed] :
       llvm::zip(op.getPositions().getAsValueRange<AffineMapAttr>(),
                 op.getIndexed())) {
    SmallVector<Value> at;
    for (AffineExpr result : map.getResults())
      at.push_back(affine::AffineApplyOp::create(
          b, AffineMap::get(map.getNumDims(), 0, result), ivs));
    if (!indexed) {
      place.push_back(at.front());
      continue;
    }
    Value index = memref::LoadOp::create(b, op.getIndices(), at);
    place.push_back(arith::IndexCastOp::create(b, b.getIndexType(), index));
  }
  return place;
}

static void emit(kernel::ScatterOp op) {
  VectorEmitter b(op, 1);
  Value init = op.getInit().front();
  SmallVector<Value> sizes = sizesOf(b, op.getUpdates()), ivs;
  std::function<void()> nest = [&] {
    if (ivs.size() == sizes.size()) {
      SmallVector<Value> place = placeOf(b, op, ivs);
      Value old = memref::LoadOp::create(b, init, place);
      Value update = memref::LoadOp::create(b, op.getUpdates(), ivs);
      Value result = inlineOnPair(b, op.getCombine().front(), old, update);
      memref::StoreOp::create(b, result, init, place);
      return;
    }
    b.loop(b.index(0), sizes[ivs.size()], b.index(1), [&](Value iv) {
      ivs.push_back(iv);
      nest();
      ivs.pop_back();
    });
  };
  nest();
  op.erase();
}

namespace {
struct EmitOrdered : impl::EmitOrderedPassBase<EmitOrdered> {
  void runOnOperation() override {
    each<kernel::ScanOp>(emit);
    each<kernel::ScatterOp>(emit);
    each<kernel::SuppressOp>(emitSuppress);
    each<kernel::SortOp>(emitSort);
    each<kernel::DeterminantOp>(emitDeterminant);
  }

  template <typename Op> void each(void (*emitOne)(Op)) {
    SmallVector<Op> ops;
    getOperation().walk([&](Op op) { ops.push_back(op); });
    for (Op op : ops)
      emitOne(op);
  }
};
} // namespace
} // namespace attune
