// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Columns.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using arith::CmpIPredicate;

namespace {

/// Blocks over an image, whose sizes are values.
class Columns {
public:
  Columns(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  LogicalResult lower();

private:
  LogicalResult readAttributes(size_t rank);
  LogicalResult check();
  Value countOf(int64_t dim);
  Value elementAt(ImplicitLocOpBuilder &s, ArrayRef<Value> ivs, Value element);

  onnx::NodeOp node;
  Lowering &b;
  SmallVector<int64_t> strides, dilations, pads;
  SmallVector<OpFoldResult> image, block, counts;
  OpFoldResult channels;
  // The same sizes, as values.
  SmallVector<Value> blocks, positions;
  Value elements; // of a block
};

} // namespace

LogicalResult Columns::readAttributes(size_t rank) {
  SmallVector<int64_t> ones(rank, 1), none(2 * rank, 0);
  strides = node.getInts("strides").value_or(ones);
  dilations = node.getInts("dilations").value_or(ones);
  pads = node.getInts("pads").value_or(none);
  if (strides.size() != rank || dilations.size() != rank ||
      pads.size() != 2 * rank ||
      llvm::any_of(strides, [](int64_t stride) { return stride < 1; }))
    return node.emitNodeError("requires strides, dilations and pads for each "
                              "dimension of the image");
  return success();
}

/// How many blocks there are along one dimension.
Value Columns::countOf(int64_t dim) {
  Type index = b.getIndexType();
  Value one = b.constant(index, 1);
  int64_t around = pads[dim] + pads[dim + strides.size()];
  Value padded = b.createOrFold<arith::AddIOp>(b.toIndex(image[dim]),
                                               b.constant(index, around));
  Value reach = b.createOrFold<arith::AddIOp>(
      b.createOrFold<arith::MulIOp>(
          b.createOrFold<arith::SubIOp>(b.toIndex(block[dim]), one),
          b.constant(index, dilations[dim])),
      one);
  Value steps = b.createOrFold<arith::FloorDivSIOp>(
      b.createOrFold<arith::SubIOp>(padded, reach),
      b.constant(index, strides[dim]));
  return b.createOrFold<arith::AddIOp>(steps, one);
}

/// Every place that is read is in range once the numbers of rows and columns
/// are those that the sizes make.
LogicalResult Columns::check() {
  Value input = node.getInputs()[0];
  if (failed(b.requireSome(node, b.sizes(input))) ||
      failed(b.requireSome(node, block)))
    return failure();
  OpFoldResult rows = b.size(input, 1);
  Value one = b.constant(b.getIndexType(), 1);
  elements = b.toIndex(b.product(block));
  // Sizes that overflow may make 0; the comparison below finds them.
  channels = getAsOpFoldResult(b.createOrFold<arith::DivUIOp>(
      b.toIndex(rows), b.createOrFold<arith::MaxUIOp>(elements, one)));
  SmallVector<OpFoldResult> parts = {channels};
  llvm::append_range(parts, block);
  if (failed(b.requireSameCount(node, rows, parts)))
    return failure();
  for (size_t dim = 0; dim < block.size(); ++dim) {
    counts.push_back(b.requireSize(node, countOf(dim)));
    positions.push_back(b.toIndex(counts.back()));
    blocks.push_back(b.toIndex(block[dim]));
  }
  return b.requireSameCount(node, b.size(input, 2), counts);
}

/// What the block's element `element` has for the place `ivs` of the image.
Value Columns::elementAt(ImplicitLocOpBuilder &s, ArrayRef<Value> ivs,
                         Value element) {
  Value none = arith::ConstantIndexOp::create(s, 0), place = none;
  Value exists = arith::ConstantIntOp::create(s, 1, 1), rest = element;
  SmallVector<Value> inside(blocks.size());
  for (size_t dim = blocks.size(); dim-- > 0;) {
    inside[dim] = arith::RemUIOp::create(s, rest, blocks[dim]);
    rest = arith::DivUIOp::create(s, rest, blocks[dim]);
  }
  for (auto [dim, at] : llvm::enumerate(inside)) {
    auto index = [&](int64_t value) -> Value {
      return arith::ConstantIndexOp::create(s, value);
    };
    Value shifted = arith::AddIOp::create(s, ivs[2 + dim], index(pads[dim]));
    Value from = arith::SubIOp::create(
        s, shifted, arith::MulIOp::create(s, at, index(dilations[dim])));
    Value stride = index(strides[dim]);
    Value window = arith::DivSIOp::create(s, from, stride);
    Value fits = arith::CmpIOp::create(
        s, CmpIPredicate::eq, arith::MulIOp::create(s, window, stride), from);
    // Unsigned: blocks before the first are large.
    Value within =
        arith::CmpIOp::create(s, CmpIPredicate::ult, window, positions[dim]);
    exists = arith::AndIOp::create(s, exists,
                                   arith::AndIOp::create(s, fits, within));
    place = arith::AddIOp::create(
        s, arith::MulIOp::create(s, place, positions[dim]), window);
  }
  place = arith::SelectOp::create(s, exists, place, none);
  Value row = arith::AddIOp::create(
      s, arith::MulIOp::create(s, ivs[1], elements), element);
  Value found = tensor::ExtractOp::create(s, node.getInputs()[0],
                                          ValueRange{ivs[0], row, place});
  Value zero = arith::ConstantOp::create(s, s.getZeroAttr(found.getType()));
  return arith::SelectOp::create(s, exists, found, zero);
}

LogicalResult Columns::lower() {
  Value input = node.getInputs()[0];
  std::optional<SmallVector<Value>> sizes = b.listed(node.getInputs()[1]);
  std::optional<SmallVector<Value>> given = b.listed(node.getInputs()[2]);
  if (!sizes || !given || sizes->size() != given->size())
    return node.emitNodeError("requires an image_shape and a block_shape of "
                              "one known length");
  if (failed(readAttributes(sizes->size())))
    return failure();
  for (auto [size, part] : llvm::zip(*sizes, *given)) {
    image.push_back(b.requireSize(node, size));
    block.push_back(b.requireSize(node, part));
  }
  if (failed(check()))
    return failure();
  SmallVector<OpFoldResult> shape = {b.size(input, 0), channels};
  llvm::append_range(shape, image);
  Type type = elementOf(input);
  Value first = b.constant(b.getIndexType(), 0);
  Value step = b.constant(b.getIndexType(), 1);
  auto body = [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
    Value zero = arith::ConstantOp::create(s, s.getZeroAttr(type));
    auto loop = scf::ForOp::create(
        s, first, elements, step, zero,
        [&](OpBuilder &inner, Location loc, Value element, ValueRange sum) {
          ImplicitLocOpBuilder s(loc, inner);
          Value found = elementAt(s, ivs, element), total;
          if (isa<FloatType>(type))
            total = arith::AddFOp::create(s, sum[0], found);
          else
            total = arith::AddIOp::create(s, sum[0], found);
          scf::YieldOp::create(s, total);
        });
    return loop.getResult(0);
  };
  b.replace(node, b.compute(shape, type, body));
  return success();
}

LogicalResult lowerColumns(onnx::NodeOp node, Lowering &b) {
  return Columns(node, b).lower();
}

} // namespace attune
