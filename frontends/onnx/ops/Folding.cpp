// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Columns.h"
#include "frontends/onnx/ops/Convolution.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {
/// Windows over an image, seen from the image: each of its elements is the sum
/// of what the windows that hold it have for it.
struct Fold {
  SmallVector<int64_t> kernel, strides, dilations;
  SmallVector<OpFoldResult> low;    // pads before the image
  SmallVector<OpFoldResult> counts; // positions of the window
  SmallVector<OpFoldResult> image;  // its spatial sizes

  int64_t rank() const { return kernel.size(); }
  /// `columns` are [batch, channels, elements of a window, positions].
  Value operator()(Lowering &b, Value columns) const;
};
} // namespace

/// Which window has its element `inside` at `place`, and whether there is one.
static std::pair<Value, Value> windowAt(ImplicitLocOpBuilder &s, Value place,
                                        Value inside, const Fold &fold,
                                        int64_t dim, Value low, Value count) {
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(s, value);
  };
  Value reach = arith::MulIOp::create(s, inside, index(fold.dilations[dim]));
  Value from =
      arith::SubIOp::create(s, arith::AddIOp::create(s, place, low), reach);
  Value window = from, fits = arith::ConstantIntOp::create(s, 1, 1);
  if (fold.strides[dim] > 1) {
    Value stride = index(fold.strides[dim]);
    window = arith::DivSIOp::create(s, from, stride);
    fits =
        arith::CmpIOp::create(s, arith::CmpIPredicate::eq,
                              arith::MulIOp::create(s, window, stride), from);
  }
  // Unsigned: windows before the first are large.
  Value exists =
      arith::CmpIOp::create(s, arith::CmpIPredicate::ult, window, count);
  return {window, arith::AndIOp::create(s, fits, exists)};
}

Value Fold::operator()(Lowering &b, Value columns) const {
  Windows windows;
  windows.kernel = kernel;
  WindowLoops loops(windows);
  Type element = elementOf(columns);
  SmallVector<OpFoldResult> sizes = {b.size(columns, 0), b.size(columns, 1)};
  llvm::append_range(sizes, image);
  SmallVector<OpFoldResult> shape;
  SmallVector<Value> before, all;
  for (int64_t dim = 0; dim < rank(); ++dim) {
    shape.push_back(b.getIndexAttr(kernel[dim]));
    before.push_back(b.toIndex(low[dim]));
    all.push_back(b.toIndex(counts[dim]));
  }
  windows.strides = windows.dilations = SmallVector<int64_t>(rank(), 1);
  SmallVector<AffineMap> maps = loops.maps(b.getContext());
  Value zero = b.constant(element, 0);
  return b.generic(
      b.empty(shape, element), {maps[1], maps[2]}, b.fill(sizes, zero),
      loops.iterators(),
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        auto loop = [&](unsigned index) -> Value {
          return linalg::IndexOp::create(s, index);
        };
        Value first = arith::ConstantIndexOp::create(s, 0);
        Value exists = arith::ConstantIntOp::create(s, 1, 1);
        Value within = first, position = first;
        for (int64_t dim = 0; dim < rank(); ++dim) {
          Value inside = loop(loops.inside(dim));
          auto [window, fits] = windowAt(s, loop(loops.position(dim)), inside,
                                         *this, dim, before[dim], all[dim]);
          exists = arith::AndIOp::create(s, exists, fits);
          Value size = arith::ConstantIndexOp::create(s, kernel[dim]);
          within = arith::AddIOp::create(
              s, arith::MulIOp::create(s, within, size), inside);
          position = arith::AddIOp::create(
              s, arith::MulIOp::create(s, position, all[dim]), window);
        }
        position = arith::SelectOp::create(s, exists, position, first);
        Value found = tensor::ExtractOp::create(
            s, columns, ValueRange{loop(0), loop(1), within, position});
        found = arith::SelectOp::create(s, exists, found, zero);
        if (!isFloat(found))
          return arith::AddIOp::create(s, x[1], found);
        return arith::AddFOp::create(s, x[1], found);
      });
}

/// base + factor * size
static OpFoldResult linear(Lowering &b, OpFoldResult size, int64_t factor,
                           int64_t base) {
  Type index = b.getIndexType();
  return getAsOpFoldResult(b.createOrFold<arith::AddIOp>(
      b.createOrFold<arith::MulIOp>(b.toIndex(size), b.constant(index, factor)),
      b.constant(index, base)));
}

