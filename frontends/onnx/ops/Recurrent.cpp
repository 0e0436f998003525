// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"
#include "frontends/onnx/ops/RecurrentActivations.h"
#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {

enum class Layer { rnn, gru, lstm };

/// One RNN, GRU or LSTM node: for each direction, the inputs' products of all
/// steps at once, then the recurrence.
class RecurrentLowering {
public:
  RecurrentLowering(onnx::NodeOp node, Lowering &b, Layer layer)
      : node(node), b(b), layer(layer), gates(layer == Layer::lstm  ? 4
                                              : layer == Layer::gru ? 3
                                                                    : 1),
        stateCount(layer == Layer::lstm ? 2 : 1) {}

  LogicalResult lower();

private:
  using Builder = ImplicitLocOpBuilder;

  LogicalResult read();
  LogicalResult checkLengths();
  Value part(Value tensor, int64_t direction);
  Value rows(Value tensor, int64_t first, int64_t count);
  Value inputs(int64_t direction);
  SmallVector<Value> states(int64_t direction);
  Value parameters(int64_t direction);
  kernel::RecurrenceOp recur(int64_t direction);
  void buildEarly(kernel::RecurrenceOp op);
  void buildCell(kernel::RecurrenceOp op);
  SmallVector<Value> lstm(Builder &b, ValueRange x);
  Value gru(Builder &b, ValueRange x);
  void join(ArrayRef<kernel::RecurrenceOp> ops);
  bool isLinearFirst() { return node.getInt("linear_before_reset", 0) != 0; }
  bool isLate() { return layer == Layer::gru && !isLinearFirst(); }
  bool isBatchFirst() { return node.getInt("layout", 0) != 0; }

  onnx::NodeOp node;
  Lowering &b;
  Layer layer;
  int64_t gates, stateCount;
  int64_t directions = 1, hidden = 0;
  bool firstIsReverse = false;
  Value input; // steps x batch x width
  SmallVector<RecurrentActivation> all;
  ArrayRef<RecurrentActivation> activations; // of the direction
};

} // namespace

static Value add(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::AddFOp::create(b, x, y);
}
static Value multiply(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::MulFOp::create(b, x, y);
}
/// 1 - x
static Value rest(ImplicitLocOpBuilder &b, Value x) {
  Value one = arith::ConstantOp::create(b, b.getFloatAttr(x.getType(), 1));
  return arith::SubFOp::create(b, one, x);
}

LogicalResult RecurrentLowering::read() {
  StringRef direction = node.getString("direction", "forward");
  if (direction != "forward" && direction != "reverse" &&
      direction != "bidirectional")
    return node.emitNodeError("requires the direction forward, reverse or "
                              "bidirectional, but got '")
           << direction << "'";
  directions = direction == "bidirectional" ? 2 : 1;
  firstIsReverse = direction == "reverse";
  RankedTensorType type = typeOf(node.getInputs()[2]);
  RankedTensorType ofInputs = typeOf(node.getInputs()[1]);
  if (type.getRank() != 3 || !type.hasStaticShape() ||
      ofInputs.getRank() != 3 || !ofInputs.hasStaticShape() ||
      type.getDimSize(0) != directions ||
      type.getDimSize(1) != gates * type.getDimSize(2) ||
      ofInputs.getDimSize(0) != directions ||
      ofInputs.getDimSize(1) != type.getDimSize(1))
    return node.emitNodeError("requires weights of constant sizes that fit the "
                              "direction, but got ")
           << ofInputs << " and " << type;
  hidden = type.getDimSize(2);
  if (int64_t given = node.getInt("hidden_size", hidden); given != hidden)
    return node.emitNodeError("requires hidden_size to be that of the weights, "
                              "but got ")
           << given << " and " << hidden;
  static const StringRef ofLstm[] = {"Sigmoid", "Tanh", "Tanh"};
  static const StringRef ofGru[] = {"Sigmoid", "Tanh"};
  static const StringRef ofRnn[] = {"Tanh"};
  ArrayRef<StringRef> defaults = layer == Layer::lstm  ? ArrayRef(ofLstm)
                                 : layer == Layer::gru ? ArrayRef(ofGru)
                                                       : ArrayRef(ofRnn);
  FailureOr<SmallVector<RecurrentActivation>> found =
      recurrentActivations(node, defaults, directions);
  if (failed(found))
    return failure();
  all = *found;
  input = node.getInputs()[0];
  if (typeOf(input).getRank() != 3 ||
      typeOf(input).getDimSize(2) != ofInputs.getDimSize(2))
    return node.emitNodeError("requires an input of rank 3, as wide as its "
                              "weights, but got ")
           << typeOf(input);
  if (isBatchFirst())
    input = b.transpose(input, {1, 0, 2});
  return checkLengths();
}

