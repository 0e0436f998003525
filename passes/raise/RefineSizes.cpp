// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Nodes.h"
#include "passes/raise/Passes.h"
#include "passes/raise/SizeReader.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_REFINESIZESPASS
#include "passes/raise/Passes.h.inc"

namespace {

class Refiner {
public:
  explicit Refiner(func::FuncOp graph);

  void visit(onnx::NodeOp node);

private:
  std::optional<Sizes> computeSizes(onnx::NodeOp node);
  std::optional<Sizes> reshape(onnx::NodeOp node);
  std::optional<Sizes> matMul(onnx::NodeOp node);
  std::optional<Sizes> gather(onnx::NodeOp node);
  std::optional<Sizes> gatherRows(onnx::NodeOp node);
  std::optional<Sizes> insertOnes(onnx::NodeOp node);
  std::optional<Sizes> slice(onnx::NodeOp node);
  std::optional<Sizes> concat(onnx::NodeOp node);
  std::optional<Sizes> tile(onnx::NodeOp node);
  std::optional<Sizes> einsum(onnx::NodeOp node);
  std::optional<Sizes> rangeLength(onnx::NodeOp node);
  Sizes broadcastAll(ArrayRef<Sizes> all);
  bool isNameable(const SizeExpr &size) const;
  void refine(onnx::NodeOp node, unsigned output, const Sizes &sizes);
  void refineParts(onnx::NodeOp node);

  Builder builder;
  llvm::StringSet<> entry; // names of the inputs' sizes
  SizeReader reader;
};

} // namespace

Refiner::Refiner(func::FuncOp graph) : builder(graph.getContext()) {
  for (BlockArgument argument : graph.getArguments())
    for (StringRef name : onnx::dimNames(argument))
      if (!name.empty())
        entry.insert(name);
}

std::optional<Sizes> Refiner::reshape(onnx::NodeOp node) {
  std::optional<Sizes> target = reader.elementsOf(node.getInputs()[1]);
  if (!target)
    return std::nullopt;
  Sizes input = SizeReader::sizesOf(node.getInputs()[0]), sizes = *target;
  std::optional<SizeExpr> rest = SizeExpr::of(1);
  auto over = [&](const std::optional<SizeExpr> &size, auto operation) {
    rest = rest && size ? operation(*rest, *size) : std::nullopt;
  };
  for (const std::optional<SizeExpr> &size : input)
    over(size, multiply);
  std::optional<size_t> open;
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    if (size && size->isConstant(0) && node.getInt("allowzero", 0) == 0)
      size = dim < input.size() ? input[dim] : std::nullopt;
    if (size && size->isConstant(-1))
      open = dim;
    else
      over(size, divide);
  }
  if (open)
    sizes[*open] = rest;
  return sizes;
}

Sizes Refiner::broadcastAll(ArrayRef<Sizes> all) {
  Sizes result;
  for (const Sizes &sizes : all) {
    while (result.size() < sizes.size())
      result.insert(result.begin(), SizeExpr::of(1));
    for (size_t back = 1; back <= sizes.size(); ++back) {
      std::optional<SizeExpr> &size = result[result.size() - back];
      size = broadcast(size, sizes[sizes.size() - back]);
    }
  }
  return result;
}

std::optional<Sizes> Refiner::matMul(onnx::NodeOp node) {
  Sizes left = SizeReader::sizesOf(node.getInputs()[0]),
        right = SizeReader::sizesOf(node.getInputs()[1]);
  if (left.size() < 2 || right.size() < 2)
    return std::nullopt;
  std::optional<SizeExpr> rows = left[left.size() - 2], columns = right.back();
  left.truncate(left.size() - 2);
  right.truncate(right.size() - 2);
  Sizes sizes = broadcastAll({left, right});
  sizes.append({rows, columns});
  return sizes;
}

std::optional<Sizes> Refiner::gather(onnx::NodeOp node) {
  Sizes data = SizeReader::sizesOf(node.getInputs()[0]),
        picked = SizeReader::sizesOf(node.getInputs()[1]);
  int64_t axis = node.getInt("axis", 0);
  axis = axis < 0 ? axis + static_cast<int64_t>(data.size()) : axis;
  Sizes sizes(ArrayRef(data).take_front(axis));
  sizes.append(picked);
  llvm::append_range(sizes, ArrayRef(data).drop_front(axis + 1));
  return sizes;
}