namespace {
/// The attributes of a ConvTranspose.
struct Transposed {
  SmallVector<int64_t> pads, more; // output_padding
  std::optional<SmallVector<int64_t>> wanted;
  StringRef mode;
};
} // namespace

/// The image's size along one dimension, and the pad before it.
static void addSize(Lowering &b, Fold &fold, const Transposed &given,
                    OpFoldResult input, int64_t dim) {
  int64_t stride = fold.strides[dim], rank = fold.rank();
  // What the windows span together, and what lies beyond them.
  int64_t beyond = given.more[dim] +
                   (fold.kernel[dim] - 1) * fold.dilations[dim] + 1 - stride;
  bool same = given.mode == "SAME_UPPER" || given.mode == "SAME_LOWER";
  if (!same && !given.wanted) {
    int64_t low = given.mode == "VALID" ? 0 : given.pads[dim];
    int64_t high = given.mode == "VALID" ? 0 : given.pads[dim + rank];
    fold.low.push_back(b.getIndexAttr(low));
    fold.image.push_back(linear(b, input, stride, beyond - low - high));
    return;
  }
  OpFoldResult size = given.wanted
                          ? OpFoldResult(b.getIndexAttr((*given.wanted)[dim]))
                          : linear(b, input, stride, 0);
  Value total = b.createOrFold<arith::SubIOp>(
      b.toIndex(linear(b, input, stride, beyond)), b.toIndex(size));
  Value half = b.createOrFold<arith::FloorDivSIOp>(
      total, b.constant(b.getIndexType(), 2));
  if (given.mode != "SAME_UPPER")
    half = b.createOrFold<arith::SubIOp>(total, half);
  fold.low.push_back(getAsOpFoldResult(half));
  fold.image.push_back(size);
}

static FailureOr<Fold> foldOf(onnx::NodeOp node, Lowering &b, Value input,
                              Value weight) {
  Fold fold;
  fold.kernel.assign(typeOf(weight).getShape().drop_front(2));
  int64_t rank = fold.rank();
  SmallVector<int64_t> ones(rank, 1), none(2 * rank, 0);
  fold.strides = node.getInts("strides").value_or(ones);
  fold.dilations = node.getInts("dilations").value_or(ones);
  Transposed given;
  given.pads = node.getInts("pads").value_or(none);
  given.more = node.getInts("output_padding").value_or(none);
  given.wanted = node.getInts("output_shape");
  given.mode = node.getString("auto_pad", "NOTSET");
  auto has = [](ArrayRef<int64_t> list, int64_t count) {
    return static_cast<int64_t>(list.size()) >= count;
  };
  // Some exporters list the sizes of all dimensions.
  if (given.wanted && has(*given.wanted, rank + 2))
    given.wanted->erase(given.wanted->begin(), given.wanted->begin() + 2);
  if (typeOf(input).getRank() != rank + 2 || !has(fold.strides, rank) ||
      !has(fold.dilations, rank) || !has(given.pads, 2 * rank) ||
      !has(given.more, rank) || (given.wanted && !has(*given.wanted, rank)) ||
      llvm::any_of(fold.strides, [](int64_t stride) { return stride < 1; })) {
    node.emitNodeError("requires strides, dilations, pads and output_padding "
                       "for each spatial dimension");
    return failure();
  }
  for (int64_t dim = 0; dim < rank; ++dim) {
    fold.counts.push_back(b.size(input, dim + 2));
    addSize(b, fold, given, fold.counts.back(), dim);
  }
  return fold;
}

/// What each input element gives to the elements of its window: [batch,
/// channels, elements of the window, positions].
static Value columnsOf(Lowering &b, Value input, Value weight, const Fold &fold,
                       int64_t groups) {
  RankedTensorType type = typeOf(weight);
  OpFoldResult batch = b.size(input, 0), count = b.getIndexAttr(groups);
  OpFoldResult own = b.getIndexAttr(type.getDimSize(0) / groups);
  OpFoldResult positions = b.product(fold.counts);
  int64_t elements = 1, columns = type.getDimSize(1);
  for (int64_t size : fold.kernel)
    elements *= size;
  OpFoldResult width = b.getIndexAttr(columns * elements);
  AffineExpr g, n, p, c, k;
  bindDims(b.getContext(), g, n, p, c, k);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(5, 0, exprs, b.getContext());
  };
  Value product =
      contract(b, b.reshape(input, {batch, count, own, positions}),
               b.reshape(weight, {count, own, width}), map({n, g, k, p}),
               map({g, k, c}), {count, batch, positions, width});
  // [g, n, p, c] -> [n, g, c, p]
  Value ordered = b.transpose(product, {1, 0, 3, 2});
  return b.reshape(ordered, {batch, b.getIndexAttr(groups * columns),
                             b.getIndexAttr(elements), positions});
}