/// Lengths say where memory ends, so they are checked.
LogicalResult RecurrentLowering::checkLengths() {
  Value lengths = node.getInput(4);
  if (!lengths)
    return success();
  if (failed(b.requireEqual(node, b.size(lengths, 0), b.size(input, 1),
                            "batch sizes")))
    return failure();
  Value steps = b.createOrFold<arith::IndexCastOp>(elementOf(lengths),
                                                   b.toIndex(b.size(input, 0)));
  Value fine = b.generic(
      lengths,
      {b.getMultiDimIdentityMap(1), AffineMap::get(1, 0, b.getContext())},
      b.fill({}, b.constant(b.getI1Type(), 1)), utils::IteratorType::reduction,
      [&](OpBuilder &inner, Location loc, ValueRange x) -> Value {
        // As an unsigned number, what is negative is too large.
        Value inside = arith::CmpIOp::create(
            inner, loc, arith::CmpIPredicate::ule, x[0], steps);
        return arith::AndIOp::create(inner, loc, x[1], inside);
      });
  b.require(node, b.scalar(fine), "a sequence is longer than the input");
  return success();
}

/// What a tensor that has directions first has for one of them.
Value RecurrentLowering::part(Value tensor, int64_t direction) {
  SmallVector<OpFoldResult> sizes = b.sizes(tensor);
  if (directions > 1) {
    SmallVector<OpFoldResult> offsets(sizes.size(), b.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(sizes.size(), b.getIndexAttr(1));
    offsets[0] = b.getIndexAttr(direction);
    sizes[0] = b.getIndexAttr(1);
    tensor = tensor::ExtractSliceOp::create(b, tensor, offsets, sizes, strides);
  }
  return b.reshape(tensor, ArrayRef(sizes).drop_front());
}

Value RecurrentLowering::rows(Value tensor, int64_t first, int64_t count) {
  OpFoldResult offset = b.getIndexAttr(first), size = b.getIndexAttr(count);
  OpFoldResult one = b.getIndexAttr(1);
  return tensor::ExtractSliceOp::create(b, tensor, ArrayRef(offset),
                                        ArrayRef(size), ArrayRef(one));
}

/// Input times weights plus biases, of all steps: steps x batch x gates.
/// Where a gate applies its reset to the product with a bias, that bias is a
/// parameter of the cell.
Value RecurrentLowering::inputs(int64_t direction) {
  AffineExpr t, n, g, k;
  bindDims(b.getContext(), t, n, g, k);
  auto map = [&](ArrayRef<AffineExpr> exprs) {
    return AffineMap::get(4, 0, exprs, b.getContext());
  };
  int64_t width = gates * hidden;
  Value product = contract(
      b, input, part(node.getInputs()[1], direction), map({t, n, k}),
      map({g, k}), {b.size(input, 0), b.size(input, 1), b.getIndexAttr(width)});
  if (!node.hasInput(3))
    return product;
  Value bias = part(node.getInput(3), direction);
  int64_t merged = layer == Layer::gru && isLinearFirst() ? 2 * hidden : width;
  Value ofInput = rows(bias, 0, width), ofState = rows(bias, width, merged);
  if (merged < width) {
    OpFoldResult none = b.getIndexAttr(0), more = b.getIndexAttr(hidden);
    auto padded = tensor::PadOp::create(
        b, RankedTensorType::get({width}, elementOf(bias)), ofState,
        ArrayRef(none), ArrayRef(more), b.constant(elementOf(bias), 0));
    ofState = padded;
  }
  return b.elementwise(node, {product, ofInput, ofState}, elementOf(product),
                       [](OpBuilder &inner, Location loc, ValueRange x) {
                         Builder b(loc, inner);
                         return add(b, add(b, x[0], x[1]), x[2]);
                       });
}

SmallVector<Value> RecurrentLowering::states(int64_t direction) {
  SmallVector<Value> found;
  OpFoldResult sizes[] = {b.size(input, 1), b.getIndexAttr(hidden)};
  for (int64_t i = 0; i < stateCount; ++i) {
    Value initial = node.getInput(5 + i);
    if (!initial) {
      found.push_back(b.fill(sizes, b.constant(elementOf(input), 0)));
      continue;
    }
    if (isBatchFirst())
      initial = b.transpose(initial, {1, 0, 2});
    found.push_back(part(initial, direction));
  }
  return found;
}

/// Peepholes, or the bias inside the reset; rows of `hidden` numbers.
Value RecurrentLowering::parameters(int64_t direction) {
  OpFoldResult width = b.getIndexAttr(hidden);
  if (layer == Layer::lstm && node.hasInput(7))
    return b.reshape(part(node.getInput(7), direction),
                     {b.getIndexAttr(3), width});
  if (layer == Layer::gru && isLinearFirst() && node.hasInput(3))
    return b.reshape(
        rows(part(node.getInput(3), direction), 5 * hidden, hidden),
        {b.getIndexAttr(1), width});
  return {};
}

kernel::RecurrenceOp RecurrentLowering::recur(int64_t direction) {
  Value x = inputs(direction);
  Value weights = b.transpose(part(node.getInputs()[2], direction), {1, 0});
  SmallVector<Value> initial = states(direction), more, lengths, inits;
  if (Value found = parameters(direction))
    more.push_back(found);
  if (Value given = node.getInput(4))
    lengths.push_back(given);
  OpFoldResult steps = b.size(input, 0), batch = b.size(input, 1);
  OpFoldResult width = b.getIndexAttr(hidden);
  inits.push_back(b.empty({steps, batch, width}, elementOf(input)));
  for (int64_t i = 0; i < stateCount + (isLate() ? 2 : 0); ++i)
    inits.push_back(b.empty({batch, width}, elementOf(input)));
  int64_t count = more.empty() ? 0 : typeOf(more.front()).getDimSize(0);
  bool isReverse = firstIsReverse || direction == 1;
  auto op = kernel::RecurrenceOp::create(
      b, ValueRange(inits).getTypes(), x, weights, initial, more, lengths,
      inits, b.getI64IntegerAttr(gates), b.getI64IntegerAttr(count),
      isReverse ? b.getUnitAttr() : UnitAttr());
  int64_t each = all.size() / directions;
  activations = ArrayRef(all).slice(direction * each, each);
  if (isLate())
    buildEarly(op);
  buildCell(op);
  return op;
}

/// Of the reset gate: r * h, which the last gate multiplies, and z.
void RecurrentLowering::buildEarly(kernel::RecurrenceOp op) {
  OpBuilder::InsertionGuard guard(b);
  SmallVector<Type> types(2 * (gates - 1) + 1, elementOf(input));
  Block *body = b.createBlock(&op.getEarly(), {}, types,
                              SmallVector<Location>(types.size(), b.getLoc()));
  ValueRange x = body->getArguments();
  Value z = activations[0].apply(b, add(b, x[0], x[2]));
  Value r = activations[0].apply(b, add(b, x[1], x[3]));
  kernel::YieldOp::create(b, ValueRange{multiply(b, r, x[4]), z});
}

void RecurrentLowering::buildCell(kernel::RecurrenceOp op) {
  OpBuilder::InsertionGuard guard(b);
  int64_t count = (isLate() ? 3 : 2 * gates) + stateCount +
                  static_cast<int64_t>(op.getParameterCount());
  SmallVector<Type> types(count, elementOf(input));
  Block *body = b.createBlock(&op.getCell(), {}, types,
                              SmallVector<Location>(count, b.getLoc()));
  ValueRange x = body->getArguments();
  SmallVector<Value> results;
  if (layer == Layer::lstm)
    results = lstm(b, x);
  else if (layer == Layer::gru)
    results = {gru(b, x)};
  else
    results = {activations[0].apply(b, add(b, x[0], x[1]))};
  kernel::YieldOp::create(b, results);
}

/// Gates in the order i, o, f, c; peepholes in the order i, o, f.
SmallVector<Value> RecurrentLowering::lstm(Builder &b, ValueRange x) {
  Value before = x[9];
  auto sum = [&](int64_t gate) { return add(b, x[gate], x[4 + gate]); };
  auto peep = [&](Value sum, int64_t which, Value cell) {
    return x.size() == 10 ? sum : add(b, sum, multiply(b, x[10 + which], cell));
  };
  const RecurrentActivation &f = activations[0];
  Value in = f.apply(b, peep(sum(0), 0, before));
  Value kept = node.getInt("input_forget", 0) != 0
                   ? rest(b, in)
                   : f.apply(b, peep(sum(2), 2, before));
  Value candidate = activations[1].apply(b, sum(3));
  Value cell = add(b, multiply(b, kept, before), multiply(b, in, candidate));
  Value out = f.apply(b, peep(sum(1), 1, cell));
  // The text of ONNX may be read to clip the cell here; ONNX Runtime does not.
  RecurrentActivation last = activations[2];
  last.clip = 0;
  return {multiply(b, out, last.apply(b, cell)), cell};
}

/// (1 - z) * candidate + z * h, gates in the order z, r, h.
Value RecurrentLowering::gru(Builder &b, ValueRange x) {
  Value z, candidate, before;
  if (isLate()) {
    z = x[2];
    before = x[3];
    candidate = activations[1].apply(b, add(b, x[0], x[1]));
  } else {
    z = activations[0].apply(b, add(b, x[0], x[3]));
    Value r = activations[0].apply(b, add(b, x[1], x[4]));
    before = x[6];
    Value product = x.size() == 7 ? x[5] : add(b, x[5], x[7]);
    candidate = activations[1].apply(b, add(b, x[2], multiply(b, r, product)));
  }
  return add(b, multiply(b, rest(b, z), candidate), multiply(b, z, before));
}

/// Puts the directions side by side.
void RecurrentLowering::join(ArrayRef<kernel::RecurrenceOp> ops) {
  OpFoldResult one = b.getIndexAttr(1);
  for (int64_t output = 0; output < 1 + stateCount; ++output) {
    if (output >= static_cast<int64_t>(node.getOutputs().size()) ||
        isa<NoneType>(node.getOutputs()[output].getType()))
      continue;
    SmallVector<Value> parts;
    int64_t at = output == 0 ? 1 : 0;
    for (kernel::RecurrenceOp op : ops) {
      Value result = op.getResult()[output];
      SmallVector<OpFoldResult> sizes = b.sizes(result);
      sizes.insert(sizes.begin() + at, one);
      parts.push_back(b.reshape(result, sizes));
    }
    Value joined = parts.front();
    if (parts.size() > 1)
      joined = tensor::ConcatOp::create(b, at, parts);
    if (isBatchFirst())
      joined = b.transpose(joined, output == 0 ? ArrayRef<int64_t>{2, 0, 1, 3}
                                               : ArrayRef<int64_t>{1, 0, 2});
    b.replace(node, joined, output);
  }
}

LogicalResult RecurrentLowering::lower() {
  if (failed(read()))
    return failure();
  SmallVector<kernel::RecurrenceOp> ops;
  for (int64_t direction = 0; direction < directions; ++direction)
    ops.push_back(recur(direction));
  join(ops);
  return success();
}

template <Layer layer>
static LogicalResult lowerLayer(onnx::NodeOp node, Lowering &b) {
  return RecurrentLowering(node, b, layer).lower();
}

void addRecurrent(LoweringTable &table) {
  table.compute("GRU", lowerLayer<Layer::gru>);
  table.compute("LSTM", lowerLayer<Layer::lstm>);
  table.compute("RNN", lowerLayer<Layer::rnn>);
}

} // namespace attune