/// Unsqueeze and Squeeze with known axes.
std::optional<Sizes> Refiner::insertOnes(onnx::NodeOp node) {
  Sizes input = SizeReader::sizesOf(node.getInputs()[0]), sizes;
  bool adds = node.getOpType() == "Unsqueeze";
  int64_t rank = typeOf(node.getOutputs()[0]).getRank();
  int64_t whole = adds ? rank : static_cast<int64_t>(input.size());
  std::optional<SmallVector<int64_t>> axes = axesOf(node, whole);
  if (!axes)
    return std::nullopt;
  for (int64_t dim = 0, next = 0; dim < whole; ++dim) {
    bool listed = llvm::is_contained(*axes, dim);
    if (adds)
      sizes.push_back(listed ? SizeExpr::of(1) : input[next++]);
    else if (!listed)
      sizes.push_back(input[dim]);
  }
  return sizes;
}

/// Dimensions that are not cut keep their sizes; cuts may be constant.
std::optional<Sizes> Refiner::slice(onnx::NodeOp node) {
  std::optional<SmallVector<int64_t>> axes, steps;
  if (node.getVersion() >= 10 && node.hasInput(3))
    axes = integersOf(node.getInput(3));
  if (!axes)
    return std::nullopt;
  if (node.hasInput(4))
    steps = integersOf(node.getInput(4));
  bool inSteps =
      node.hasInput(4) &&
      (!steps || llvm::any_of(*steps, [](int64_t s) { return s != 1; }));
  std::optional<Sizes> starts = reader.elementsOf(node.getInputs()[1]);
  std::optional<Sizes> ends = reader.elementsOf(node.getInputs()[2]);
  Sizes sizes = SizeReader::sizesOf(node.getInputs()[0]);
  Sizes cut = SizeReader::sizesOf(node.getOutputs()[0]);
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    int64_t dim = axis < 0 ? axis + static_cast<int64_t>(sizes.size()) : axis;
    std::optional<SizeExpr> length;
    if (!inSteps && starts && ends)
      length = sliceLength(sizes[dim], (*starts)[i], (*ends)[i]);
    sizes[dim] = length ? length : cut[dim];
  }
  return sizes;
}

/// Each row of indices picks what is left of the data behind its own length.
std::optional<Sizes> Refiner::gatherRows(onnx::NodeOp node) {
  Sizes sizes = SizeReader::sizesOf(node.getInputs()[1]);
  Sizes data = SizeReader::sizesOf(node.getInputs()[0]);
  if (node.getInt("batch_dims", 0) != 0 || sizes.empty() || !sizes.back() ||
      !sizes.back()->number() ||
      *sizes.back()->number() > static_cast<int64_t>(data.size()))
    return std::nullopt;
  int64_t picked = *sizes.pop_back_val()->number();
  sizes.append(data.begin() + picked, data.end());
  return sizes;
}

/// All dimensions but one agree; along that one sizes add up.
std::optional<Sizes> Refiner::concat(onnx::NodeOp node) {
  Sizes sizes = SizeReader::sizesOf(node.getInputs()[0]);
  int64_t axis = node.getInt("axis", 0);
  axis = axis < 0 ? axis + static_cast<int64_t>(sizes.size()) : axis;
  std::optional<SizeExpr> total = SizeExpr::of(0);
  for (Value input : node.getInputs()) {
    Sizes own = SizeReader::sizesOf(input);
    for (auto [size, part] : llvm::zip(sizes, own))
      size = size ? size : part;
    const std::optional<SizeExpr> &part = own[axis];
    total = total && part ? add(*total, *part) : std::nullopt;
  }
  sizes[axis] = total;
  return sizes;
}

/// Operators whose operands are broadcast to the result; those of one operand
/// keep its sizes.
static bool isElementwise(StringRef op) {
  static const llvm::StringSet<> operators = {
      "Add",   "Sub",     "Mul",     "Div",         "Pow",
      "Where", "Max",     "Min",     "And",         "Or",
      "Equal", "Less",    "Greater", "LessOrEqual", "GreaterOrEqual",
      "Cast",  "Neg",     "Sqrt",    "Reciprocal",  "Erf",
      "Tanh",  "Sigmoid", "Exp",     "Relu",        "Not",
      "IsNaN", "Sin",     "Cos",     "Gelu"};
  return operators.contains(op);
}

