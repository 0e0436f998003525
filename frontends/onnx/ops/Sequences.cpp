// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;

namespace attune {

/// Ends the run unless 0 <= length <= limit for each of `lengths`.
static void checkLengths(onnx::NodeOp node, Lowering &b, Value lengths,
                         Value limit) {
  Type element = elementOf(lengths);
  Value bound = arith::IndexCastOp::create(b, element, limit);
  Value fine = b.generic(
      lengths,
      {b.getMultiDimIdentityMap(1), AffineMap::get(1, 0, b.getContext())},
      b.fill({}, b.constant(b.getI1Type(), 1)),
      {utils::IteratorType::reduction},
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        ImplicitLocOpBuilder s(loc, inner);
        // Unsigned: negative lengths are large.
        Value within =
            arith::CmpIOp::create(s, arith::CmpIPredicate::ule, x[0], bound);
        return arith::AndIOp::create(s, x[1], within);
      });
  b.require(node, b.scalar(fine), "a length is out of range");
}

/// Turns the first elements of each line round, as many as its batch says.
static LogicalResult lowerReverseSequence(onnx::NodeOp node, Lowering &b) {
  Value input = node.getInputs()[0], lengths = node.getInputs()[1];
  int64_t rank = typeOf(input).getRank();
  int64_t batch = fromEnd(node.getInt("batch_axis", 1), rank);
  int64_t time = fromEnd(node.getInt("time_axis", 0), rank);
  if (batch == time || batch < 0 || time < 0 || batch >= rank || time >= rank)
    return node.emitNodeError("requires batch_axis and time_axis to be two "
                              "dimensions of the input");
  if (failed(b.requireEqual(node, b.size(lengths, 0), b.size(input, batch),
                            "numbers of lengths and of batches")))
    return failure();
  checkLengths(node, b, lengths, b.toIndex(b.size(input, time)));
  b.replace(
      node,
      b.compute(b.sizes(input), elementOf(input),
                [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
                  Value length = arith::IndexCastOp::create(
                      s, s.getIndexType(),
                      tensor::ExtractOp::create(s, lengths, ivs[batch]));
                  Value inside = arith::CmpIOp::create(
                      s, arith::CmpIPredicate::slt, ivs[time], length);
                  Value last = arith::SubIOp::create(
                      s, length, arith::ConstantIndexOp::create(s, 1));
                  Value turned = arith::SubIOp::create(s, last, ivs[time]);
                  SmallVector<Value> at(ivs);
                  at[time] =
                      arith::SelectOp::create(s, inside, turned, ivs[time]);
                  return tensor::ExtractOp::create(s, input, at);
                }));
  return success();
}

/// The only element of a constant input as a number.
static std::optional<double> constantNumber(Lowering &b, Value input) {
  std::optional<SmallVector<Value>> known = b.elements(input);
  if (!known || known->size() != 1)
    return std::nullopt;
  FloatAttr real;
  if (matchPattern(known->front(), m_Constant(&real)))
    return real.getValueAsDouble();
  if (std::optional<int64_t> integer = getConstantIntValue(known->front()))
    return static_cast<double>(*integer);
  return std::nullopt;
}

namespace {
struct MelScale {
  int64_t bins, dft;
  double rate, lowest, highest;
};
} // namespace

/// Weights [spectrogram bin][mel bin]: triangles between neighbouring edges.
static SmallVector<double> melWeights(const MelScale &mel) {
  int64_t rows = mel.dft / 2 + 1;
  auto toMel = [](double hertz) { return 2595 * std::log10(1 + hertz / 700); };
  double low = toMel(mel.lowest);
  double step = (toMel(mel.highest) - low) / static_cast<double>(mel.bins + 2);
  SmallVector<int64_t> edges;
  for (int64_t i = 0; i < mel.bins + 2; ++i) {
    double hertz =
        700 * (std::pow(10, (low + static_cast<double>(i) * step) / 2595) - 1);
    edges.push_back(static_cast<int64_t>(
        std::floor(static_cast<double>(mel.dft + 1) * hertz / mel.rate)));
  }
  SmallVector<double> weights(rows * mel.bins, 0);
  auto set = [&](int64_t row, int64_t bin, double value) {
    if (row >= 0 && row < rows)
      weights[row * mel.bins + bin] = value;
  };
  for (int64_t bin = 0; bin < mel.bins; ++bin) {
    int64_t first = edges[bin], centre = edges[bin + 1], end = edges[bin + 2];
    if (first == centre)
      set(centre, bin, 1);
    for (int64_t row = std::max<int64_t>(first, 0);
         row <= std::min(centre, rows) && first != centre; ++row)
      set(row, bin,
          static_cast<double>(row - first) /
              static_cast<double>(centre - first));
    for (int64_t row = std::max<int64_t>(centre, 0);
         row < std::min(end, rows) && end != centre; ++row)
      set(row, bin,
          static_cast<double>(end - row) / static_cast<double>(end - centre));
  }
  return weights;
}

static FailureOr<MelScale> melScaleOf(onnx::NodeOp node, Lowering &b) {
  double given[5];
  for (auto [value, input] : llvm::zip(given, node.getInputs())) {
    std::optional<double> number = constantNumber(b, input);
    if (!number) {
      node.emitNodeError("requires constant inputs");
      return failure();
    }
    value = *number;
  }
  constexpr double limit = 1 << 20;
  if (!(given[0] >= 1 && given[0] <= limit && given[1] >= 1 &&
        given[1] <= limit && given[0] * given[1] <= 16 * limit)) {
    node.emitNodeError("requires positive numbers of bins, at most 2^24 "
                       "weights");
    return failure();
  }
  if (!(given[2] > 0 && given[3] >= 0 && given[3] <= given[4] &&
        given[4] <= given[2] / 2)) {
    node.emitNodeError("requires edges from 0 to half the sample rate, in "
                       "order");
    return failure();
  }
  return MelScale{static_cast<int64_t>(given[0]),
                  static_cast<int64_t>(given[1]), given[2], given[3], given[4]};
}

static LogicalResult lowerMelWeightMatrix(onnx::NodeOp node, Lowering &b) {
  FailureOr<MelScale> mel = melScaleOf(node, b);
  if (failed(mel))
    return failure();
  Type element = elementOf(node.getOutputs()[0]);
  auto type = RankedTensorType::get({mel->dft / 2 + 1, mel->bins}, element);
  SmallVector<Attribute> values;
  for (double weight : melWeights(*mel))
    values.push_back(
        isa<FloatType>(element)
            ? Attribute(b.getFloatAttr(element, weight))
            : b.getIntegerAttr(element, static_cast<int64_t>(weight)));
  b.replace(node,
            arith::ConstantOp::create(b, DenseElementsAttr::get(type, values)));
  return success();
}

void addSequences(LoweringTable &table) {
  table.compute("MelWeightMatrix", lowerMelWeightMatrix);
  table.move("ReverseSequence", lowerReverseSequence);
}

} // namespace attune
