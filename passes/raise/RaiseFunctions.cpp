// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/onnx/Nodes.h"
#include "passes/raise/Passes.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_RAISEFUNCTIONSPASS
#include "passes/raise/Passes.h.inc"

using attn::PolyFunction;

namespace {

/// Puts functions of elements, and what is left to + and *, in a node's place.
class Functions {
public:
  explicit Functions(onnx::NodeOp node) : node(node), builder(node) {}

  /// What takes the place of the node's result, or null.
  Value raise();

private:
  Value function(PolyFunction kind, Value x);
  Value product(Value left, Value right);
  Value quotient(Value left, Value divisor);
  Value power(Value base, double exponent);
  Value powerOf(Value base, unsigned exponent);
  Value swish(Value x);
  Value softmax(Value x);

  onnx::NodeOp node;
  OpBuilder builder;
};

} // namespace

Value Functions::function(PolyFunction kind, Value x) {
  auto op = attn::PolyOp::create(
      builder, node.getLoc(), x.getType(), kind, x, /*range=*/nullptr,
      /*steps=*/nullptr, /*degree=*/nullptr,
      node.getNodeName().empty() ? StringAttr() : node.getNodeNameAttr());
  SmallVector<StringRef> names = onnx::dimNames(x);
  if (!names.empty())
    op->setAttr(onnx::dimsAttr,
                builder.getArrayAttr(builder.getStrArrayAttr(names)));
  return op;
}

Value Functions::product(Value left, Value right) {
  return makeNode(builder, node, "Mul", 14, {left, right}, {}).getOutputs()[0];
}

Value Functions::quotient(Value left, Value divisor) {
  auto root = nodeOf(divisor, "Sqrt");
  Value inverse =
      root ? function(PolyFunction::inverse_sqrt, root.getInputs()[0])
           : function(PolyFunction::inverse, divisor);
  return left ? product(left, inverse) : inverse;
}

Value Functions::powerOf(Value base, unsigned exponent) {
  Value half = exponent < 2 ? Value() : powerOf(base, exponent / 2);
  Value even = half ? product(half, half) : Value();
  if (exponent % 2 == 0)
    return even;
  return even ? product(even, base) : base;
}

Value Functions::power(Value base, double exponent) {
  constexpr double largest = 64;
  if (exponent == 0.5)
    return product(base, function(PolyFunction::inverse_sqrt, base));
  if (exponent == -0.5)
    return function(PolyFunction::inverse_sqrt, base);
  double size = std::abs(exponent);
  // Squares are products anyway.
  if (size != std::trunc(size) || size < 1 || size > largest || exponent == 2)
    return {};
  if (exponent < 0)
    base = function(PolyFunction::inverse, base);
  return powerOf(base, static_cast<unsigned>(size));
}

Value Functions::swish(Value x) {
  if (node.getFloat("alpha", 1) == 1)
    return function(PolyFunction::silu, x);
  Type element = getElementTypeOrSelf(x);
  auto alpha = arith::ConstantOp::create(
      builder, node.getLoc(),
      DenseElementsAttr::get(
          RankedTensorType::get({}, element),
          Attribute(builder.getFloatAttr(element, node.getFloat("alpha", 1)))));
  return product(x, function(PolyFunction::sigmoid, product(x, alpha)));
}

Value Functions::softmax(Value x) {
  RankedTensorType type = typeOf(x);
  int64_t axis = node.getInt("axis", node.getVersion() < 13 ? 1 : -1);
  if (axis < 0)
    axis += type.getRank();
  // Before, everything from the axis on is one dimension.
  if (node.getVersion() < 13 && axis != type.getRank() - 1)
    return {};
  Value powers = function(PolyFunction::exp, x);
  SmallVector<int64_t> shape(type.getShape());
  shape[axis] = 1;
  SmallVector<StringRef> names = onnx::dimNames(x);
  if (!names.empty())
    names[axis] = "";
  auto sums = onnx::NodeOp::create(
      builder, node.getLoc(), ArrayRef<Type>(type.clone(shape)),
      builder.getStringAttr("ReduceSum"), builder.getI64IntegerAttr(11), powers,
      builder.getStringAttr(""), node.getNodeNameAttr(),
      builder.getDictionaryAttr(
          {builder.getNamedAttr("axes", builder.getDenseI64ArrayAttr(axis)),
           builder.getNamedAttr("keepdims", builder.getI64IntegerAttr(1))}),
      names.empty() ? ArrayAttr()
                    : builder.getArrayAttr(builder.getStrArrayAttr(names)));
  return product(powers, function(PolyFunction::inverse, sums.getOutputs()[0]));
}

