// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Resize.h"
#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

FailureOr<ResizeMode> resizeModeOf(onnx::NodeOp node) {
  ResizeMode mode;
  StringRef kind = node.getString("mode", "nearest");
  bool known = kind == "nearest" || kind == "linear" || kind == "cubic";
  mode.kind = kind == "linear"  ? ResizeMode::linear
              : kind == "cubic" ? ResizeMode::cubic
                                : ResizeMode::nearest;
  // Before opset 11 there was one way only.
  bool old = node.getVersion() < 11;
  mode.transform =
      old ? "asymmetric"
          : node.getString("coordinate_transformation_mode", "half_pixel");
  mode.rounding = old ? StringRef(onWholePlaces)
                      : node.getString("nearest_mode", "round_prefer_floor");
  known &= llvm::is_contained({"align_corners", "asymmetric", "half_pixel",
                               "half_pixel_symmetric", "pytorch_half_pixel",
                               "tf_crop_and_resize", "tf_half_pixel_for_nn"},
                              mode.transform);
  known &= old || llvm::is_contained({"ceil", "floor", "round_prefer_ceil",
                                      "round_prefer_floor"},
                                     mode.rounding);
  mode.cubicA = node.getFloat("cubic_coeff_a", -0.75);
  mode.antialias = node.getInt("antialias", 0) != 0;
  mode.excludeOutside = node.getInt("exclude_outside", 0) != 0;
  if (!known || (mode.antialias && mode.kind == ResizeMode::nearest)) {
    node.emitNodeError("the mode '")
        << kind << "' with coordinate_transformation_mode '" << mode.transform
        << "' and nearest_mode '" << mode.rounding
        << (mode.antialias ? "' and antialias" : "'") << " is not supported";
    return failure();
  }
  return mode;
}

/// The elements of a list, known or read when the model runs.
static std::optional<SmallVector<Value>> listOf(Lowering &b, Value tensor) {
  if (!tensor)
    return std::nullopt;
  if (std::optional<SmallVector<Value>> known = b.elements(tensor))
    return known;
  RankedTensorType type = typeOf(tensor);
  if (type.getRank() != 1 || type.isDynamicDim(0) || type.getDimSize(0) > 32)
    return std::nullopt;
  SmallVector<Value> elements;
  for (int64_t i = 0; i < type.getDimSize(0); ++i)
    elements.push_back(tensor::ExtractOp::create(
        b, tensor, ValueRange(b.constant(b.getIndexType(), i))));
  return elements;
}

static Value toF64(Lowering &b, Value number) {
  return convertScalar(b, number, b.getF64Type(), false, false);
}

Value sizeToF64(Lowering &b, OpFoldResult size) {
  return toF64(
      b, b.createOrFold<arith::IndexCastOp>(b.getI64Type(), b.toIndex(size)));
}

static std::optional<double> knownNumber(Value number) {
  FloatAttr attribute;
  if (!matchPattern(number, m_Constant(&attribute)))
    return std::nullopt;
  return attribute.getValueAsDouble();
}

namespace {
/// Finds out how each dimension is resized.
class AxisReader {
public:
  AxisReader(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  FailureOr<SmallVector<ResizeAxis>> read(const ResizeMode &mode);

private:
  LogicalResult readLists();
  LogicalResult byScale(ResizeAxis &axis, Value scale);
  LogicalResult bySize(ResizeAxis &axis, Value size);
  LogicalResult keepRatio(MutableArrayRef<ResizeAxis> all);
  bool changesNothing(const ResizeAxis &axis) const;

  onnx::NodeOp node;
  Lowering &b;
  SmallVector<int64_t> axes;
  std::optional<SmallVector<Value>> scales, sizes, roi;
};
} // namespace

LogicalResult AxisReader::readLists() {
  int64_t rank = typeOf(node.getInputs()[0]).getRank();
  axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (std::optional<SmallVector<int64_t>> given = node.getInts("axes"))
    axes = llvm::map_to_vector(
        *given, [&](int64_t axis) { return fromEnd(axis, rank); });
  bool hasRoi = node.getOpType() == "Resize" && node.getVersion() >= 11;
  if (hasRoi) {
    roi = listOf(b, node.getInput(1));
    scales = listOf(b, node.getInput(2));
    sizes = listOf(b, node.getInput(3));
  } else if (auto list = dyn_cast_or_null<DenseF32ArrayAttr>(
                 node.getNodeAttr("scales"))) {
    scales.emplace();
    for (float scale : list.asArrayRef())
      scales->push_back(b.constant(b.getF32Type(), scale));
  } else {
    scales = listOf(b, node.getInput(1));
  }
  if (scales && scales->empty())
    scales.reset();
  if (sizes && sizes->empty())
    sizes.reset();
  if (!scales == !sizes)
    return node.emitNodeError("requires either scales or sizes, of a constant "
                              "number");
  ArrayRef<Value> given = scales ? *scales : *sizes;
  if (given.size() != axes.size() ||
      llvm::any_of(axes, [&](int64_t a) { return a < 0 || a >= rank; }))
    return node.emitNodeError("requires one scale or size for each axis");
  return success();
}

LogicalResult AxisReader::byScale(ResizeAxis &axis, Value scale) {
  axis.scale = toF64(b, scale);
  axis.knownScale = knownNumber(axis.scale);
  if (axis.knownScale && !(*axis.knownScale > 0 && *axis.knownScale < 1e9))
    return node.emitNodeError("requires positive scales");
  if (axis.knownScale == 1.0) {
    axis.out = axis.in;
    return success();
  }
  if (!axis.knownScale) {
    Value positive =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, axis.scale,
                              b.constant(b.getF64Type(), 0));
    Value bounded =
        arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, axis.scale,
                              b.constant(b.getF64Type(), 1e9));
    b.require(node, arith::AndIOp::create(b, positive, bounded),
              "scales must be positive");
  }
  if (std::optional<int64_t> in = getConstantIntValue(axis.in);
      in && axis.knownScale) {
    axis.out = b.getIndexAttr(
        static_cast<int64_t>(static_cast<double>(*in) * *axis.knownScale));
    return success();
  }
  Value size = arith::MulFOp::create(b, sizeToF64(b, axis.in), axis.scale);
  axis.out = b.asSize(convertScalar(b, size, b.getI64Type(), false, false));
  return success();
}

