// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

static LogicalResult lowerConcat(onnx::NodeOp node, Lowering &b) {
  auto type = typeOf(node.getOutputs()[0]);
  int64_t axis = axisOf(node, type.getRank(), 1);
  SmallVector<Value> list;
  bool known = Lowering::isSmall(type);
  for (Value input : node.getInputs()) {
    std::optional<SmallVector<Value>> own = b.elements(input);
    known = known && own;
    if (known)
      llvm::append_range(list, *own);
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (dim != axis &&
          failed(b.requireEqual(node, b.size(node.getInputs()[0], dim),
                                b.size(input, dim), "sizes off the axis")))
        return failure();
  }
  if (known)
    b.replace(node, b.fromElements(type, list));
  else
    b.replace(node, tensor::ConcatOp::create(b, axis, node.getInputs()));
  return success();
}

namespace {
/// Starts, ends and steps of each dimension, as the file has them.
struct Bounds {
  SmallVector<Value> starts, ends;
  SmallVector<int64_t> axes, steps;
};

/// The same where axes or steps are known at run time only, one value for each
/// dimension.
struct ReadBounds {
  SmallVector<Value> starts, ends, steps;
};

/// What a slice takes of one dimension.
struct Part {
  Value from, length;
};
} // namespace

/// An input that lists integers or, before opset 10, the attribute.
static std::optional<SmallVector<Value>>
listed(onnx::NodeOp node, Lowering &b, unsigned input, StringRef attribute) {
  if (node.getVersion() >= 10)
    return b.listed(node.getInput(input));
  SmallVector<Value> values;
  for (int64_t value : node.getInts(attribute).value_or(SmallVector<int64_t>()))
    values.push_back(arith::ConstantIntOp::create(b, value, 64));
  return values;
}

static FailureOr<Bounds> boundsOf(onnx::NodeOp node, Lowering &b,
                                  int64_t rank) {
  std::optional<SmallVector<Value>> starts = listed(node, b, 1, "starts");
  std::optional<SmallVector<Value>> ends = listed(node, b, 2, "ends");
  size_t count = starts ? starts->size() : 0;
  std::optional<SmallVector<int64_t>> axes =
      llvm::to_vector(llvm::seq<int64_t>(0, count));
  std::optional<SmallVector<int64_t>> steps = SmallVector<int64_t>(count, 1);
  if (node.hasInput(3))
    axes = b.integers(node.getInput(3));
  else if (node.getVersion() < 10 && node.getInts("axes"))
    axes = node.getInts("axes");
  if (node.hasInput(4))
    steps = b.integers(node.getInput(4));
  if (!starts || !ends || !axes || !steps) {
    node.emitNodeError("requires bounds that are computed from sizes, and "
                       "constant axes and steps");
    return failure();
  }
  if (ends->size() != count || axes->size() != count ||
      steps->size() != count || llvm::is_contained(*steps, 0)) {
    node.emitNodeError("requires as many starts, ends, axes and steps, and no "
                       "step of 0");
    return failure();
  }
  for (int64_t &axis : *axes) {
    axis = fromEnd(axis, rank);
    if (axis < 0 || axis >= rank) {
      node.emitNodeError("requires axes below the rank");
      return failure();
    }
  }
  return Bounds{*starts, *ends, *axes, *steps};
}

/// A bound counted from the end if it is negative, and kept in [low, high].
static Value clampBound(Lowering &b, Value bound, Value size, Value low,
                        Value high) {
  Value at = b.toIndex(b.asSize(bound));
  Value zero = b.constant(b.getIndexType(), 0);
  Value negative =
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, at, zero);
  Value wrapped = b.createOrFold<arith::AddIOp>(at, size);
  at = b.createOrFold<arith::SelectOp>(negative, wrapped, at);
  at = b.createOrFold<arith::MaxSIOp>(at, low);
  return b.createOrFold<arith::MinSIOp>(at, high);
}

static Part partOf(Lowering &b, Value start, Value end, int64_t step,
                   Value size) {
  Value zero = b.constant(b.getIndexType(), 0);
  Value low = zero, high = size, from, to;
  if (step < 0) {
    low = b.constant(b.getIndexType(), -1);
    high = b.createOrFold<arith::SubIOp>(size, b.constant(b.getIndexType(), 1));
  }
  from = clampBound(b, start, size, low, high);
  to = clampBound(b, end, size, low, high);
  Value length = step < 0 ? b.createOrFold<arith::SubIOp>(from, to)
                          : b.createOrFold<arith::SubIOp>(to, from);
  length = b.createOrFold<arith::MaxSIOp>(length, zero);
  if (int64_t by = std::abs(step); by > 1)
    length = b.createOrFold<arith::CeilDivSIOp>(
        length, b.constant(b.getIndexType(), by));
  return {from, length};
}

