// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/LagSums.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace attune::attn {

/// Columns of Toeplitz products at a time, of all heads of an item.
static constexpr int64_t columnsAtOnce = 512;
/// Weights at a time, of all heads of an item, and queries in a block.
static constexpr int64_t weightsAtOnce = int64_t(1) << 22;
static constexpr int64_t mostRows = 64, fewestRows = 8;

static int64_t sizeOf(Value tensor, int64_t dim) {
  return Tensors::typeOf(tensor).getDimSize(dim);
}

WeightedSums LagSums::sums(LagProblem problem) {
  int64_t length = sizeOf(problem.value, 2), head = length / headShare;
  if (!op.usesFourier(length))
    return byBlocks(problem);
  WeightedSums all = byTransforms(problem);
  if (!op.getCausal() || head == 0)
    return all;
  auto cut = [&](Value tensor) {
    return b.slice(tensor, 2, b.getIndexAttr(0), b.getIndexAttr(head));
  };
  Value taps = b.slice(problem.taps, 1, b.getIndexAttr(length - head),
                       b.getIndexAttr(head));
  WeightedSums first =
      sums({cut(problem.query), cut(problem.key), cut(problem.value), taps});
  return {b.insert(first.values, all.values, 2, b.getIndexAttr(0)),
          b.insert(first.weights, all.weights, 2, b.getIndexAttr(0))};
}

Value LagSums::toeplitz(Value columns, Value taps) {
  auto method = ProductMethodAttr::get(b.getContext(), ProductMethod::fourier);
  return ToeplitzOp::create(b, columns.getType(), columns, taps,
                            op.getCausalAttr(), method);
}

/// sum_r q_r * (T (k_r * v)), some features at a time.
Value LagSums::valuesByTransforms(const LagProblem &problem) {
  int64_t features = sizeOf(problem.key, 3), width = sizeOf(problem.value, 3);
  int64_t heads = sizeOf(problem.value, 1), step = 1;
  for (int64_t each = 2; each * width * heads <= columnsAtOnce; ++each)
    if (features % each == 0)
      step = each;
  SmallVector<OpFoldResult> wide = b.sizes(problem.value), flat = wide;
  wide.insert(wide.begin() + 3, b.getIndexAttr(step));
  flat[3] = b.getIndexAttr(step * width);
  AffineMap left = b.pick(5, {0, 1, 2, 3}), right = b.pick(5, {0, 1, 2, 4});
  AffineMap whole = b.getMultiDimIdentityMap(5);
  Value start = b.filled(b.sizes(problem.value), b.getF32Type(), 0);
  auto loop = scf::ForOp::create(b, b.index(0), b.index(features),
                                 b.index(step), ValueRange(start));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  auto cut = [&](Value x) {
    return b.slice(x, 3, loop.getInductionVar(), b.getIndexAttr(step));
  };
  Value columns =
      b.generic({cut(problem.key), problem.value},
                b.empty(wide, b.getF32Type()), {left, right, whole}, {},
                [](ImplicitLocOpBuilder &s, ValueRange x) {
                  return SmallVector<Value>{product(s, x)};
                })
          .front();
  Value mixed = toeplitz(b.reshape(columns, flat), problem.taps);
  Value sum = b.generic({b.reshape(mixed, wide), cut(problem.query)},
                        loop.getRegionIterArg(0), {whole, left, right}, {3},
                        [](ImplicitLocOpBuilder &s, ValueRange x) {
                          Value next = arith::AddFOp::create(
                              s, x[2], product(s, x.take_front(2)));
                          return SmallVector<Value>{next};
                        })
                  .front();
  scf::YieldOp::create(b, sum);
  return loop.getResult(0);
}

WeightedSums LagSums::byTransforms(const LagProblem &problem) {
  Value values = valuesByTransforms(problem);
  AffineMap all = b.getMultiDimIdentityMap(4), rows = b.pick(4, {0, 1, 2});
  Value weights = b.sum({toeplitz(problem.key, problem.taps), problem.query},
                        {all, all, rows}, {3}, product);
  if (!op.getProjection())
    return {values, weights};
  // Rounding may leave sums of positive numbers below what they can be.
  Value floor = b.largest(weights);
  weights = b.elementwise(
      {weights, floor}, {b.getMultiDimIdentityMap(3), b.pick(3, {0, 1})},
      [](ImplicitLocOpBuilder &s, ValueRange x) -> Value {
        Value least = arith::MulFOp::create(s, x[1], constantOf(s, 1e-6f));
        return arith::MaximumFOp::create(s, x[0], least);
      });
  return {values, weights};
}

