// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/codegen/OrderedEmitters.h"
#include "passes/codegen/Passes.h"

using namespace mlir;

namespace attune {

using arith::CmpIPredicate;

namespace {

/// Sorts or selects within one row. Lists hold positions of items as i64.
class RowSorter {
public:
  RowSorter(VectorEmitter &b, kernel::SortOp op, Value row)
      : b(b), op(op), row(row), zero(b.index(0)), one(b.index(1)),
        count(b.dim(op.getKeys(), 1)), kept(b.dim(op.getInit()[0], 1)) {}

  void run();

private:
  Value compare(CmpIPredicate predicate, Value left, Value right) {
    return b.createOrFold<arith::CmpIOp>(predicate, left, right);
  }
  Value select(Value condition, Value left, Value right) {
    return arith::SelectOp::create(b, condition, left, right);
  }
  Value both(Value left, Value right) {
    return arith::AndIOp::create(b, left, right);
  }
  Value either(Value left, Value right) {
    return arith::OrIOp::create(b, left, right);
  }
  Value invert(Value flag) {
    return arith::XOrIOp::create(b, flag,
                                 arith::ConstantIntOp::create(b, 1, 1));
  }
  Value itemAt(Value list, Value at);
  void put(Value item, Value list, Value at);
  void when(Value condition, llvm::function_ref<void()> body);
  SmallVector<Value>
  repeat(ValueRange start, llvm::function_ref<Value(ValueRange)> goesOn,
         llvm::function_ref<SmallVector<Value>(ValueRange)> body);

  std::pair<Value, Value> order(Value left, Value right, Value place);
  Value precedes(Value left, Value right);
  void sift(Value from, Value end);
  void selectByHeap();
  void mergeRuns(Value from, Value to, Value low, Value width);
  void sortByMerging();

  VectorEmitter &b;
  kernel::SortOp op;
  Value row, zero, one, count, kept;
};

} // namespace

Value RowSorter::itemAt(Value list, Value at) {
  Value item = memref::LoadOp::create(b, list, ValueRange{row, at});
  return arith::IndexCastOp::create(b, b.getIndexType(), item);
}

void RowSorter::put(Value item, Value list, Value at) {
  Value stored = arith::IndexCastOp::create(b, b.getI64Type(), item);
  memref::StoreOp::create(b, stored, list, ValueRange{row, at});
}

void RowSorter::when(Value condition, llvm::function_ref<void()> body) {
  auto branch = scf::IfOp::create(b, TypeRange(), condition, false);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&branch.getThenRegion().front());
  body();
}

SmallVector<Value>
RowSorter::repeat(ValueRange start,
                  llvm::function_ref<Value(ValueRange)> goesOn,
                  llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
  auto loop = scf::WhileOp::create(b, start.getTypes(), start);
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Location> places(start.size(), b.getLoc());
  Block *before =
      b.createBlock(&loop.getBefore(), {}, start.getTypes(), places);
  scf::ConditionOp::create(b, goesOn(before->getArguments()),
                           before->getArguments());
  Block *after = b.createBlock(&loop.getAfter(), {}, start.getTypes(), places);
  scf::YieldOp::create(b, body(after->getArguments()));
  return SmallVector<Value>(loop.getResults());
}

/// Whether the left item comes first at one place of the keys, and the right.
std::pair<Value, Value> RowSorter::order(Value left, Value right, Value place) {
  Block &before = op.getBefore().front();
  auto key = [&](Value item) -> Value {
    return memref::LoadOp::create(b, op.getKeys(),
                                  ValueRange{row, item, place});
  };
  Value l = key(left), r = key(right);
  return {inlineOnPair(b, before, l, r), inlineOnPair(b, before, r, l)};
}

/// A strict order of all items: ties go by position.
Value RowSorter::precedes(Value left, Value right) {
  Value earlier = compare(CmpIPredicate::slt, left, right);
  Value width = b.dim(op.getKeys(), 2);
  if (isConstantIntValue(width, 1)) {
    auto [first, second] = order(left, right, zero);
    return either(first, both(invert(second), earlier));
  }
  Value no = arith::ConstantIntOp::create(b, 0, 1);
  SmallVector<Value> found = repeat(
      {zero, no, no},
      [&](ValueRange state) {
        Value open = invert(either(state[1], state[2]));
        return both(compare(CmpIPredicate::slt, state[0], width), open);
      },
      [&](ValueRange state) {
        auto [first, second] = order(left, right, state[0]);
        return SmallVector<Value>{b.add(state[0], one), first, second};
      });
  return either(found[1], both(invert(found[2]), earlier));
}

