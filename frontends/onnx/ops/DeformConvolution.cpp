// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Convolution.h"
#include "frontends/onnx/ops/Sampling.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {
/// A convolution whose windows' elements are moved by offsets.
struct Deformed {
  onnx::NodeOp node;
  Windows windows;
  int64_t groups, own, offsetGroups, channels;
  SmallVector<Value> sizes; // of the image

  int64_t rank() const { return windows.rank(); }
  Value see(Lowering &b);
  /// One element of what windows see; `ivs` are batch, positions, group,
  /// channel of the group, kernel.
  Value sample(ImplicitLocOpBuilder &s, ArrayRef<Value> ivs);
};
} // namespace

Value Deformed::sample(ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(s, value);
  };
  auto mulAdd = [&](Value left, int64_t right, Value more) -> Value {
    return arith::AddIOp::create(
        s, arith::MulIOp::create(s, left, index(right)), more);
  };
  Value input = node.getInputs()[0], offset = node.getInputs()[2];
  ArrayRef<Value> positions = ivs.slice(1, rank());
  ArrayRef<Value> inside = ivs.take_back(rank());
  Value channel = mulAdd(ivs[1 + rank()], own, ivs[2 + rank()]);
  // The element's number among those of all windows of an offset group.
  Value number =
      arith::DivUIOp::create(s, channel, index(channels / offsetGroups));
  for (auto [iv, size] : llvm::zip(inside, windows.kernel))
    number = mulAdd(number, size, iv);
  SmallVector<Value> lead = {ivs[0], channel}, from = {ivs[0], {}}, at;
  llvm::append_range(from, positions);
  Type element = elementOf(input);
  for (int64_t dim = 0; dim < rank(); ++dim) {
    from[1] = mulAdd(number, rank(), index(dim));
    Value moved = tensor::ExtractOp::create(s, offset, from);
    Value start =
        mulAdd(positions[dim], windows.strides[dim],
               mulAdd(inside[dim], windows.dilations[dim],
                      index(-*getConstantIntValue(windows.low[dim]))));
    Value place = arith::SIToFPOp::create(
        s, element, arith::IndexCastOp::create(s, s.getI64Type(), start));
    at.push_back(arith::AddFOp::create(s, place, moved));
  }
  Value seen = interpolate(s, at, [&](ArrayRef<Value> place) {
    return readOrZero(s, input, lead, place, sizes);
  });
  if (!node.hasInput(4))
    return seen;
  from[1] = number;
  return arith::MulFOp::create(
      s, seen, tensor::ExtractOp::create(s, node.getInput(4), from));
}

Value Deformed::see(Lowering &b) {
  SmallVector<OpFoldResult> all = {b.size(node.getInputs()[0], 0)};
  llvm::append_range(all, windows.counts);
  all.append({b.getIndexAttr(groups), b.getIndexAttr(own)});
  for (int64_t size : windows.kernel)
    all.push_back(b.getIndexAttr(size));
  return b.compute(all, elementOf(node.getInputs()[0]),
                   [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) {
                     return sample(s, ivs);
                   });
}

/// Checks that offsets (or masks) are there for every element of a window.
static LogicalResult checkSizes(const Deformed &deformed, Lowering &b,
                                unsigned input, int64_t each) {
  onnx::NodeOp node = deformed.node;
  Value tensor = node.getInput(input);
  int64_t count = deformed.offsetGroups * each;
  for (int64_t size : deformed.windows.kernel)
    count *= size;
  if (typeOf(tensor).getRank() != deformed.rank() + 2)
    return node.emitNodeError("requires offsets and masks of the input's rank");
  SmallVector<OpFoldResult> wanted = {b.size(node.getInputs()[0], 0),
                                      b.getIndexAttr(count)};
  llvm::append_range(wanted, deformed.windows.counts);
  for (auto [own, size] : llvm::zip(b.sizes(tensor), wanted))
    if (failed(b.requireEqual(node, own, size, "sizes of offsets and windows")))
      return failure();
  return success();
}

static LogicalResult lowerDeformConv(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], weight = node.getInputs()[1];
  if (failed(checkWeights(node, input, weight)))
    return failure();
  if (failed(b.requireSome(node, b.sizes(input))))
    return failure();
  RankedTensorType type = typeOf(weight);
  FailureOr<Windows> windows =
      Windows::of(node, b, input, type.getShape().drop_front(2));
  if (failed(windows))
    return failure();
  int64_t groups = node.getInt("group", 1);
  Deformed deformed = {node,
                       *windows,
                       groups,
                       type.getDimSize(1),
                       node.getInt("offset_group", 1),
                       type.getDimSize(1) * groups,
                       {}};
  if (deformed.offsetGroups < 1 ||
      deformed.channels % deformed.offsetGroups != 0)
    return node.emitNodeError("requires an offset_group that divides the "
                              "channels");
  if (failed(checkSizes(deformed, b, 2, windows->rank())) ||
      (node.hasInput(4) && failed(checkSizes(deformed, b, 4, 1))))
    return failure();
  for (int64_t dim = 0; dim < windows->rank(); ++dim)
    deformed.sizes.push_back(b.toIndex(b.size(input, dim + 2)));
  Value result =
      multiplySeen(b, deformed.see(b), weight, windows->counts, groups);
  return finishConvolution(node, b, result, 3);
}

void addDeformConvolution(LoweringTable &table) {
  table.compute("DeformConv", lowerDeformConv);
}

} // namespace attune