/// Operators whose first result has the sizes of the first operand.
static bool keepsSizes(StringRef op) {
  static const llvm::StringSet<> operators = {
      "Softmax", "LayerNormalization", "RMSNormalization", "Trilu",
      "CumSum",  "RotaryEmbedding"};
  return operators.contains(op);
}

std::optional<Sizes> Refiner::tile(onnx::NodeOp node) {
  Sizes sizes = SizeReader::sizesOf(node.getInputs()[0]);
  std::optional<Sizes> repeats = reader.elementsOf(node.getInputs()[1]);
  if (!repeats || repeats->size() != sizes.size())
    return std::nullopt;
  for (auto [size, repeat] : llvm::zip(sizes, *repeats))
    size = size && repeat ? multiply(*size, *repeat) : std::nullopt;
  return sizes;
}

/// Each letter of the result has the size that it has in an operand.
std::optional<Sizes> Refiner::einsum(onnx::NodeOp node) {
  std::string equation = node.getString("equation", "").str();
  llvm::erase(equation, ' ');
  auto [operands, result] = StringRef(equation).split("->");
  SmallVector<StringRef> terms;
  operands.split(terms, ',');
  if (StringRef(equation).contains('.') || result.empty() ||
      terms.size() != node.getInputs().size())
    return std::nullopt;
  Sizes sizes(result.size());
  for (auto [term, input] : llvm::zip(terms, node.getInputs())) {
    Sizes own = SizeReader::sizesOf(input);
    if (own.size() != term.size())
      return std::nullopt;
    for (auto [letter, size] : llvm::zip(term, own))
      // A size of 1 is broadcast.
      if (size_t at = result.find(letter);
          at != StringRef::npos && size && !size->isConstant(1))
        sizes[at] = size;
  }
  return sizes;
}

/// Steps of 1 from one number to another that is no smaller.
std::optional<Sizes> Refiner::rangeLength(onnx::NodeOp node) {
  std::optional<Sizes> bounds[3];
  for (auto [i, input] : llvm::enumerate(node.getInputs()))
    if (!(bounds[i] = reader.elementsOf(input)))
      return std::nullopt;
  const std::optional<SizeExpr> &from = (*bounds[0])[0], &end = (*bounds[1])[0],
                                &by = (*bounds[2])[0];
  bool counts = from && end && by && by->isConstant(1) && isAtLeast(end, from);
  return Sizes{counts ? add(*end, *from, -1) : std::nullopt};
}

std::optional<Sizes> Refiner::computeSizes(onnx::NodeOp node) {
  StringRef op = node.getOpType();
  if (keepsSizes(op))
    return SizeReader::sizesOf(node.getInputs()[0]);
  // Before opset 7 an `axis` says how operands are aligned.
  if (isElementwise(op) && !node.getNodeAttr("axis"))
    return broadcastAll(llvm::map_to_vector(node.getInputs(), [&](Value input) {
      return SizeReader::sizesOf(input);
    }));
  if (op == "Reshape" && node.hasInput(1))
    return reshape(node);
  if (op == "MatMul")
    return matMul(node);
  if (op == "Gather")
    return gather(node);
  if (op == "GatherND")
    return gatherRows(node);
  if (op == "Unsqueeze" || op == "Squeeze")
    return insertOnes(node);
  if (op == "Expand") {
    std::optional<Sizes> target = reader.elementsOf(node.getInputs()[1]);
    if (!target)
      return std::nullopt;
    return broadcastAll({SizeReader::sizesOf(node.getInputs()[0]), *target});
  }
  if (op == "ConstantOfShape")
    return reader.elementsOf(node.getInputs()[0]);
  if (op == "Slice")
    return slice(node);
  if (op == "Transpose") {
    Sizes input = SizeReader::sizesOf(node.getInputs()[0]), sizes;
    std::optional<SmallVector<int64_t>> perm = node.getInts("perm");
    if (!perm)
      return Sizes(llvm::reverse(input));
    for (int64_t dim : *perm)
      sizes.push_back(input[dim]);
    return sizes;
  }
  if (op == "Range")
    return rangeLength(node);
  if (op == "Concat")
    return concat(node);
  if (op == "Tile")
    return tile(node);
  if (op == "Einsum")
    return einsum(node);
  if (op == "GatherElements")
    return SizeReader::sizesOf(node.getInputs()[1]);
  return std::nullopt;
}

