// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/OrderedEmitters.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate;

namespace {

/// Makes one matrix triangular, a column at a time.
class Eliminator {
public:
  Eliminator(VectorEmitter &b, Value work, Value matrix)
      : b(b), work(work), matrix(matrix), size(b.dim(work, 1)) {}

  /// The determinant.
  Value run();

private:
  Value at(Value row, Value column) {
    return memref::LoadOp::create(b, work, ValueRange{matrix, row, column});
  }
  void put(Value value, Value row, Value column) {
    memref::StoreOp::create(b, value, work, ValueRange{matrix, row, column});
  }
  Value findPivot(Value column);
  void swapRows(Value left, Value right);
  void clearBelow(Value column);

  VectorEmitter &b;
  Value work, matrix, size;
};

} // namespace

/// The row of the largest element of a column, on or below the diagonal.
Value Eliminator::findPivot(Value column) {
  Value first = math::AbsFOp::create(b, at(column, column));
  return b.loop(column, size, b.index(1), {column, first},
                [&](Value row, ValueRange best) {
                  Value here = math::AbsFOp::create(b, at(row, column));
                  Value larger = arith::CmpFOp::create(b, CmpFPredicate::OGT,
                                                       here, best[1]);
                  return SmallVector<Value>{
                      arith::SelectOp::create(b, larger, row, best[0]),
                      arith::SelectOp::create(b, larger, here, best[1])};
                })[0];
}

void Eliminator::swapRows(Value left, Value right) {
  b.loop(b.index(0), size, b.index(1), [&](Value column) {
    Value upper = at(left, column), lower = at(right, column);
    put(lower, left, column);
    put(upper, right, column);
  });
}

void Eliminator::clearBelow(Value column) {
  Value one = b.index(1), next = b.add(column, one);
  Value pivot = at(column, column);
  Value zero = arith::ConstantOp::create(b, b.getZeroAttr(pivot.getType()));
  // Without a pivot the column holds zeros, which leave all as it is, and NaN.
  Value none = arith::CmpFOp::create(b, CmpFPredicate::OEQ, pivot, zero);
  b.loop(next, size, one, [&](Value row) {
    Value below = at(row, column);
    Value ratio = arith::SelectOp::create(
        b, none, below, arith::DivFOp::create(b, below, pivot));
    b.loop(next, size, one, [&](Value i) {
      Value less = arith::MulFOp::create(b, ratio, at(column, i));
      put(arith::SubFOp::create(b, at(row, i), less), row, i);
    });
  });
}

Value Eliminator::run() {
  Type element = cast<MemRefType>(work.getType()).getElementType();
  Value start = arith::ConstantOp::create(b, b.getFloatAttr(element, 1));
  return b.loop(b.index(0), size, b.index(1), ValueRange(start),
                [&](Value column, ValueRange product) {
                  Value row = findPivot(column);
                  swapRows(column, row);
                  clearBelow(column);
                  Value pivot = at(column, column);
                  Value same = arith::CmpIOp::create(
                      b, arith::CmpIPredicate::eq, row, column);
                  Value factor = arith::SelectOp::create(
                      b, same, pivot, arith::NegFOp::create(b, pivot));
                  Value next = arith::MulFOp::create(b, product[0], factor);
                  return SmallVector<Value>{next};
                })[0];
}

void emitDeterminant(kernel::DeterminantOp op) {
  VectorEmitter b(op, 1);
  Value work = op.getInit()[0], results = op.getInit()[1];
  Value elements = b.mul(b.dim(work, 1), b.dim(work, 2));
  Value grain =
      b.add(b.div(b.index(4096), b.add(elements, b.index(1))), b.index(1));
  b.parallel(b.dim(work, 0), grain, [&](Value matrix) {
    Value result = Eliminator(b, work, matrix).run();
    memref::StoreOp::create(b, result, results, ValueRange(matrix));
  });
  op.erase();
}

} // namespace attune
