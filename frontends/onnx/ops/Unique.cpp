// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Compaction.h"
#include "frontends/onnx/ops/Sorting.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpIPredicate;

namespace {

/// Finds equal slices of a tensor. The slices along the axis are the columns of
/// `before x count x behind`; without an axis each element is one.
class Finder {
public:
  Finder(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  void run();

private:
  void setUp();
  Value list(Lowering::IndexBody body) {
    return b.compute(count, b.getI64Type(), body);
  }
  Value integer(ImplicitLocOpBuilder &s, Value index) {
    return s.createOrFold<arith::IndexCastOp>(s.getI64Type(), index);
  }
  Value isLess(ImplicitLocOpBuilder &s, Value left, Value right);
  Value differ(ImplicitLocOpBuilder &s, Value left, Value right);
  Value sort();
  void sortByPosition();
  void replace();

  onnx::NodeOp node;
  Lowering &b;
  Value cube; // before x count x behind
  OpFoldResult before, count, behind;
  SmallVector<OpFoldResult> sizes; // of the input
  int64_t axis = -1;

  // The groups of equal slices, in the order of the result.
  OpFoldResult groups;
  Value first;  // position of each group's first slice
  Value amount; // how many slices each group has
  Value group;  // which group each slice is of
};

} // namespace

void Finder::setUp() {
  Value input = node.getInputs()[0];
  sizes = b.sizes(input);
  before = behind = b.getIndexAttr(1);
  count = b.product(sizes);
  if (node.getNodeAttr("axis")) {
    axis = axisOf(node, static_cast<int64_t>(sizes.size()));
    ArrayRef<OpFoldResult> all = sizes;
    before = b.product(all.take_front(axis));
    count = sizes[axis];
    behind = b.product(all.drop_front(axis + 1));
  }
  cube = b.reshape(input, {before, count, behind});
}

Value Finder::isLess(ImplicitLocOpBuilder &inner, Value left, Value right) {
  Scalar s(inner.getLoc(), inner, node);
  s.isUnsigned |= left.getType().isInteger(1);
  if (isFloat(left) && left.getType().getIntOrFloatBitWidth() < 32)
    for (Value *x : {&left, &right})
      *x = convertScalar(s, *x, s.getF32Type(), false, false);
  return comesFirst(s, left, right, /*largest=*/false);
}

/// Whether two slices have different elements somewhere.
Value Finder::differ(ImplicitLocOpBuilder &s, Value left, Value right) {
  Value zero = arith::ConstantIndexOp::create(s, 0);
  Value one = arith::ConstantIndexOp::create(s, 1);
  auto bound = [&](OpFoldResult size) -> Value {
    return getValueOrCreateConstantIndexOp(s, s.getLoc(), size);
  };
  Value no = arith::ConstantIntOp::create(s, 0, 1);
  auto outer = scf::ForOp::create(
      s, zero, bound(before), one, no,
      [&](OpBuilder &inner, Location loc, Value i, ValueRange carried) {
        auto line = scf::ForOp::create(
            inner, loc, zero, bound(behind), one, carried,
            [&](OpBuilder &innermost, Location loc, Value k, ValueRange found) {
              ImplicitLocOpBuilder s(loc, innermost);
              auto at = [&](Value slice) -> Value {
                return tensor::ExtractOp::create(s, cube,
                                                 ValueRange{i, slice, k});
              };
              Value l = at(left), r = at(right);
              Value here =
                  arith::OrIOp::create(s, isLess(s, l, r), isLess(s, r, l));
              Value result = arith::OrIOp::create(s, found[0], here);
              scf::YieldOp::create(s, result);
            });
        scf::YieldOp::create(inner, loc, line.getResults());
      });
  return outer.getResult(0);
}

/// The positions of the slices in the order of their values.
Value Finder::sort() {
  Value slices = cube;
  if (!isConstantIntValue(before, 1))
    slices = b.transpose(cube, {1, 0, 2});
  Value keys =
      b.reshape(slices, {b.getIndexAttr(1), count, b.multiply(before, behind)});
  Value order = sortedPositions(
      b, keys, count, [&](ImplicitLocOpBuilder &s, Value left, Value right) {
        return isLess(s, left, right);
      });
  return b.reshape(order, {count});
}

/// Takes the groups from the order of their values to that of their first
/// slices.
void Finder::sortByPosition() {
  Value oldFirst = first, oldAmount = amount, oldGroup = group;
  Value flags = b.compute(
      count, b.getI1Type(),
      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
        Value own = positionAt(s, oldGroup, ivs[0]);
        return arith::CmpIOp::create(s, CmpIPredicate::eq,
                                     positionAt(s, oldFirst, own), ivs[0]);
      });
  Marked marked = findMarked(b, flags);
  Value rank = marked.before;
  first = marked.positions;
  Value newFirst = first;
  amount =
      b.compute(groups, b.getI64Type(),
                [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                  Value slice = positionAt(s, newFirst, ivs[0]);
                  return tensor::ExtractOp::create(
                      s, oldAmount, positionAt(s, oldGroup, slice));
                });
  group = list([&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
    Value own = positionAt(s, oldGroup, ivs[0]);
    return tensor::ExtractOp::create(s, rank, positionAt(s, oldFirst, own));
  });
}

