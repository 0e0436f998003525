// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/OrderedEmitters.h"

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

namespace {

/// Corners of a box, in order.
struct Box {
  Value low[2], high[2];
};

class Suppressor {
public:
  explicit Suppressor(kernel::SuppressOp op) : op(op), b(op, 1) {}
  void emit();

private:
  Value load(Value memref, ArrayRef<Value> at) {
    return memref::LoadOp::create(b, memref, at);
  }
  Value flag(bool value) { return arith::ConstantIntOp::create(b, value, 1); }
  Box boxAt(Value index);
  Value areaOf(const Box &box);
  Value overlaps(const Box &left, const Box &right);
  Value best();
  void suppress(Value chosen);
  void choose(Value line);

  kernel::SuppressOp op;
  VectorEmitter b;
  Value boxCount, zero, one;
  Value batch, category; // of the line
};

} // namespace

/// The file gives two opposite corners, or the center and the sizes.
Box Suppressor::boxAt(Value index) {
  Value given[4];
  for (int64_t i = 0; i < 4; ++i)
    given[i] = load(op.getBoxes(), {batch, index, b.index(i)});
  Box box;
  for (int64_t dim = 0; dim < 2; ++dim) {
    if (op.getCentered()) {
      Value half = arith::MulFOp::create(b, given[2 + dim], b.scalar(0.5));
      box.low[dim] = arith::SubFOp::create(b, given[dim], half);
      box.high[dim] = arith::AddFOp::create(b, given[dim], half);
      continue;
    }
    Value first = given[dim], second = given[2 + dim];
    box.low[dim] = arith::MinNumFOp::create(b, first, second);
    box.high[dim] = arith::MaxNumFOp::create(b, first, second);
  }
  return box;
}

Value Suppressor::areaOf(const Box &box) {
  return arith::MulFOp::create(
      b, arith::SubFOp::create(b, box.high[0], box.low[0]),
      arith::SubFOp::create(b, box.high[1], box.low[1]));
}

/// Whether the intersection is too large a part of the union.
Value Suppressor::overlaps(const Box &left, const Box &right) {
  Value sides[2];
  for (int dim = 0; dim < 2; ++dim) {
    Value low = arith::MaxNumFOp::create(b, left.low[dim], right.low[dim]);
    Value high = arith::MinNumFOp::create(b, left.high[dim], right.high[dim]);
    sides[dim] = arith::MaxNumFOp::create(
        b, arith::SubFOp::create(b, high, low), b.scalar(0));
  }
  Value common = arith::MulFOp::create(b, sides[0], sides[1]);
  Value both = arith::SubFOp::create(
      b, arith::AddFOp::create(b, areaOf(left), areaOf(right)), common);
  Value ratio = arith::DivFOp::create(b, common, both);
  // Boxes without area give NaN, which is above nothing.
  return arith::CmpFOp::create(b, CmpFPredicate::OGT, ratio,
                               op.getOverlapThreshold());
}

/// The living box of the highest score, or -1.
Value Suppressor::best() {
  Value none = b.index(-1);
  Value lowest = b.scalar(-std::numeric_limits<float>::infinity());
  SmallVector<Value> found = b.loop(
      zero, boxCount, one, {none, lowest},
      [&](Value index, ValueRange carried) {
        Value score = load(op.getScores(), {batch, category, index});
        Value alive = load(op.getAlive(), {batch, category, index});
        Value higher =
            arith::CmpFOp::create(b, CmpFPredicate::OGT, score, carried[1]);
        Value first =
            arith::CmpIOp::create(b, CmpIPredicate::slt, carried[0], zero);
        Value better = arith::AndIOp::create(
            b, alive, arith::OrIOp::create(b, higher, first));
        return SmallVector<Value>{
            arith::SelectOp::create(b, better, index, carried[0]),
            arith::SelectOp::create(b, better, score, carried[1])};
      });
  return found[0];
}

void Suppressor::suppress(Value chosen) {
  Box box = boxAt(chosen);
  b.loop(zero, boxCount, one, [&](Value index) {
    Value alive = load(op.getAlive(), {batch, category, index});
    Value same = arith::CmpIOp::create(b, CmpIPredicate::eq, index, chosen);
    Value gone = arith::OrIOp::create(b, same, overlaps(box, boxAt(index)));
    Value left = arith::AndIOp::create(
        b, alive, arith::XOrIOp::create(b, gone, flag(true)));
    memref::StoreOp::create(b, left, op.getAlive(),
                            ValueRange{batch, category, index});
  });
}

void Suppressor::choose(Value line) {
  Value categories = b.dim(op.getScores(), 1);
  batch = b.div(line, categories);
  category = b.rem(line, categories);
  b.loop(zero, boxCount, one, [&](Value index) {
    Value score = load(op.getScores(), {batch, category, index});
    Value alive = arith::CmpFOp::create(b, CmpFPredicate::OGT, score,
                                        op.getScoreThreshold());
    memref::StoreOp::create(b, alive, op.getAlive(),
                            ValueRange{batch, category, index});
  });
  SmallVector<Value> count = b.loop(
      zero, b.dim(op.getKept(), 2), one, ValueRange{zero},
      [&](Value, ValueRange carried) {
        Value chosen = best();
        Value found =
            arith::CmpIOp::create(b, CmpIPredicate::sge, chosen, zero);
        auto branch = scf::IfOp::create(b, TypeRange(), found, false);
        {
          OpBuilder::InsertionGuard guard(b);
          b.setInsertionPointToStart(&branch.getThenRegion().front());
          Value stored = arith::IndexCastOp::create(b, b.getI64Type(), chosen);
          memref::StoreOp::create(b, stored, op.getKept(),
                                  ValueRange{batch, category, carried[0]});
          suppress(chosen);
        }
        Value next = arith::SelectOp::create(b, found, b.add(carried[0], one),
                                             carried[0]);
        return SmallVector<Value>{next};
      });
  Value total = arith::IndexCastOp::create(b, b.getI64Type(), count[0]);
  memref::StoreOp::create(b, total, op.getCounts(),
                          ValueRange{batch, category});
}

void Suppressor::emit() {
  zero = b.index(0);
  one = b.index(1);
  boxCount = b.dim(op.getScores(), 2);
  Value lines = b.mul(b.dim(op.getScores(), 0), b.dim(op.getScores(), 1));
  b.parallel(lines, one, [&](Value line) { choose(line); });
  op.erase();
}

void emitSuppress(kernel::SuppressOp op) { Suppressor(op).emit(); }

} // namespace attune
