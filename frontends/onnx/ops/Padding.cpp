// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Windows.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

Value padConstant(Lowering &b, Value input, ArrayRef<OpFoldResult> low,
                  ArrayRef<OpFoldResult> high, Value value) {
  SmallVector<int64_t> shape;
  for (auto [size, before, after] :
       llvm::zip(typeOf(input).getShape(), low, high)) {
    std::optional<int64_t> first = getConstantIntValue(before);
    std::optional<int64_t> last = getConstantIntValue(after);
    shape.push_back(ShapedType::isDynamic(size) || !first || !last
                        ? ShapedType::kDynamic
                        : size + *first + *last);
  }
  auto type = RankedTensorType::get(shape, elementOf(input));
  return tensor::PadOp::create(b, type, input, low, high, value);
}

/// Where a padded position lies in the input of `size` elements.
static Value sourceOf(ImplicitLocOpBuilder &b, Value position, Value size,
                      StringRef mode) {
  Value zero = arith::ConstantIndexOp::create(b, 0);
  Value one = arith::ConstantIndexOp::create(b, 1);
  Value last = arith::SubIOp::create(b, size, one);
  if (mode == "constant" || mode == "edge")
    return arith::MaxSIOp::create(b, arith::MinSIOp::create(b, position, last),
                                  zero);
  // The input and, if it is mirrored, its image repeat without end.
  Value period = size;
  if (mode == "reflect")
    period =
        arith::MaxSIOp::create(b, arith::AddIOp::create(b, last, last), one);
  Value rest = arith::RemSIOp::create(b, position, period);
  rest = arith::SelectOp::create(
      b, arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero),
      arith::AddIOp::create(b, rest, period), rest);
  if (mode == "wrap")
    return rest;
  return arith::MinSIOp::create(b, rest,
                                arith::SubIOp::create(b, period, rest));
}

namespace {
struct Pads {
  SmallVector<Value> low, sizes; // before, and of the result
  SmallVector<OpFoldResult> high;
  bool isNegative = false;
};
} // namespace

/// Pads of axes that are read from a tensor become pads of all dimensions.
static LogicalResult spreadPads(onnx::NodeOp node, Lowering &b, int64_t rank,
                                SmallVectorImpl<Value> &pads) {
  std::optional<SmallVector<Value>> axes = b.listed(node.getInput(3));
  if (!axes || pads.size() != 2 * axes->size())
    return node.emitNodeError("requires two pads for each axis");
  (void)b.marksOf(node, *axes, rank);
  for (Value &pad : pads)
    pad = b.toIndex(b.asSize(pad));
  SmallVector<Value> none(rank, b.constant(b.getIndexType(), 0));
  ArrayRef<Value> listed = pads;
  SmallVector<Value> all =
      b.atAxes(*axes, listed.take_front(axes->size()), none);
  llvm::append_range(all,
                     b.atAxes(*axes, listed.drop_front(axes->size()), none));
  pads = all;
  return success();
}