static std::optional<PolyFunction> functionOf(StringRef op) {
  return llvm::StringSwitch<std::optional<PolyFunction>>(op)
      .Case("Exp", PolyFunction::exp)
      .Case("Erf", PolyFunction::erf)
      .Case("Tanh", PolyFunction::tanh)
      .Case("Sigmoid", PolyFunction::sigmoid)
      .Case("Softplus", PolyFunction::softplus)
      .Case("Mish", PolyFunction::mish)
      .Default(std::nullopt);
}

/// Of a product of x and the sigmoid of x, x; or null.
static Value siluOperand(onnx::NodeOp node) {
  for (Value factor : node.getInputs())
    if (auto sigmoid = nodeOf(factor, "Sigmoid"))
      if (otherOperand(node, factor) == sigmoid.getInputs()[0])
        return sigmoid.getInputs()[0];
  return {};
}

Value Functions::raise() {
  ValueRange inputs = node.getInputs();
  StringRef op = node.getOpType();
  if (op == "Mul") {
    Value x = siluOperand(node);
    return x ? function(PolyFunction::silu, x) : Value();
  }
  if (op == "Div")
    return scalarOf(inputs[1]) ? Value() : quotient(inputs[0], inputs[1]);
  if (op == "Reciprocal")
    return quotient(Value(), inputs[0]);
  if (op == "Sqrt")
    return power(inputs[0], 0.5);
  if (op == "Pow") {
    std::optional<double> exponent = scalarOf(inputs[1]);
    return exponent ? power(inputs[0], *exponent) : Value();
  }
  if (op == "Swish")
    return swish(inputs[0]);
  if (op == "Softmax")
    return softmax(inputs[0]);
  std::optional<PolyFunction> known = functionOf(op);
  return known ? function(*known, inputs[0]) : Value();
}

/// Whether a node's result depends on more than sizes and weights, where
/// `varying` are the values before it that do.
static bool varies(Operation *op, const DenseSet<Value> &varying) {
  if (isOperator(op, "Shape") || isOperator(op, "Size"))
    return false;
  return llvm::any_of(op->getOperands(),
                      [&](Value operand) { return varying.contains(operand); });
}

static bool isFloatNode(onnx::NodeOp node) {
  if (!node.getDomain().empty() || node.getOutputs().size() != 1)
    return false;
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  return type && isa<Float16Type, BFloat16Type, Float32Type, Float64Type>(
                     type.getElementType());
}

namespace {
struct RaiseFunctions : impl::RaiseFunctionsPassBase<RaiseFunctions> {
  void runOnOperation() override {
    DenseSet<Value> varying;
    SmallVector<onnx::NodeOp> found;
    Block &body = getOperation().getBody().front();
    varying.insert(body.args_begin(), body.args_end());
    for (Operation &op : body) {
      if (!varies(&op, varying))
        continue;
      varying.insert(op.result_begin(), op.result_end());
      auto node = dyn_cast<onnx::NodeOp>(op);
      if (node && isFloatNode(node))
        found.push_back(node);
    }
    // Users first: a quotient looks for the root that it divides by.
    for (onnx::NodeOp node : llvm::reverse(found)) {
      if (node.use_empty())
        continue;
      if (Value raised = Functions(node).raise()) {
        node.getOutputs()[0].replaceAllUsesWith(raised);
        node.erase();
      }
    }
    eraseUnused(getOperation());
  }
};
} // namespace
} // namespace attune