/// Of `rows` queries from `first` on.
WeightedSums LagSums::block(const LagProblem &problem, OpFoldResult first,
                            int64_t rows) {
  int64_t length = sizeOf(problem.value, 2);
  bool causal = op.getCausal(), isShared = sizeOf(problem.taps, 0) == 1;
  Value begin = b.toIndex(first);
  OpFoldResult seen = b.getIndexAttr(length);
  if (causal)
    seen =
        getAsOpFoldResult(b.createOrFold<arith::AddIOp>(begin, b.index(rows)));
  auto keys = [&](Value tensor) {
    return b.slice(tensor, 2, b.getIndexAttr(0), seen);
  };
  AffineMap pairs = b.pick(5, {0, 1, 2, 3});
  Value products = b.sum(
      {b.slice(problem.query, 2, first, b.getIndexAttr(rows)),
       keys(problem.key)},
      {b.pick(5, {0, 1, 2, 4}), b.pick(5, {0, 1, 3, 4}), pairs}, {4}, product);
  Value weights = b.elementwise(
      products, b.getMultiDimIdentityMap(4),
      [&](ImplicitLocOpBuilder &s, ValueRange x) -> Value {
        auto at = [&](int64_t dim) -> Value {
          return linalg::IndexOp::create(s, dim);
        };
        auto constant = [&](int64_t value) -> Value {
          return arith::ConstantIndexOp::create(s, value);
        };
        Value row = arith::AddIOp::create(s, begin, at(2)), key = at(3);
        Value isEarlier;
        if (causal) {
          isEarlier =
              arith::CmpIOp::create(s, arith::CmpIPredicate::sle, key, row);
          key = arith::MinSIOp::create(s, key, row);
        }
        Value lag = arith::SubIOp::create(
            s, arith::AddIOp::create(s, key, constant(length - 1)), row);
        Value tap =
            elementAt(s, problem.taps, {isShared ? constant(0) : at(1), lag});
        if (causal)
          tap = arith::SelectOp::create(s, isEarlier, tap, constantOf(s, 0));
        return arith::MulFOp::create(s, x[0], tap);
      });
  AffineMap all = b.getMultiDimIdentityMap(4);
  Value values = b.sum(
      {weights, keys(problem.value)},
      {b.pick(5, {0, 1, 2, 4}), b.pick(5, {0, 1, 4, 3}), pairs}, {4}, product);
  Value sums = b.sum(weights, {all, b.pick(4, {0, 1, 2})}, {3},
                     [](ImplicitLocOpBuilder &, ValueRange x) { return x[0]; });
  return {values, sums};
}

WeightedSums LagSums::addBlock(const LagProblem &problem, OpFoldResult first,
                               int64_t rows, WeightedSums into) {
  WeightedSums part = block(problem, first, rows);
  return {b.insert(part.values, into.values, 2, first),
          b.insert(part.weights, into.weights, 2, first)};
}

WeightedSums LagSums::byBlocks(const LagProblem &problem) {
  int64_t length = sizeOf(problem.value, 2), heads = sizeOf(problem.value, 1);
  int64_t rows =
      std::clamp(weightsAtOnce / (heads * length), fewestRows, mostRows);
  rows = std::min(rows, length);
  SmallVector<OpFoldResult> sizes = b.sizes(problem.value);
  WeightedSums all = {b.empty(sizes, b.getF32Type()), {}};
  sizes.pop_back();
  all.weights = b.empty(sizes, b.getF32Type());
  int64_t whole = llvm::alignDown(length, rows);
  auto loop = scf::ForOp::create(b, b.index(0), b.index(whole), b.index(rows),
                                 ValueRange{all.values, all.weights});
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    WeightedSums next =
        addBlock(problem, loop.getInductionVar(), rows,
                 {loop.getRegionIterArg(0), loop.getRegionIterArg(1)});
    scf::YieldOp::create(b, ValueRange{next.values, next.weights});
  }
  all = {loop.getResult(0), loop.getResult(1)};
  if (whole == length)
    return all;
  return addBlock(problem, b.getIndexAttr(whole), length - whole, all);
}

} // namespace attune::attn
