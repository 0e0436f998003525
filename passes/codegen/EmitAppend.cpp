// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/Passes.h"
#include "passes/codegen/VectorEmitter.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_EMITAPPENDPASS
#include "passes/codegen/Passes.h.inc"

/// The elements one after another.
static Value flat(VectorEmitter &b, Value memref) {
  int64_t rank = cast<MemRefType>(memref.getType()).getRank();
  if (rank == 1)
    return memref;
  ReassociationIndices all(llvm::to_vector(llvm::seq(rank)));
  return memref::CollapseShapeOp::create(b, memref,
                                         ArrayRef<ReassociationIndices>(all));
}

/// target[first + i] = source[i] for all i below `count`.
static void copy(VectorEmitter &b, Value source, Value target, Value first,
                 Value count) {
  b.parallel(count, b.index(16384), [&](Value i) {
    Value element = memref::LoadOp::create(b, source, i);
    memref::StoreOp::create(b, element, target, ValueRange(b.add(first, i)));
  });
}

static void emit(kernel::AppendOp op) {
  VectorEmitter b(op, 1);
  auto address = [&](Value memref) -> Value {
    return memref::ExtractAlignedPointerAsIndexOp::create(b, memref);
  };
  Value init = op.getInit().front();
  Value moved = arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                      address(op.getState()), address(init));
  Value source = flat(b, op.getState()), target = flat(b, init);
  Value rows = flat(b, op.getRows());
  Value length = b.dim(source, 0);
  Value wanted = arith::SelectOp::create(b, moved, length, b.index(0));
  copy(b, source, target, b.index(0), wanted);
  copy(b, rows, target, length, b.dim(rows, 0));
  op.erase();
}

namespace {
struct EmitAppend : impl::EmitAppendPassBase<EmitAppend> {
  void runOnOperation() override {
    SmallVector<kernel::AppendOp> ops;
    getOperation().walk([&](kernel::AppendOp op) { ops.push_back(op); });
    for (kernel::AppendOp op : ops)
      emit(op);
  }
};
} // namespace
} // namespace attune