/// A list of sizes stays one.
static bool sliceElements(onnx::NodeOp node, Lowering &b, Value input,
                          ArrayRef<Part> parts, const Bounds &bounds) {
  std::optional<SmallVector<Value>> list = b.elements(input);
  if (!list || typeOf(input).getRank() != 1 || parts.size() != 1)
    return false;
  std::optional<int64_t> from = getConstantIntValue(parts[0].from);
  std::optional<int64_t> count = getConstantIntValue(parts[0].length);
  if (!from || !count)
    return false;
  SmallVector<Value> kept;
  for (int64_t i = 0; i < *count; ++i)
    kept.push_back((*list)[*from + i * bounds.steps[0]]);
  b.replace(node, b.fromElements(
                      RankedTensorType::get({*count}, elementOf(input)), kept));
  return true;
}

/// A part of a tensor. Nothing may stand past the end, not even nothing.
static Value slice(Lowering &b, Value input, ArrayRef<OpFoldResult> offsets,
                   ArrayRef<OpFoldResult> sizes, ArrayRef<int64_t> steps) {
  if (llvm::is_contained(typeOf(input).getShape(), 0) ||
      llvm::any_of(
          sizes, [](OpFoldResult size) { return isConstantIntValue(size, 0); }))
    return b.empty(sizes, elementOf(input));
  return tensor::ExtractSliceOp::create(
      b, input, offsets, sizes, getAsIndexOpFoldResult(b.getContext(), steps));
}

/// Whether axes or steps are read from tensors.
static bool readsSteps(onnx::NodeOp node, Lowering &b) {
  return llvm::any_of(llvm::seq<unsigned>(3, 5), [&](unsigned input) {
    return node.hasInput(input) && !b.integers(node.getInput(input));
  });
}

static FailureOr<ReadBounds> readBounds(onnx::NodeOp node, Lowering &b,
                                        ArrayRef<OpFoldResult> sizes) {
  SmallVector<SmallVector<Value>> given; // starts, ends, axes, steps
  int64_t rank = sizes.size();
  for (unsigned input = 1; input < 5; ++input) {
    SmallVector<Value> &list = given.emplace_back();
    if (node.hasInput(input)) {
      std::optional<SmallVector<Value>> read = b.listed(node.getInput(input));
      if (read)
        list = *read;
    } else {
      for (size_t i = 0; i < given[0].size(); ++i)
        list.push_back(b.constant(b.getIndexType(), input == 3 ? i : 1));
    }
    for (Value &value : list)
      value = b.toIndex(b.asSize(value));
    if (list.size() != given[0].size() || list.empty()) {
      node.emitNodeError("requires as many starts, ends, axes and steps, of a "
                         "number that is known");
      return failure();
    }
  }
  Value zero = b.constant(b.getIndexType(), 0);
  for (Value step : given[3])
    b.require(
        node,
        b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::ne, step, zero),
        "a step must not be 0");
  (void)b.marksOf(node, given[2], rank);
  SmallVector<Value> ends = llvm::map_to_vector(
      sizes, [&](OpFoldResult size) { return b.toIndex(size); });
  SmallVector<Value> none(rank, zero);
  SmallVector<Value> ones(rank, b.constant(b.getIndexType(), 1));
  return ReadBounds{b.atAxes(given[2], given[0], none),
                    b.atAxes(given[2], given[1], ends),
                    b.atAxes(given[2], given[3], ones)};
}

/// What a slice takes if the sign of the step is known at run time only.
static Part readPart(Lowering &b, Value start, Value end, Value step,
                     Value size) {
  Value zero = b.constant(b.getIndexType(), 0);
  Value one = b.constant(b.getIndexType(), 1);
  auto choose = [&](Value condition, Value yes, Value no) -> Value {
    return b.createOrFold<arith::SelectOp>(condition, yes, no);
  };
  auto minus = [&](Value left, Value right) -> Value {
    return b.createOrFold<arith::SubIOp>(left, right);
  };
  Value back =
      b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, step, zero);
  Value low = choose(back, b.constant(b.getIndexType(), -1), zero);
  Value high = choose(back, minus(size, one), size);
  Value from = clampBound(b, start, size, low, high);
  Value to = clampBound(b, end, size, low, high);
  Value length = choose(back, minus(from, to), minus(to, from));
  length = b.createOrFold<arith::MaxSIOp>(length, zero);
  Value by = choose(back, minus(zero, step), step);
  // The lowest step has no opposite.
  by = choose(b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::slt, by, one),
              b.constant(b.getIndexType(), 0x1p62), by);
  length = b.createOrFold<arith::CeilDivSIOp>(length, by);
  return {from, length};
}

/// The elements at `from + i * step`.
static Value pick(Lowering &b, Value input, ArrayRef<OpFoldResult> sizes,
                  ArrayRef<Value> from, ArrayRef<Value> steps) {
  return b.compute(sizes, elementOf(input),
                   [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) -> Value {
                     SmallVector<Value> at;
                     for (auto [iv, first, step] : llvm::zip(ivs, from, steps))
                       at.push_back(arith::AddIOp::create(
                           b, first, arith::MulIOp::create(b, iv, step)));
                     return tensor::ExtractOp::create(b, input, at);
                   });
}