void Finder::replace() {
  Type element = elementOf(cube);
  auto pick = [&](ArrayRef<OpFoldResult> shape, unsigned dim) {
    return b.compute(
        shape, element, [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
          SmallVector<Value> at(ivs);
          at[dim] = positionAt(s, first, ivs[dim]);
          return tensor::ExtractOp::create(s, cube, at).getResult();
        });
  };
  Value slices = pick({before, groups, behind}, 1);
  SmallVector<OpFoldResult> shape = {groups};
  if (axis >= 0) {
    shape = sizes;
    shape[axis] = groups;
  }
  b.replace(node, b.reshape(slices, shape), 0);
  auto trimmed = [&](Value values) {
    return b.compute(
        groups, b.getI64Type(),
        [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
          return tensor::ExtractOp::create(s, values, ivs[0]);
        });
  };
  Value lists[] = {Value(), trimmed(first), group, amount};
  for (unsigned output = 1; output < node.getOutputs().size(); ++output)
    b.replace(node, lists[output], output);
}

void Finder::run() {
  setUp();
  Value order = sort();
  Value zero = b.constant(b.getIndexType(), 0);
  Value starts =
      b.compute(count, b.getI1Type(),
                [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                  Value one = arith::ConstantIndexOp::create(s, 1);
                  Value isFirst =
                      arith::CmpIOp::create(s, CmpIPredicate::eq, ivs[0], zero);
                  Value last = arith::SelectOp::create(
                      s, isFirst, zero, arith::SubIOp::create(s, ivs[0], one));
                  Value differs = differ(s, positionAt(s, order, last),
                                         positionAt(s, order, ivs[0]));
                  return arith::OrIOp::create(s, isFirst, differs);
                });
  Marked marked = findMarked(b, starts);
  groups = marked.count;
  // A group ends before the next start.
  Value sorted =
      list([&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
        Value isStart = tensor::ExtractOp::create(s, starts, ivs[0]);
        Value before = tensor::ExtractOp::create(s, marked.before, ivs[0]);
        Value last = arith::SubIOp::create(
            s, before, arith::ConstantIntOp::create(s, 1, 64));
        return arith::SelectOp::create(s, isStart, before, last);
      });
  group = storeAt(b, order, sorted, count);
  Value end = b.toIndex(groups), all = b.toIndex(count);
  amount = b.compute(
      groups, b.getI64Type(),
      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
        Value one = arith::ConstantIndexOp::create(s, 1);
        Value next = arith::AddIOp::create(s, ivs[0], one);
        Value isLast = arith::CmpIOp::create(s, CmpIPredicate::eq, next, end);
        Value stop = arith::SelectOp::create(
            s, isLast, all, positionAt(s, marked.positions, next));
        return integer(
            s, arith::SubIOp::create(s, stop,
                                     positionAt(s, marked.positions, ivs[0])));
      });
  first = b.compute(groups, b.getI64Type(),
                    [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                      return tensor::ExtractOp::create(
                          s, order, positionAt(s, marked.positions, ivs[0]));
                    });
  if (node.getInt("sorted", 1) == 0)
    sortByPosition();
  replace();
}

LogicalResult lowerUnique(onnx::NodeOp node, Lowering &b) {
  Finder(node, b).run();
  return success();
}

} // namespace attune
