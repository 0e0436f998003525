// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Scalars.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;

namespace attune {

using arith::CmpFPredicate, arith::CmpIPredicate;

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

/// Numbers of bins above this are no spectrogram's.
static constexpr double mostBins = 1 << 20;

static FailureOr<MelScale> melScaleOf(onnx::NodeOp node,
                                      ArrayRef<double> given) {
  constexpr double limit = mostBins;
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

static LogicalResult lowerConstantMel(onnx::NodeOp node, Lowering &b,
                                      ArrayRef<double> given) {
  FailureOr<MelScale> mel = melScaleOf(node, given);
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

namespace {
/// The same for inputs that are known when the model runs; all are f64.
class RunTimeMel {
public:
  RunTimeMel(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}
  LogicalResult lower();

private:
  Value number(double value) { return b.constant(b.getF64Type(), value); }
  void require(Value left, CmpFPredicate predicate, Value right,
               StringRef message) {
    b.require(node, arith::CmpFOp::create(b, predicate, left, right), message);
  }
  void check(ArrayRef<Value> given);
  Value edges(ArrayRef<Value> given, Value bins);

  onnx::NodeOp node;
  Lowering &b;
};
} // namespace

/// NaN fails all of these.
void RunTimeMel::check(ArrayRef<Value> given) {
  for (Value count : given.take_front(2)) {
    require(count, CmpFPredicate::OGE, number(1),
            "requires positive numbers of bins");
    require(count, CmpFPredicate::OLE, number(mostBins),
            "requires at most 2^20 bins");
  }
  require(arith::MulFOp::create(b, given[0], given[1]), CmpFPredicate::OLE,
          number(16 * mostBins), "requires at most 2^24 weights");
  Value half = arith::MulFOp::create(b, given[2], number(0.5));
  constexpr StringLiteral order =
      "requires edges from 0 to half the sample rate, in order";
  require(given[2], CmpFPredicate::OGT, number(0), order);
  require(given[3], CmpFPredicate::OGE, number(0), order);
  require(given[3], CmpFPredicate::OLE, given[4], order);
  require(given[4], CmpFPredicate::OLE, half, order);
}

/// The spectrogram bins where mel bins begin and end.
Value RunTimeMel::edges(ArrayRef<Value> given, Value bins) {
  Value scale = number(2595), corner = number(700), one = number(1);
  auto toMel = [&](Value hertz) -> Value {
    Value ratio = arith::DivFOp::create(b, hertz, corner);
    Value sum = arith::AddFOp::create(b, one, ratio);
    return arith::MulFOp::create(b, scale, math::Log10Op::create(b, sum));
  };
  Value low = toMel(given[3]);
  Value count = arith::AddFOp::create(b, given[0], number(2));
  Value step = arith::DivFOp::create(
      b, arith::SubFOp::create(b, toMel(given[4]), low), count);
  Value taps = arith::AddFOp::create(b, given[1], one), ten = number(10);
  Value room = arith::AddIOp::create(b, bins, b.constant(b.getIndexType(), 2));
  return b.compute(
      getAsOpFoldResult(room), b.getI64Type(),
      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
        Value index = arith::IndexCastOp::create(s, s.getI64Type(), ivs[0]);
        Value place = arith::SIToFPOp::create(s, s.getF64Type(), index);
        Value mel = arith::AddFOp::create(
            s, low, arith::MulFOp::create(s, place, step));
        Value power =
            math::PowFOp::create(s, ten, arith::DivFOp::create(s, mel, scale));
        Value hertz = arith::MulFOp::create(
            s, corner, arith::SubFOp::create(s, power, one));
        Value bin = arith::DivFOp::create(
            s, arith::MulFOp::create(s, taps, hertz), given[2]);
        return convertScalar(s, math::FloorOp::create(s, bin), s.getI64Type(),
                             false, false);
      });
}

/// The weight of row `at` for the triangle from `first` over `centre` to `end`.
static Value triangleAt(ImplicitLocOpBuilder &s, Value at, Value first,
                        Value centre, Value end) {
  auto real = [&](Value integer) -> Value {
    return arith::SIToFPOp::create(s, s.getF64Type(), integer);
  };
  auto ratio = [&](Value from, Value to, Value whole) -> Value {
    return arith::DivFOp::create(s, real(arith::SubIOp::create(s, to, from)),
                                 real(whole));
  };
  auto compare = [&](CmpIPredicate predicate, Value left, Value right) {
    return arith::CmpIOp::create(s, predicate, left, right).getResult();
  };
  auto both = [&](Value left, Value right) -> Value {
    return arith::AndIOp::create(s, left, right);
  };
  Value zero = arith::ConstantOp::create(s, s.getF64FloatAttr(0));
  Value one = arith::ConstantOp::create(s, s.getF64FloatAttr(1));
  Value up = ratio(first, at, arith::SubIOp::create(s, centre, first));
  Value down = ratio(at, end, arith::SubIOp::create(s, end, centre));
  // A side without width is the centre alone.
  up = arith::SelectOp::create(s, compare(CmpIPredicate::eq, first, centre),
                               one, up);
  Value rises = both(compare(CmpIPredicate::sge, at, first),
                     compare(CmpIPredicate::sle, at, centre));
  Value falls = both(compare(CmpIPredicate::sge, at, centre),
                     compare(CmpIPredicate::slt, at, end));
  return arith::SelectOp::create(s, falls, down,
                                 arith::SelectOp::create(s, rises, up, zero));
}

LogicalResult RunTimeMel::lower() {
  SmallVector<Value> given, counts;
  for (auto [index, input] : llvm::enumerate(node.getInputs())) {
    Value scalar = b.scalar(node, input);
    given.push_back(convertScalar(b, scalar, b.getF64Type(),
                                  isUnsignedInput(node, index), false));
  }
  check(given);
  for (Value count : ArrayRef(given).take_front(2))
    counts.push_back(b.toIndex(
        b.asSize(convertScalar(b, count, b.getI64Type(), false, false))));
  Value places = edges(given, counts[0]);
  Type element = elementOf(node.getOutputs()[0]), index = b.getIndexType();
  Value rows = arith::AddIOp::create(
      b, arith::DivUIOp::create(b, counts[1], b.constant(index, 2)),
      b.constant(index, 1));
  b.replace(
      node,
      b.compute(
          {getAsOpFoldResult(rows), getAsOpFoldResult(counts[0])}, element,
          [&](ImplicitLocOpBuilder &s, ArrayRef<Value> ivs) -> Value {
            Value edge[3];
            for (int64_t i = 0; i < 3; ++i) {
              Value offset = arith::ConstantIndexOp::create(s, i);
              Value at = arith::AddIOp::create(s, ivs[1], offset);
              edge[i] = tensor::ExtractOp::create(s, places, at);
            }
            Value row = arith::IndexCastOp::create(s, s.getI64Type(), ivs[0]);
            return convertScalar(s,
                                 triangleAt(s, row, edge[0], edge[1], edge[2]),
                                 element, false, isUnsignedOutput(node));
          }));
  return success();
}

static LogicalResult lowerMelWeightMatrix(onnx::NodeOp node, Lowering &b) {
  SmallVector<double> given;
  for (Value input : node.getInputs())
    if (std::optional<double> number = constantNumber(b, input))
      given.push_back(*number);
  if (given.size() == node.getInputs().size())
    return lowerConstantMel(node, b, given);
  return RunTimeMel(node, b).lower();
}

void addMelWeights(LoweringTable &table) {
  table.compute("MelWeightMatrix", lowerMelWeightMatrix);
}

} // namespace attune
