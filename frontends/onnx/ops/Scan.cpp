// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Control.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

// Stacks of pieces.

Value Stack::start(onnx::NodeOp node, Lowering &b, Value trips) {
  count = trips;
  grows = !count;
  int64_t rank = piece.getRank();
  Value all = node.getOutputs()[output];
  for (int64_t dim = 0; dim < rank; ++dim) {
    OpFoldResult size = b.getIndexAttr(piece.getDimSize(dim));
    if (piece.isDynamicDim(dim))
      size = b.knownSize(all, dim < axis ? dim : dim + 1);
    grows |= !size;
    sizes.push_back(size ? size : b.getIndexAttr(0));
  }
  SmallVector<OpFoldResult> whole = sizes;
  whole.insert(whole.begin() + axis, grows ? OpFoldResult(b.getIndexAttr(0))
                                           : getAsOpFoldResult(count));
  Value empty = b.empty(whole, piece.getElementType());
  if (!grows)
    return empty;
  // The type must hold every length and what pieces turn out to be.
  SmallVector<int64_t> shape(piece.getShape());
  shape.insert(shape.begin() + axis, ShapedType::kDynamic);
  return tensor::CastOp::create(b, piece.clone(shape), empty);
}

Value Stack::insert(Lowering &b, Value part, Value tensor, OpFoldResult at,
                    OpFoldResult length) {
  int64_t rank = piece.getRank() + 1;
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(rank, b.getIndexAttr(1));
  SmallVector<OpFoldResult> lengths = b.sizes(tensor);
  offsets[axis] = at;
  lengths[axis] = length;
  return tensor::InsertSliceOp::create(b, part, tensor, offsets, lengths,
                                       strides);
}

/// A stack of one piece more. One that is empty does not know the sizes yet.
Value Stack::grow(onnx::NodeOp node, Lowering &b, Value tensor, Value part) {
  Value length = b.toIndex(b.size(tensor, axis));
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value isEmpty =
      arith::CmpIOp::create(b, arith::CmpIPredicate::eq, length, zero);
  SmallVector<OpFoldResult> whole = b.sizes(part);
  for (int64_t dim = 0; dim < piece.getRank(); ++dim) {
    if (!piece.isDynamicDim(dim))
      continue;
    Value same = arith::CmpIOp::create(
        b, arith::CmpIPredicate::eq, b.toIndex(whole[dim]),
        b.toIndex(b.size(tensor, dim < axis ? dim : dim + 1)));
    b.require(node, arith::OrIOp::create(b, isEmpty, same),
              "what is stacked must have the same sizes in every trip");
  }
  Value longer = arith::AddIOp::create(b, length, one);
  whole.insert(whole.begin() + axis, longer);
  SmallVector<int64_t> shape(piece.getShape());
  shape.insert(shape.begin() + axis, ShapedType::kDynamic);
  Value empty = b.createOrFold<tensor::CastOp>(
      piece.clone(shape), b.empty(whole, piece.getElementType()));
  OpFoldResult start = b.getIndexAttr(0), single = b.getIndexAttr(1);
  Value old = insert(b, tensor, empty, isReversed ? single : start, length);
  return insert(b, part, old, isReversed ? start : OpFoldResult(length),
                single);
}

Value Stack::add(onnx::NodeOp node, Lowering &b, Value tensor, Value part,
                 Value index) {
  if (grows)
    return grow(node, b, tensor, part);
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    std::optional<int64_t> constant = getConstantIntValue(size);
    shape.push_back(constant.value_or(ShapedType::kDynamic));
    if (!constant)
      (void)b.requireEqual(node, b.size(part, dim), size, "sizes in all trips");
  }
  part = fit(node, b, part, piece.clone(shape));
  if (!part)
    return tensor;
  if (isReversed) {
    Value one = arith::ConstantIndexOp::create(b, 1);
    Value last = arith::SubIOp::create(b, count, one);
    index = arith::SubIOp::create(b, last, index);
  }
  return insert(b, part, tensor, index, b.getIndexAttr(1));
}

void Stack::finish(onnx::NodeOp node, Lowering &b, Value tensor) {
  b.replace(node, tensor, output);
  if (!grows || !count)
    return;
  // MLIR gives a loop's result the type of what the loop starts with, here an
  // empty stack, if there is but one use of it. Two sizes are two uses.
  for (int64_t dim = 0; dim <= piece.getRank(); ++dim) {
    Value size = tensor::DimOp::create(b, tensor, dim);
    Value least = dim == axis ? count : b.constant(b.getIndexType(), 0);
    b.require(node,
              arith::CmpIOp::create(b, arith::CmpIPredicate::sge, size, least),
              "each trip must give a piece");
  }
}

// Scan.