static LogicalResult sliceAsRead(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  SmallVector<OpFoldResult> own = b.sizes(input), sizes;
  FailureOr<ReadBounds> bounds = readBounds(node, b, own);
  if (failed(bounds))
    return failure();
  SmallVector<Value> from;
  for (auto [start, end, step, size] :
       llvm::zip(bounds->starts, bounds->ends, bounds->steps, own)) {
    Part part = readPart(b, start, end, step, b.toIndex(size));
    from.push_back(part.from);
    sizes.push_back(getAsOpFoldResult(part.length));
  }
  b.replace(node, pick(b, input, sizes, from, bounds->steps));
  return success();
}

static LogicalResult lowerSlice(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank();
  if (readsSteps(node, b))
    return sliceAsRead(node, b);
  FailureOr<Bounds> bounds = boundsOf(node, b, rank);
  if (failed(bounds))
    return failure();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  SmallVector<int64_t> steps(rank, 1);
  SmallVector<Part> parts;
  for (auto [axis, start, end, step] :
       llvm::zip(bounds->axes, bounds->starts, bounds->ends, bounds->steps)) {
    Part part = partOf(b, start, end, step, b.toIndex(sizes[axis]));
    parts.push_back(part);
    offsets[axis] = getAsOpFoldResult(part.from);
    sizes[axis] = getAsOpFoldResult(part.length);
    steps[axis] = step;
  }
  if (sliceElements(node, b, input, parts, *bounds))
    return success();
  if (llvm::all_of(steps, [](int64_t step) { return step > 0; })) {
    b.replace(node, slice(b, input, offsets, sizes, steps));
    return success();
  }
  SmallVector<Value> from, by;
  for (auto [offset, step] : llvm::zip(offsets, steps)) {
    from.push_back(b.toIndex(offset));
    by.push_back(b.constant(b.getIndexType(), step));
  }
  b.replace(node, pick(b, input, sizes, from, by));
  return success();
}

/// The parts' sizes along the axis: listed, or equal but for the last one.
static FailureOr<SmallVector<OpFoldResult>>
partSizes(onnx::NodeOp node, Lowering &b, OpFoldResult whole) {
  SmallVector<OpFoldResult> parts;
  unsigned count = node.getOutputs().size();
  if (node.hasInput(1)) {
    std::optional<SmallVector<Value>> listed = b.listed(node.getInput(1));
    if (!listed) {
      node.emitNodeError("requires a known number of parts");
      return failure();
    }
    for (Value part : *listed)
      parts.push_back(b.requireSize(node, part));
  } else if (std::optional<SmallVector<int64_t>> given =
                 node.getInts("split")) {
    parts = getAsIndexOpFoldResult(b.getContext(), *given);
  } else {
    Value size = b.toIndex(whole), zero = b.constant(b.getIndexType(), 0);
    Value chunk = b.createOrFold<arith::CeilDivSIOp>(
        size, b.constant(b.getIndexType(), count));
    Value left = size;
    for (unsigned i = 0; i < count; ++i) {
      Value part = b.createOrFold<arith::MinSIOp>(left, chunk);
      parts.push_back(getAsOpFoldResult(part));
      left = b.createOrFold<arith::MaxSIOp>(
          b.createOrFold<arith::SubIOp>(left, part), zero);
    }
    return parts;
  }
  if (parts.size() != count) {
    node.emitNodeError("requires as many parts as outputs");
    return failure();
  }
  Value sum = b.constant(b.getIndexType(), 0);
  for (OpFoldResult part : parts)
    sum = b.createOrFold<arith::AddIOp>(sum, b.toIndex(part));
  if (failed(b.requireEqual(node, getAsOpFoldResult(sum), whole,
                            "sizes of the parts and the whole")))
    return failure();
  return parts;
}

static LogicalResult lowerSplit(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  int64_t rank = typeOf(input).getRank(), axis = axisOf(node, rank);
  FailureOr<SmallVector<OpFoldResult>> parts =
      partSizes(node, b, b.size(input, axis));
  if (failed(parts))
    return failure();
  SmallVector<OpFoldResult> offsets(rank, b.getIndexAttr(0));
  SmallVector<int64_t> steps(rank, 1);
  SmallVector<OpFoldResult> sizes = b.sizes(input);
  std::optional<SmallVector<Value>> list = b.elements(input);
  Value next = b.constant(b.getIndexType(), 0);
  for (auto [index, part] : llvm::enumerate(*parts)) {
    offsets[axis] = getAsOpFoldResult(next);
    sizes[axis] = part;
    std::optional<int64_t> from = getConstantIntValue(next);
    std::optional<int64_t> count = getConstantIntValue(part);
    next = b.createOrFold<arith::AddIOp>(next, b.toIndex(part));
    Value result;
    if (list && rank == 1 && from && count)
      result = b.fromElements(RankedTensorType::get({*count}, elementOf(input)),
                              ArrayRef<Value>(*list).slice(*from, *count));
    else
      result = slice(b, input, offsets, sizes, steps);
    b.replace(node, result, index);
  }
  return success();
}

void addIndexing(LoweringTable &table) {
  table.move("Concat", lowerConcat);
  table.move("Slice", lowerSlice);
  table.move("Split", lowerSplit);
}

} // namespace attune