/// Whether `size` is one for all sizes of inputs, and its name means just it.
bool Refiner::isNameable(const SizeExpr &size) const {
  for (const SizeExpr::Term &term : size.terms)
    for (const std::string &name : term.names)
      if (!entry.contains(name))
        return false;
  return size.isSum() && SizeExpr::parse(size.text()) == size;
}

/// Gives a result the sizes that were found and that its type and names lack.
void Refiner::refine(onnx::NodeOp node, unsigned output, const Sizes &sizes) {
  Value value = node.getOutputs()[output];
  RankedTensorType type = typeOf(value);
  if (!type || type.getRank() != static_cast<int64_t>(sizes.size()))
    return;
  SmallVector<int64_t> shape(type.getShape());
  SmallVector<StringRef> old = onnx::dimNames(value);
  old.resize(shape.size());
  SmallVector<Attribute> names;
  for (auto [dim, size] : llvm::enumerate(sizes)) {
    bool isDynamic = ShapedType::isDynamic(shape[dim]);
    if (isDynamic && size && size->number().value_or(-1) >= 0)
      shape[dim] = *size->number();
    bool isKnown = size && !size->isConstant() && isNameable(*size);
    std::string name = old[dim].str();
    if (!ShapedType::isDynamic(shape[dim]))
      name.clear();
    else if (isKnown && !entry.contains(name))
      name = size->text();
    names.push_back(builder.getStringAttr(name));
  }
  value.setType(type.clone(shape));
  SmallVector<Attribute> all;
  if (node.getDimsAttr())
    all.assign(node.getDimsAttr().begin(), node.getDimsAttr().end());
  all.resize(node.getOutputs().size(), builder.getArrayAttr({}));
  all[output] = builder.getArrayAttr(names);
  node.setDimsAttr(builder.getArrayAttr(all));
}

/// Split leaves all dimensions but one as they are.
void Refiner::refineParts(onnx::NodeOp node) {
  int64_t axis = node.getInt("axis", 0);
  Sizes input = SizeReader::sizesOf(node.getInputs()[0]);
  axis = axis < 0 ? axis + static_cast<int64_t>(input.size()) : axis;
  for (auto [index, output] : llvm::enumerate(node.getOutputs())) {
    RankedTensorType type = typeOf(output);
    if (!type || type.getRank() != static_cast<int64_t>(input.size()))
      continue;
    Sizes sizes = input;
    sizes[axis] = SizeReader::sizesOf(output)[axis];
    refine(node, index, sizes);
  }
}

void Refiner::visit(onnx::NodeOp node) {
  auto isTensor = [](Value value) { return static_cast<bool>(typeOf(value)); };
  if (!node.getDomain().empty() || node.getInputs().empty() ||
      !llvm::all_of(node.getInputs(), isTensor) ||
      !isTensor(node.getOutputs()[0]))
    return;
  reader.learn(node);
  if (std::optional<Sizes> found = computeSizes(node))
    refine(node, 0, *found);
  if (isOperator(node, "Split"))
    refineParts(node);
}

namespace {
struct RefineSizes : impl::RefineSizesPassBase<RefineSizes> {
  void runOnOperation() override {
    func::FuncOp graph = getOperation();
    Refiner refiner(graph);
    graph.walk([&](onnx::NodeOp node) { refiner.visit(node); });
    for (auto op : graph.getBody().getOps<func::ReturnOp>())
      graph.setType(builderType(graph, op.getOperandTypes()));
  }

  static FunctionType builderType(func::FuncOp graph, TypeRange results) {
    return FunctionType::get(graph.getContext(), graph.getArgumentTypes(),
                             results);
  }
};
} // namespace
} // namespace attune
