// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Nodes.h"
#include "mlir/IR/Matchers.h"
#include "passes/raise/Passes.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_FOLDNODESPASS
#include "passes/raise/Passes.h.inc"

namespace {

/// The elements of a tensor that has few; nothing where one is not known.
/// Doubles hold every float and every integer up to 2^53: larger ones are not
/// known.
using Elements = SmallVector<std::optional<double>>;

class Folder {
public:
  explicit Folder(func::FuncOp graph) : builder(graph.getContext()) {}

  void visit(onnx::NodeOp node);

private:
  std::optional<Elements> elementsOf(Value value);
  std::optional<Elements> evaluate(onnx::NodeOp node);
  void materialize(onnx::NodeOp node, const Elements &elements);

  OpBuilder builder;
  DenseMap<Value, Elements> known;
};

constexpr int64_t limit = 64;

} // namespace

static std::optional<Elements> constantElements(Value value) {
  DenseElementsAttr attribute;
  if (!matchPattern(value, m_Constant(&attribute)) ||
      attribute.getNumElements() > limit)
    return std::nullopt;
  Elements elements;
  if (isa<FloatType>(attribute.getElementType())) {
    for (const APFloat &element : attribute.getValues<APFloat>())
      elements.push_back(element.convertToDouble());
    return elements;
  }
  auto type = dyn_cast<IntegerType>(attribute.getElementType());
  if (!type)
    return std::nullopt;
  bool isUnsigned = type.getWidth() == 1 || type.isUnsigned();
  for (const APInt &element : attribute.getValues<APInt>()) {
    double number = isUnsigned ? static_cast<double>(element.getZExtValue())
                               : static_cast<double>(element.getSExtValue());
    elements.push_back(std::abs(number) < exactInteger ? std::optional(number)
                                                       : std::nullopt);
  }
  return elements;
}

std::optional<Elements> Folder::elementsOf(Value value) {
  auto found = known.find(value);
  return found == known.end() ? constantElements(value) : found->second;
}

static std::optional<double> apply(StringRef op, ArrayRef<double> x,
                                   bool isInteger) {
  if (x.size() == 1)
    return llvm::StringSwitch<std::optional<double>>(op)
        .Case("Sqrt", std::sqrt(x[0]))
        .Case("Reciprocal", 1 / x[0])
        .Case("Neg", -x[0])
        .Case("Floor", std::floor(x[0]))
        .Case("Ceil", std::ceil(x[0]))
        .Case("Not", x[0] == 0)
        .Case("Cast", x[0])
        .Default(std::nullopt);
  if (x.size() == 3 && op == "Where")
    return x[0] != 0 ? x[1] : x[2];
  if (x.size() != 2 || (op == "Div" && isInteger && x[1] == 0))
    return std::nullopt;
  // std::max and std::min would drop a NaN.
  if ((op == "Max" || op == "Min") && (std::isnan(x[0]) || std::isnan(x[1])))
    return std::numeric_limits<double>::quiet_NaN();
  return llvm::StringSwitch<std::optional<double>>(op)
      .Case("Add", x[0] + x[1])
      .Case("Sub", x[0] - x[1])
      .Case("Mul", x[0] * x[1])
      .Case("Div", x[0] / x[1])
      .Case("Pow", std::pow(x[0], x[1]))
      .Case("Max", std::max(x[0], x[1]))
      .Case("Min", std::min(x[0], x[1]))
      .Case("Equal", x[0] == x[1])
      .Case("Less", x[0] < x[1])
      .Case("Greater", x[0] > x[1])
      .Default(std::nullopt);
}

/// The operator on every element; an operand of one element is repeated.
static std::optional<Elements>
applyAll(onnx::NodeOp node, ArrayRef<Elements> operands, int64_t count) {
  Type type = typeOf(node.getOutputs()[0]).getElementType();
  Elements results;
  for (int64_t i = 0; i < count; ++i) {
    SmallVector<double> arguments;
    for (const Elements &operand : operands) {
      if (operand.size() != 1 && static_cast<int64_t>(operand.size()) != count)
        return std::nullopt;
      if (std::optional<double> element = operand[operand.size() == 1 ? 0 : i])
        arguments.push_back(*element);
    }
    std::optional<double> result;
    if (arguments.size() == operands.size())
      result = apply(node.getOpType(), arguments, isa<IntegerType>(type));
    results.push_back(result ? roundedTo(*result, type) : std::nullopt);
  }
  return results;
}