/// Moves the item at `from` of the heap down until no item below it comes
/// after it. The root is the item that comes last.
void RowSorter::sift(Value from, Value end) {
  Value heap = op.getInit()[0], item = itemAt(heap, from);
  Value yes = arith::ConstantIntOp::create(b, 1, 1);
  auto childOf = [&](Value at) { return b.add(b.add(at, at), one); };
  SmallVector<Value> place = repeat(
      {from, yes},
      [&](ValueRange state) {
        Value exists = compare(CmpIPredicate::slt, childOf(state[0]), end);
        return both(state[1], exists);
      },
      [&](ValueRange state) {
        Value left = childOf(state[0]);
        Value right = b.min(b.add(left, one), b.sub(end, one));
        Value leftItem = itemAt(heap, left), rightItem = itemAt(heap, right);
        Value isRight = precedes(leftItem, rightItem);
        Value child = select(isRight, right, left);
        Value childItem = select(isRight, rightItem, leftItem);
        Value moves = precedes(item, childItem);
        when(moves, [&] { put(childItem, heap, state[0]); });
        return SmallVector<Value>{select(moves, child, state[0]), moves};
      });
  put(item, heap, place[0]);
}

void RowSorter::selectByHeap() {
  Value heap = op.getInit()[0];
  b.loop(zero, kept, one, [&](Value item) { put(item, heap, item); });
  Value half = b.div(kept, b.index(2)), last = b.sub(kept, one);
  b.loop(zero, half, one,
         [&](Value step) { sift(b.sub(b.sub(half, one), step), kept); });
  // Nothing is compared with the root of an empty heap.
  Value some = compare(CmpIPredicate::sgt, kept, zero);
  b.loop(kept, select(some, count, kept), one, [&](Value item) {
    when(precedes(item, itemAt(heap, zero)), [&] {
      put(item, heap, zero);
      sift(zero, kept);
    });
  });
  b.loop(zero, last, one, [&](Value step) {
    Value end = b.sub(last, step);
    Value worst = itemAt(heap, zero);
    put(itemAt(heap, end), heap, zero);
    put(worst, heap, end);
    sift(zero, end);
  });
}

/// Merges the runs [low, low + width) and [low + width, low + 2 width).
void RowSorter::mergeRuns(Value from, Value to, Value low, Value width) {
  Value scratch = op.getInit()[1];
  Value middle = b.min(b.add(low, width), count);
  Value high = b.min(b.add(middle, width), count);
  Value lastLeft = b.sub(middle, one), lastRight = b.sub(high, one);
  b.loop(low, high, one, {low, middle}, [&](Value at, ValueRange next) {
    Value left = itemAt(scratch, b.add(from, b.min(next[0], lastLeft)));
    Value right = itemAt(scratch, b.add(from, b.min(next[1], lastRight)));
    Value noLeft = compare(CmpIPredicate::sge, next[0], middle);
    Value isRight = both(compare(CmpIPredicate::slt, next[1], high),
                         either(noLeft, precedes(right, left)));
    put(select(isRight, right, left), scratch, b.add(to, at));
    return SmallVector<Value>{select(isRight, next[0], b.add(next[0], one)),
                              select(isRight, b.add(next[1], one), next[1])};
  });
}

void RowSorter::sortByMerging() {
  Value scratch = op.getInit()[1];
  b.loop(zero, count, one, [&](Value item) { put(item, scratch, item); });
  // Two halves of the scratch memory take turns.
  SmallVector<Value> end = repeat(
      {one, zero, count},
      [&](ValueRange state) {
        return compare(CmpIPredicate::slt, state[0], count);
      },
      [&](ValueRange state) {
        Value width = state[0], next = b.add(width, width);
        b.loop(zero, count, next,
               [&](Value low) { mergeRuns(state[1], state[2], low, width); });
        return SmallVector<Value>{next, state[2], state[1]};
      });
  b.loop(zero, kept, one, [&](Value at) {
    put(itemAt(scratch, b.add(end[1], at)), op.getInit()[0], at);
  });
}

void RowSorter::run() {
  Value room = b.dim(op.getInit()[1], 1);
  Value merges = compare(CmpIPredicate::sge, room, b.add(count, count));
  if (std::optional<int64_t> known = getConstantIntValue(merges))
    return *known ? sortByMerging() : selectByHeap();
  when(merges, [&] { sortByMerging(); });
  when(invert(merges), [&] { selectByHeap(); });
}

void emitSort(kernel::SortOp op) {
  VectorEmitter b(op, 1);
  Value rows = b.dim(op.getKeys(), 0), items = b.dim(op.getKeys(), 1);
  Value grain =
      b.add(b.div(b.index(1024), b.add(items, b.index(1))), b.index(1));
  b.parallel(rows, grain, [&](Value row) { RowSorter(b, op, row).run(); });
  op.erase();
}

} // namespace attune