/// The pads of every dimension, as listed by an input or an attribute.
static FailureOr<Pads> padsOf(onnx::NodeOp node, Lowering &b, Value input) {
  int64_t rank = typeOf(input).getRank();
  SmallVector<Value> listed;
  if (node.hasInput(1)) {
    std::optional<SmallVector<Value>> known = b.listed(node.getInput(1));
    if (!known) {
      node.emitNodeError("requires a known number of pads");
      return failure();
    }
    listed = *known;
  } else {
    for (int64_t pad : node.getInts("pads").value_or(
             node.getInts("paddings").value_or(SmallVector<int64_t>())))
      listed.push_back(b.constant(b.getI64Type(), pad));
  }
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (node.hasInput(3)) {
    std::optional<SmallVector<int64_t>> given = b.integers(node.getInput(3));
    if (given)
      axes = *given;
    else if (failed(spreadPads(node, b, rank, listed)))
      return failure();
  }
  if (listed.size() != 2 * axes.size()) {
    node.emitNodeError("requires two pads for each axis");
    return failure();
  }
  Pads pads;
  Value zero = b.constant(b.getIndexType(), 0);
  pads.low.assign(rank, zero);
  pads.high.assign(rank, b.getIndexAttr(0));
  for (OpFoldResult size : b.sizes(input))
    pads.sizes.push_back(b.toIndex(size));
  for (auto [i, given] : llvm::enumerate(axes)) {
    int64_t axis = fromEnd(given, rank);
    OpFoldResult low = b.asSize(listed[i]);
    OpFoldResult high = b.asSize(listed[i + axes.size()]);
    pads.low[axis] = b.toIndex(low);
    pads.high[axis] = high;
    pads.isNegative |= getConstantIntValue(low).value_or(-1) < 0 ||
                       getConstantIntValue(high).value_or(-1) < 0;
    pads.sizes[axis] = b.createOrFold<arith::AddIOp>(
        b.createOrFold<arith::AddIOp>(pads.sizes[axis], pads.low[axis]),
        b.toIndex(high));
    if (!getConstantIntValue(pads.sizes[axis]))
      (void)b.requireSize(node, pads.sizes[axis]);
  }
  return pads;
}

/// What is not padded with a constant needs an element to pad with.
static void requireSource(onnx::NodeOp node, Lowering &b, const Pads &pads,
                          ArrayRef<OpFoldResult> own) {
  Value zero = b.constant(b.getIndexType(), 0);
  for (auto [size, padded] : llvm::zip(own, pads.sizes)) {
    if (getConstantIntValue(size).value_or(0) > 0)
      continue;
    auto is = [&](Value value) -> Value {
      return b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::eq, value,
                                           zero);
    };
    Value one = b.constant(b.getI1Type(), 1);
    Value filled = b.createOrFold<arith::XOrIOp>(is(b.toIndex(size)), one);
    b.require(node, b.createOrFold<arith::OrIOp>(filled, is(padded)),
              "an empty dimension can be padded with a constant only");
  }
}

static LogicalResult lowerPad(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  StringRef mode = node.getString("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" &&
      mode != "wrap")
    return node.emitNodeError("the mode '") << mode << "' is not supported";
  FailureOr<Pads> pads = padsOf(node, b, input);
  if (failed(pads))
    return failure();
  Type element = elementOf(input);
  Value value = b.constant(element, node.getFloat("value", 0));
  if (node.hasInput(2))
    value = b.scalar(node, node.getInput(2));
  SmallVector<OpFoldResult> sizes = getAsOpFoldResult(pads->sizes);
  RankedTensorType type = typeOf(input);
  if (mode == "constant" && !pads->isNegative) {
    b.replace(node, padConstant(b, input, getAsOpFoldResult(pads->low),
                                pads->high, value));
    return success();
  }
  if (mode != "constant")
    requireSource(node, b, *pads, b.sizes(input));
  if (llvm::is_contained(type.getShape(), 0)) {
    b.replace(node, b.fill(sizes, value));
    return success();
  }
  SmallVector<Value> bounds;
  for (OpFoldResult size : b.sizes(input))
    bounds.push_back(b.toIndex(size));
  auto body = [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
    SmallVector<Value> at;
    Value inside = arith::ConstantIntOp::create(b, 1, 1);
    for (auto [iv, low, bound] : llvm::zip(ivs, pads->low, bounds)) {
      Value position = arith::SubIOp::create(b, iv, low);
      at.push_back(sourceOf(b, position, bound, mode));
      // Unsigned: positions before the input are large.
      Value within =
          arith::CmpIOp::create(b, arith::CmpIPredicate::ult, position, bound);
      inside = arith::AndIOp::create(b, inside, within);
    }
    Value found = tensor::ExtractOp::create(b, input, at);
    if (mode != "constant")
      return found;
    return arith::SelectOp::create(b, inside, found, value);
  };
  b.replace(node, b.compute(sizes, element, body));
  return success();
}

void addPadding(LoweringTable &table) { table.move("Pad", lowerPad); }

} // namespace attune