LogicalResult AxisReader::bySize(ResizeAxis &axis, Value size) {
  axis.out = b.asSize(size);
  Value count = b.toIndex(axis.out);
  b.require(node,
            b.createOrFold<arith::CmpIOp>(arith::CmpIPredicate::sge, count,
                                          b.constant(b.getIndexType(), 0)),
            "sizes must not be negative");
  if (!getConstantIntValue(axis.out) || axis.out == axis.in)
    if (OpFoldResult known = b.knownSize(node.getOutputs()[0], axis.axis))
      axis.out = known;
  std::optional<int64_t> in = getConstantIntValue(axis.in);
  std::optional<int64_t> out = getConstantIntValue(axis.out);
  if (axis.out == axis.in)
    axis.knownScale = 1;
  else if (in && out && *in > 0)
    axis.knownScale = static_cast<double>(*out) / static_cast<double>(*in);
  axis.scale = axis.knownScale
                   ? b.constant(b.getF64Type(), *axis.knownScale)
                   : arith::DivFOp::create(b, sizeToF64(b, axis.out),
                                           sizeToF64(b, axis.in))
                         .getResult();
  return success();
}

/// One scale for all axes: the smallest or the largest that the sizes ask for.
LogicalResult AxisReader::keepRatio(MutableArrayRef<ResizeAxis> all) {
  StringRef policy = node.getString("keep_aspect_ratio_policy", "stretch");
  if (policy == "stretch" || !sizes)
    return success();
  if (policy != "not_larger" && policy != "not_smaller")
    return node.emitNodeError("the keep_aspect_ratio_policy '")
           << policy << "' is not supported";
  Value scale = all.front().scale;
  for (ResizeAxis &axis : all.drop_front())
    scale = policy == "not_larger"
                ? b.createOrFold<arith::MinimumFOp>(scale, axis.scale)
                : b.createOrFold<arith::MaximumFOp>(scale, axis.scale);
  Value half = b.constant(b.getF64Type(), 0.5);
  for (ResizeAxis &axis : all) {
    axis.scale = scale;
    axis.knownScale = knownNumber(scale);
    Value size = b.createOrFold<arith::AddFOp>(
        b.createOrFold<arith::MulFOp>(scale, sizeToF64(b, axis.in)), half);
    if (std::optional<double> known = knownNumber(size))
      axis.out = b.getIndexAttr(static_cast<int64_t>(*known));
    else
      axis.out = b.asSize(convertScalar(b, size, b.getI64Type(), false, false));
  }
  return success();
}

bool AxisReader::changesNothing(const ResizeAxis &axis) const {
  return !axis.roiStart && axis.knownScale == 1.0 &&
         (axis.out == axis.in ||
          (getConstantIntValue(axis.out) &&
           getConstantIntValue(axis.out) == getConstantIntValue(axis.in)));
}

FailureOr<SmallVector<ResizeAxis>> AxisReader::read(const ResizeMode &mode) {
  if (failed(readLists()))
    return failure();
  bool crops = mode.transform == "tf_crop_and_resize";
  if (crops && (!roi || roi->size() != 2 * axes.size())) {
    node.emitNodeError("requires a roi with a start and an end for each axis");
    return failure();
  }
  SmallVector<ResizeAxis> all;
  for (auto [i, dim] : llvm::enumerate(axes)) {
    ResizeAxis &axis = all.emplace_back();
    axis.axis = dim;
    axis.in = b.size(node.getInputs()[0], dim);
    if (failed(scales ? byScale(axis, (*scales)[i])
                      : bySize(axis, (*sizes)[i])))
      return failure();
    if (!crops)
      continue;
    Value start = toF64(b, (*roi)[i]), end = toF64(b, (*roi)[i + axes.size()]);
    if (knownNumber(start) == 0.0 && knownNumber(end) == 1.0 &&
        axis.knownScale == 1.0)
      continue;
    axis.roiStart = start;
    axis.roiEnd = end;
  }
  if (failed(keepRatio(all)))
    return failure();
  llvm::erase_if(all,
                 [&](const ResizeAxis &axis) { return changesNothing(axis); });
  for (const ResizeAxis &axis : all)
    if (!isConstantIntValue(axis.out, 0) &&
        failed(b.requireSome(node, axis.in)))
      return failure();
  return all;
}

FailureOr<SmallVector<ResizeAxis>> resizeAxesOf(onnx::NodeOp node, Lowering &b,
                                                const ResizeMode &mode) {
  return AxisReader(node, b).read(mode);
}

} // namespace attune