static std::optional<Elements> shapeElements(onnx::NodeOp node) {
  RankedTensorType input = typeOf(node.getInputs()[0]);
  if (!input)
    return std::nullopt;
  int64_t rank = input.getRank();
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + rank : at, 0, rank);
  };
  Elements sizes;
  for (int64_t dim = clamp(node.getInt("start", 0));
       dim < clamp(node.getInt("end", rank)); ++dim)
    sizes.push_back(input.isDynamicDim(dim)
                        ? std::nullopt
                        : std::optional<double>(input.getDimSize(dim)));
  return sizes;
}

std::optional<Elements> Folder::evaluate(onnx::NodeOp node) {
  StringRef op = node.getOpType();
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  // An output that nothing uses has no type.
  if (!type)
    return std::nullopt;
  if (op == "Shape")
    return shapeElements(node);
  if (!type.hasStaticShape() || type.getRank() > 1 ||
      type.getNumElements() > limit)
    return std::nullopt;
  SmallVector<Elements> operands;
  for (Value input : node.getInputs()) {
    std::optional<Elements> elements = elementsOf(input);
    bool shapeOnly = operands.size() >= 1 &&
                     (op == "Gather" || op == "Slice" || op == "Reshape" ||
                      op == "Unsqueeze" || op == "Squeeze");
    if (!elements && !shapeOnly)
      return std::nullopt;
    operands.push_back(elements ? *elements : Elements());
  }
  if (operands.empty())
    return std::nullopt;
  if (op == "Unsqueeze" || op == "Squeeze" || op == "Reshape")
    return operands.front();
  if (op == "Gather" || op == "Slice") {
    // A row of a matrix is no element of a list.
    RankedTensorType list = typeOf(node.getInputs()[0]);
    std::optional<SmallVector<int64_t>> picked;
    if (list && list.getRank() == 1)
      picked = pickedIndices(node, operands.front().size());
    if (!picked)
      return std::nullopt;
    return llvm::map_to_vector(
        *picked, [&](int64_t index) { return operands.front()[index]; });
  }
  if (op == "Concat") {
    Elements all;
    for (const Elements &part : operands)
      llvm::append_range(all, part);
    return all;
  }
  // Nothing is computed for no elements, not even whether the node may run.
  if (type.getNumElements() == 0)
    return std::nullopt;
  return applyAll(node, operands, type.getNumElements());
}

void Folder::materialize(onnx::NodeOp node, const Elements &elements) {
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  if (!type.hasStaticShape() ||
      type.getNumElements() != static_cast<int64_t>(elements.size()) ||
      !llvm::all_of(elements, [](auto element) { return element.has_value(); }))
    return;
  SmallVector<Attribute> values;
  for (std::optional<double> element : elements) {
    if (isa<FloatType>(type.getElementType()))
      values.push_back(builder.getFloatAttr(type.getElementType(), *element));
    else
      values.push_back(builder.getIntegerAttr(type.getElementType(),
                                              static_cast<int64_t>(*element)));
  }
  builder.setInsertionPoint(node);
  Value constant = arith::ConstantOp::create(
      builder, node.getLoc(), DenseElementsAttr::get(type, values));
  node.getOutputs()[0].replaceAllUsesWith(constant);
}

/// Nodes whose result is their input.
static bool changesNothing(onnx::NodeOp node) {
  StringRef op = node.getOpType();
  if (node.getInputs().empty() ||
      node.getInputs()[0].getType() != node.getOutputs()[0].getType())
    return false;
  if (op == "Dropout") {
    // It drops only in training, which is off unless an input says so.
    bool trains = node.hasInput(2) &&
                  integersOf(node.getInput(2)) != SmallVector<int64_t>({0});
    return !trains &&
           (node.getOutputs().size() == 1 || node.getOutputs()[1].use_empty());
  }
  return op == "Cast" || op == "Identity";
}

void Folder::visit(onnx::NodeOp node) {
  if (!node.getDomain().empty() || node.getOutputs().empty())
    return;
  if (changesNothing(node)) {
    node.getOutputs()[0].replaceAllUsesWith(node.getInputs()[0]);
    return;
  }
  std::optional<Elements> elements = evaluate(node);
  if (!elements)
    return;
  known[node.getOutputs()[0]] = *elements;
  materialize(node, *elements);
}

namespace {
struct FoldNodes : impl::FoldNodesPassBase<FoldNodes> {
  void runOnOperation() override {
    Folder folder(getOperation());
    SmallVector<onnx::NodeOp> nodes;
    getOperation().walk([&](onnx::NodeOp node) { nodes.push_back(node); });
    for (onnx::NodeOp node : nodes)
      folder.visit(node);
    eraseUnused(getOperation());
  }
};
} // namespace
} // namespace attune