static LogicalResult lowerConvTranspose(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], weight = node.getInputs()[1];
  RankedTensorType type = typeOf(weight);
  int64_t groups = node.getInt("group", 1);
  if (!type.hasStaticShape() || groups < 1 ||
      typeOf(input).getDimSize(1) != type.getDimSize(0) ||
      type.getDimSize(0) % groups != 0)
    return node.emitNodeError("requires weights of constant sizes that fit the "
                              "channels and groups");
  std::optional<SmallVector<int64_t>> kernel = node.getInts("kernel_shape");
  if (kernel && ArrayRef<int64_t>(*kernel) != type.getShape().drop_front(2))
    return node.emitNodeError("requires a kernel_shape that is the weights'");
  if (failed(b.requireSome(node, b.sizes(input))))
    return failure();
  FailureOr<Fold> fold = foldOf(node, b, input, weight);
  if (failed(fold))
    return failure();
  Value columns = columnsOf(b, input, weight, *fold, groups);
  return finishConvolution(node, b, (*fold)(b, columns), 2);
}

static LogicalResult lowerCol2Im(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0];
  std::optional<SmallVector<Value>> image = b.elements(node.getInputs()[1]);
  std::optional<SmallVector<int64_t>> block = b.integers(node.getInputs()[2]);
  if (!image || !block || typeOf(input).isDynamicDim(1))
    return lowerColumns(node, b);
  if (failed(b.requireSome(node, b.sizes(input))))
    return failure();
  Fold fold;
  fold.kernel = *block;
  int64_t rank = fold.rank(), elements = 1;
  SmallVector<int64_t> ones(rank, 1), none(2 * rank, 0);
  fold.strides = node.getInts("strides").value_or(ones);
  fold.dilations = node.getInts("dilations").value_or(ones);
  SmallVector<int64_t> pads = node.getInts("pads").value_or(none);
  if (static_cast<int64_t>(image->size()) != rank ||
      fold.strides.size() != block->size() ||
      fold.dilations.size() != block->size() ||
      pads.size() != 2 * block->size() ||
      llvm::any_of(fold.strides, [](int64_t stride) { return stride < 1; }) ||
      llvm::any_of(fold.kernel, [](int64_t size) { return size < 1; }))
    return node.emitNodeError("requires a block_shape, strides, dilations and "
                              "pads for each dimension of the image");
  for (int64_t dim = 0; dim < rank; ++dim) {
    elements *= fold.kernel[dim];
    OpFoldResult size = b.asSize((*image)[dim]);
    int64_t reach = (fold.kernel[dim] - 1) * fold.dilations[dim] + 1;
    Value room =
        b.toIndex(linear(b, size, 1, pads[dim] + pads[dim + rank] - reach));
    Value steps = b.createOrFold<arith::FloorDivSIOp>(
        room, b.constant(b.getIndexType(), fold.strides[dim]));
    fold.counts.push_back(linear(b, getAsOpFoldResult(steps), 1, 1));
    fold.low.push_back(b.getIndexAttr(pads[dim]));
    fold.image.push_back(size);
  }
  OpFoldResult positions = b.product(fold.counts);
  // Other rows are a matter of Columns.
  int64_t rows = typeOf(input).getDimSize(1);
  if (elements < 1 || rows % elements != 0)
    return node.emitNodeError("requires a number of rows that is a multiple of "
                              "the block's elements");
  if (failed(b.requireEqual(node, b.size(input, 2), positions,
                            "numbers of columns and of blocks")))
    return failure();
  Value columns =
      b.reshape(input, {b.size(input, 0), b.getIndexAttr(rows / elements),
                        b.getIndexAttr(elements), positions});
  b.replace(node, fold(b, columns));
  return success();
}

void addFolding(LoweringTable &table) {
  table.compute("Col2Im", lowerCol2Im);
  table.compute("ConvTranspose", lowerConvTranspose);
}

} // namespace attune
