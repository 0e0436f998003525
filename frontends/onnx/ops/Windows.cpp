// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Windows.h"

using namespace mlir;

namespace attune {

/// What auto_pad adds at both ends: as much as makes ceil(size / stride)
/// positions, the odd one at the end or at the beginning.
static void padToSame(Lowering &b, Windows &windows, OpFoldResult size,
                      int64_t dim, bool upper) {
  int64_t stride = windows.strides[dim];
  int64_t reach = (windows.kernel[dim] - 1) * windows.dilations[dim] + 1;
  Type index = b.getIndexType();
  Value by = b.constant(index, stride);
  Value count = b.createOrFold<arith::CeilDivSIOp>(b.toIndex(size), by);
  Value last = b.createOrFold<arith::SubIOp>(count, b.constant(index, 1));
  Value needed = b.createOrFold<arith::AddIOp>(
      b.createOrFold<arith::MulIOp>(last, by), b.constant(index, reach));
  Value total = b.createOrFold<arith::MaxSIOp>(
      b.createOrFold<arith::SubIOp>(needed, b.toIndex(size)),
      b.constant(index, 0));
  Value less = b.createOrFold<arith::DivSIOp>(total, b.constant(index, 2));
  Value more = b.createOrFold<arith::SubIOp>(total, less);
  windows.low.push_back(getAsOpFoldResult(upper ? less : more));
  windows.high.push_back(getAsOpFoldResult(upper ? more : less));
}

/// How often the window fits. With ceil_mode, one that starts inside the input
/// or the pads before it counts even if it ends beyond; then pads grow.
static void countPositions(Lowering &b, Windows &windows, OpFoldResult size,
                           int64_t dim, bool ceil) {
  int64_t stride = windows.strides[dim];
  int64_t reach = (windows.kernel[dim] - 1) * windows.dilations[dim] + 1;
  Type index = b.getIndexType();
  Value one = b.constant(index, 1), by = b.constant(index, stride);
  Value inside = b.createOrFold<arith::AddIOp>(b.toIndex(size),
                                               b.toIndex(windows.low[dim]));
  Value padded =
      b.createOrFold<arith::AddIOp>(inside, b.toIndex(windows.high[dim]));
  Value room = b.createOrFold<arith::SubIOp>(padded, b.constant(index, reach));
  Value steps = ceil ? b.createOrFold<arith::CeilDivSIOp>(room, by)
                     : b.createOrFold<arith::FloorDivSIOp>(room, by);
  if (ceil) {
    Value last = b.createOrFold<arith::SubIOp>(inside, one);
    steps = b.createOrFold<arith::MinSIOp>(
        steps, b.createOrFold<arith::DivSIOp>(last, by));
    Value end = b.createOrFold<arith::AddIOp>(
        b.createOrFold<arith::MulIOp>(steps, by), b.constant(index, reach));
    Value high = b.createOrFold<arith::MaxSIOp>(
        b.createOrFold<arith::SubIOp>(end, inside),
        b.toIndex(windows.high[dim]));
    windows.high[dim] = getAsOpFoldResult(high);
  }
  windows.counts.push_back(
      getAsOpFoldResult(b.createOrFold<arith::AddIOp>(steps, one)));
}

FailureOr<Windows> Windows::of(onnx::NodeOp node, Lowering &b, Value input,
                               ArrayRef<int64_t> kernel) {
  Windows windows;
  int64_t rank = kernel.size();
  SmallVector<int64_t> ones(rank, 1), zeros(2 * rank, 0);
  windows.kernel.assign(kernel.begin(), kernel.end());
  windows.strides = node.getInts("strides").value_or(ones);
  windows.dilations = node.getInts("dilations").value_or(ones);
  SmallVector<int64_t> pads = node.getInts("pads").value_or(zeros);
  StringRef mode = node.getString("auto_pad", "NOTSET");
  if (typeOf(input).getRank() != rank + 2 ||
      static_cast<int64_t>(windows.strides.size()) != rank ||
      static_cast<int64_t>(windows.dilations.size()) != rank ||
      static_cast<int64_t>(pads.size()) != 2 * rank) {
    node.emitNodeError("requires strides, dilations and pads for each spatial "
                       "dimension");
    return failure();
  }
  for (int64_t dim = 0; dim < rank; ++dim) {
    OpFoldResult size = b.size(input, dim + 2);
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
      padToSame(b, windows, size, dim, mode == "SAME_UPPER");
    } else {
      bool valid = mode == "VALID";
      windows.low.push_back(b.getIndexAttr(valid ? 0 : pads[dim]));
      windows.high.push_back(b.getIndexAttr(valid ? 0 : pads[dim + rank]));
    }
    countPositions(b, windows, size, dim, node.getInt("ceil_mode", 0) != 0);
  }
  return windows;
}

Value Windows::pad(Lowering &b, Value input, Value value) const {
  auto isZero = [](OpFoldResult pad) { return isConstantIntValue(pad, 0); };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return input;
  SmallVector<OpFoldResult> before(2, b.getIndexAttr(0)), after(before);
  llvm::append_range(before, low);
  llvm::append_range(after, high);
  return padConstant(b, input, before, after, value);
}

AffineExpr Windows::place(MLIRContext *context, unsigned dim, unsigned position,
                          unsigned inside) const {
  return getAffineDimExpr(position, context) * strides[dim] +
         getAffineDimExpr(inside, context) * dilations[dim];
}

} // namespace attune