namespace {

/// A Scan while it is being lowered.
class ScanLowering {
public:
  ScanLowering(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  LogicalResult lower();

private:
  LogicalResult prepare();
  LogicalResult findStacks();
  FailureOr<int64_t> axisFrom(StringRef attribute, unsigned index,
                              int64_t rank);
  bool isReversed(StringRef attribute, unsigned index);
  LogicalResult fillBody(scf::ForOp loop);
  Value slice(unsigned index, Value trip);

  onnx::NodeOp node;
  Lowering &b;
  std::optional<GraphCall> graph;
  unsigned states = 0, scanned = 0;
  SmallVector<int64_t> axes;
  Value count;
  SmallVector<Value> start;
  SmallVector<Stack> stacks;
};

} // namespace

FailureOr<int64_t> ScanLowering::axisFrom(StringRef attribute, unsigned index,
                                          int64_t rank) {
  std::optional<SmallVector<int64_t>> all = node.getInts(attribute);
  if (!all)
    return 0;
  int64_t axis = index < all->size() ? fromEnd((*all)[index], rank) : -1;
  if (axis < 0 || axis >= rank)
    return node.emitNodeError("requires ")
           << attribute << " to give an axis of each tensor";
  return axis;
}

bool ScanLowering::isReversed(StringRef attribute, unsigned index) {
  std::optional<SmallVector<int64_t>> all = node.getInts(attribute);
  return all && index < all->size() && (*all)[index] != 0;
}

LogicalResult ScanLowering::prepare() {
  unsigned own = node.getInputs().size() - capturesOf(node);
  int64_t wanted = node.getInt("num_scan_inputs", 0);
  if (wanted < 1 || wanted > own || node.getOutputs().size() < own - wanted)
    return node.emitNodeError("requires num_scan_inputs to be from 1 to the "
                              "number of inputs, and an output for each state");
  scanned = wanted;
  states = own - scanned;
  FailureOr<GraphCall> found = GraphCall::find(node, "body", own);
  if (failed(found) || failed(found->requireResults(node.getOutputs().size())))
    return failure();
  graph = *found;
  for (unsigned i = 0; i < states; ++i) {
    start.push_back(fit(node, b, node.getInputs()[i], graph->argumentType(i)));
    if (!start.back())
      return failure();
  }
  OpFoldResult length;
  for (unsigned i = 0; i < scanned; ++i) {
    Value input = node.getInputs()[states + i];
    FailureOr<int64_t> axis =
        axisFrom("scan_input_axes", i, typeOf(input).getRank());
    if (failed(axis))
      return failure();
    axes.push_back(*axis);
    OpFoldResult size = b.size(input, *axis);
    if (length && failed(b.requireEqual(node, length, size,
                                        "lengths of what is scanned")))
      return failure();
    length = length ? length : size;
  }
  count = b.toIndex(length);
  return findStacks();
}

LogicalResult ScanLowering::findStacks() {
  for (unsigned i = states; i < node.getOutputs().size(); ++i) {
    if (isa<NoneType>(node.getOutputs()[i].getType()))
      continue;
    RankedTensorType piece = graph->resultType(i);
    FailureOr<int64_t> axis =
        axisFrom("scan_output_axes", i - states, piece.getRank() + 1);
    if (failed(axis))
      return failure();
    stacks.push_back(Stack(i, i, piece, *axis,
                           isReversed("scan_output_directions", i - states)));
  }
  return success();
}

/// What a trip gets of one scanned input.
Value ScanLowering::slice(unsigned index, Value trip) {
  Value input = node.getInputs()[states + index];
  if (isReversed("scan_input_directions", index)) {
    Value one = arith::ConstantIndexOp::create(b, 1);
    trip = arith::SubIOp::create(b, arith::SubIOp::create(b, count, one), trip);
  }
  RankedTensorType type = typeOf(input);
  SmallVector<OpFoldResult> offsets(type.getRank(), b.getIndexAttr(0));
  SmallVector<OpFoldResult> strides(type.getRank(), b.getIndexAttr(1));
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  offsets[axes[index]] = trip;
  sizes[axes[index]] = b.getIndexAttr(1);
  SmallVector<int64_t> shape;
  for (auto [dim, size] : llvm::enumerate(sizes))
    if (static_cast<int64_t>(dim) != axes[index])
      shape.push_back(getConstantIntValue(size).value_or(ShapedType::kDynamic));
  Value part = tensor::ExtractSliceOp::create(b, type.clone(shape), input,
                                              offsets, sizes, strides);
  return fit(node, b, part, graph->argumentType(states + index));
}

LogicalResult ScanLowering::fillBody(scf::ForOp loop) {
  OpBuilder::InsertionGuard guard(b);
  Block *body = loop.getBody();
  if (body->mightHaveTerminator())
    body->getTerminator()->erase();
  b.setInsertionPointToEnd(body);
  Value trip = loop.getInductionVar();
  ValueRange carried = loop.getRegionIterArgs();
  SmallVector<Value> arguments(carried.take_front(states)), next;
  for (unsigned i = 0; i < scanned; ++i) {
    arguments.push_back(slice(i, trip));
    if (!arguments.back())
      return failure();
  }
  FailureOr<SmallVector<Value>> results = graph->call(b, arguments);
  if (failed(results))
    return failure();
  SmallVector<Value> added;
  for (auto [stack, tensor] : llvm::zip(stacks, carried.drop_front(states)))
    added.push_back(stack.add(node, b, tensor, (*results)[stack.result], trip));
  // Last: from here on the memory of what came in holds what goes on.
  for (unsigned i = 0; i < states; ++i) {
    FailureOr<Value> carriedOn = carryOn(node, b, (*results)[i], carried[i], i);
    if (failed(carriedOn))
      return failure();
    next.push_back(*carriedOn);
  }
  llvm::append_range(next, added);
  scf::YieldOp::create(b, next);
  return success();
}

LogicalResult ScanLowering::lower() {
  if (failed(prepare()))
    return failure();
  for (Stack &stack : stacks)
    start.push_back(stack.start(node, b, count));
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  auto loop = scf::ForOp::create(b, zero, count, one, start);
  if (failed(fillBody(loop)) || b.takeFailure())
    return failure();
  ValueRange results = loop.getResults();
  for (unsigned i = 0; i < states; ++i)
    b.replace(node, results[i], i);
  for (auto [stack, value] : llvm::zip(stacks, results.drop_front(states)))
    stack.finish(node, b, value);
  return success();
}

LogicalResult lowerScan(onnx::NodeOp node, Lowering &b) {
  return ScanLowering(node, b).lower();
}

} // namespace attune
