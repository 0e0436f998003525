// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/raise/Products.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune::attn {

using Labels = SmallVector<Label>;

namespace {

class Reader {
public:
  Reader(Label &next, IsSought isSought, bool mayOrder)
      : next(next), isSought(isSought), mayOrder(mayOrder) {}

  void visit(Value value, ArrayRef<Label> labels);

  Product product;

private:
  bool open(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openMatMul(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openEinsum(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openElementwise(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openSum(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openRankChange(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openTriangle(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openRunningSum(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openChoice(onnx::NodeOp node, ArrayRef<Label> labels);
  bool order(ArrayRef<Label> labels);

  Label &next;
  IsSought isSought;
  bool mayOrder;
  /// Nodes that may be opened: a value that is used again and again makes a
  /// formula that is exponentially longer than its graph.
  unsigned budget = 64;
};

} // namespace

/// Labels of an operand whose dimensions are broadcast, aligned right, to a
/// result's. Empty if that has more dimensions than the result.
static std::optional<Labels> broadcastLabels(Value operand, Value result,
                                             ArrayRef<Label> labels) {
  RankedTensorType own = typeOf(operand), whole = typeOf(result);
  if (!own || own.getRank() > whole.getRank())
    return std::nullopt;
  int64_t skipped = whole.getRank() - own.getRank();
  Labels taken(labels.drop_front(skipped));
  for (auto [dim, label] : llvm::enumerate(taken))
    if (own.getDimSize(dim) == 1 && whole.getDimSize(skipped + dim) != 1)
      label = unit;
  return taken;
}

static std::optional<Labels> transposed(onnx::NodeOp node,
                                        ArrayRef<Label> labels) {
  std::optional<SmallVector<int64_t>> perm = node.getInts("perm");
  Labels before(labels.rbegin(), labels.rend());
  if (perm && perm->size() != labels.size())
    return std::nullopt;
  if (perm)
    for (auto [to, from] : llvm::enumerate(*perm))
      before[from] = labels[to];
  return before;
}

Factor throughTransposes(Factor factor) {
  while (auto node = nodeOf(factor.value, "Transpose")) {
    std::optional<Labels> before = transposed(node, factor.labels);
    if (!before)
      break;
    factor = {node.getInputs()[0], *before};
  }
  return factor;
}

bool Reader::openMatMul(onnx::NodeOp node, ArrayRef<Label> labels) {
  Value left = node.getInputs()[0], right = node.getInputs()[1];
  RankedTensorType l = typeOf(left), r = typeOf(right);
  if (!l || !r || l.getRank() < 2 || r.getRank() < 2)
    return false;
  Label summed = next++;
  auto side = [&](Value value, int64_t own) {
    RankedTensorType type = typeOf(value);
    int64_t batch = type.getRank() - 2, whole = labels.size() - 2;
    Labels taken(labels.drop_back(2).take_back(batch));
    for (auto [dim, label] : llvm::enumerate(taken))
      if (type.getDimSize(dim) == 1 &&
          typeOf(node.getOutputs()[0]).getDimSize(whole - batch + dim) != 1)
        label = unit;
    if (own == 0)
      taken.append({labels[whole], summed});
    else
      taken.append({summed, labels[whole + 1]});
    visit(value, taken);
  };
  side(left, 0);
  side(right, 1);
  return true;
}

/// Equations with an explicit result, without ellipses and without diagonals.
bool Reader::openEinsum(onnx::NodeOp node, ArrayRef<Label> labels) {
  std::string equation = node.getString("equation", "").str();
  llvm::erase(equation, ' ');
  size_t arrow = equation.find("->");
  if (arrow == std::string::npos || equation.find('.') != std::string::npos)
    return false;
  StringRef result = StringRef(equation).drop_front(arrow + 2);
  SmallVector<StringRef> operands;
  StringRef(equation).take_front(arrow).split(operands, ',');
  if (result.size() != labels.size() ||
      operands.size() != node.getInputs().size())
    return false;
  llvm::SmallDenseMap<char, Label> named;
  for (auto [letter, label] : llvm::zip(result, labels))
    named[letter] = label;
  SmallVector<Labels> taken;
  for (auto [letters, value] : llvm::zip(operands, node.getInputs())) {
    Labels &own = taken.emplace_back();
    for (char letter : letters)
      own.push_back(named.try_emplace(letter, next).first->second == next
                        ? next++
                        : named[letter]);
    bool diagonal = llvm::any_of(
        letters, [&, all = letters](char c) { return all.count(c) > 1; });
    if (diagonal || !typeOf(value) ||
        typeOf(value).getRank() != static_cast<int64_t>(own.size()))
      return false;
  }
  for (auto [value, own] : llvm::zip(node.getInputs(), taken))
    visit(value, own);
  return true;
}

bool isOnes(Value value) {
  if (auto node = nodeOf(value, "Expand"))
    return scalarOf(node.getInputs()[0]) == 1.0;
  if (auto node = nodeOf(value, "ConstantOfShape")) {
    auto filled =
        dyn_cast_or_null<DenseElementsAttr>(node.getNodeAttr("value"));
    return filled && filled.isSplat() && filled.getElementType().isF32() &&
           filled.getSplatValue<float>() == 1;
  }
  DenseElementsAttr elements;
  return matchPattern(value, m_Constant(&elements)) && elements.isSplat() &&
         elements.getElementType().isF32() &&
         elements.getSplatValue<float>() == 1;
}

static std::optional<int64_t> integerOf(Value value) {
  std::optional<SmallVector<int64_t>> all = integersOf(value);
  return all && all->size() == 1 ? std::optional(all->front()) : std::nullopt;
}

/// Whether Trilu keeps the diagonal and what is below it.
static bool keepsLower(onnx::NodeOp trilu) {
  return trilu.getInt("upper", 1) == 0 &&
         (!trilu.hasInput(1) || integerOf(trilu.getInput(1)) == 0);
}

/// Whether element (i, j) of the last two dimensions is 1 where j <= i, or
/// where j > i if it is not `lower`, and 0 elsewhere.
static bool isTriangle(Value value, bool lower) {
  if (auto trilu = nodeOf(value, "Trilu"))
    return lower && keepsLower(trilu) && isOnes(trilu.getInputs()[0]);
  DenseElementsAttr elements;
  constexpr int64_t mostElements = 1 << 22;
  if (!matchPattern(value, m_Constant(&elements)) || elements.isSplat() ||
      elements.getNumElements() > mostElements)
    return false;
  auto type = cast<RankedTensorType>(elements.getType());
  int64_t rank = type.getRank(), at = 0;
  if (rank < 2)
    return false;
  int64_t columns = type.getDimSize(rank - 1);
  int64_t rows = type.getDimSize(rank - 2);
  auto isOne = [&](auto element) {
    int64_t row = at / columns % rows, column = at % columns;
    ++at;
    return element == ((column <= row) == lower ? 1 : 0);
  };
  if (type.getElementType().isF32())
    return llvm::all_of(elements.getValues<float>(), isOne);
  return type.getElementType().isInteger(1) &&
         llvm::all_of(elements.getValues<bool>(), isOne);
}

/// Notes that the last label counts up to the one before it only.
bool Reader::order(ArrayRef<Label> labels) {
  if (!mayOrder || labels.size() < 2 || labels.back() == unit ||
      labels[labels.size() - 2] == unit)
    return false;
  product.ordered.emplace_back(labels[labels.size() - 2], labels.back());
  return true;
}

bool Reader::openTriangle(onnx::NodeOp node, ArrayRef<Label> labels) {
  if (!keepsLower(node) || !order(labels))
    return false;
  visit(node.getInputs()[0], labels);
  return true;
}

/// A running sum at i is that of all j <= i.
bool Reader::openRunningSum(onnx::NodeOp node, ArrayRef<Label> labels) {
  std::optional<int64_t> axis = integerOf(node.getInputs()[1]);
  if (!mayOrder || !axis || node.getInt("exclusive", 0) != 0 ||
      node.getInt("reverse", 0) != 0)
    return false;
  int64_t rank = labels.size(), dim = *axis < 0 ? *axis + rank : *axis;
  if (dim < 0 || dim >= rank || labels[dim] == unit)
    return false;
  Labels before(labels);
  before[dim] = next++;
  product.ordered.emplace_back(labels[dim], before[dim]);
  visit(node.getInputs()[0], before);
  return true;
}

/// A choice between a product and 0 by a triangle.
bool Reader::openChoice(onnx::NodeOp node, ArrayRef<Label> labels) {
  bool lower = scalarOf(node.getInputs()[2]) == 0.0;
  if (!lower && scalarOf(node.getInputs()[1]) != 0.0)
    return false;
  Value kept = node.getInputs()[lower ? 1 : 2], result = node.getOutputs()[0];
  std::optional<Labels> own = broadcastLabels(kept, result, labels);
  std::optional<Labels> by =
      broadcastLabels(node.getInputs()[0], result, labels);
  if (!own || !by || !mayOrder || !isTriangle(node.getInputs()[0], lower) ||
      !order(*by))
    return false;
  visit(kept, *own);
  return true;
}

bool Reader::openElementwise(onnx::NodeOp node, ArrayRef<Label> labels) {
  Value result = node.getOutputs()[0];
  SmallVector<Labels> taken;
  for (Value input : node.getInputs()) {
    std::optional<Labels> own = broadcastLabels(input, result, labels);
    if (!own)
      return false;
    taken.push_back(*own);
  }
  StringRef name = node.getOpType();
  if (name == "Mul") {
    for (auto [input, own] : llvm::zip(node.getInputs(), taken))
      if (!mayOrder || !isTriangle(input, /*lower=*/true) || !order(own))
        visit(input, own);
  } else if (name == "Div") {
    if (scalarOf(node.getInputs()[0]) != 1.0)
      visit(node.getInputs()[0], taken[0]);
    product.divisors.push_back({node.getInputs()[1], taken[1]});
  } else {
    product.divisors.push_back({node.getInputs()[0], taken[0]});
  }
  return true;
}

bool Reader::openSum(onnx::NodeOp node, ArrayRef<Label> labels) {
  RankedTensorType type = typeOf(node.getInputs()[0]);
  if (!type)
    return false;
  std::optional<SmallVector<int64_t>> axes = axesOf(node, type.getRank());
  if (!axes || axes->empty())
    return false;
  bool kept = node.getInt("keepdims", 1) != 0;
  Labels before;
  size_t at = 0;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    bool summed = llvm::is_contained(*axes, dim);
    before.push_back(summed ? next++ : labels[at]);
    at += kept || !summed;
  }
  visit(node.getInputs()[0], before);
  return true;
}

bool Reader::openRankChange(onnx::NodeOp node, ArrayRef<Label> labels) {
  RankedTensorType type = typeOf(node.getInputs()[0]);
  bool adds = node.getOpType() == "Unsqueeze";
  if (!type)
    return false;
  std::optional<SmallVector<int64_t>> axes =
      axesOf(node, adds ? labels.size() : type.getRank());
  if (!axes)
    return false;
  Labels before;
  size_t at = 0;
  if (adds) {
    for (auto [dim, label] : llvm::enumerate(labels))
      if (!llvm::is_contained(*axes, static_cast<int64_t>(dim)))
        before.push_back(label);
  } else {
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      before.push_back(llvm::is_contained(*axes, dim) ? unit : labels[at++]);
  }
  visit(node.getInputs()[0], before);
  return true;
}

/// Visits what a node multiplies, or says that it is no product.
bool Reader::open(onnx::NodeOp node, ArrayRef<Label> labels) {
  --budget;
  StringRef name = node.getOpType();
  if (name == "MatMul")
    return openMatMul(node, labels);
  if (name == "Einsum")
    return openEinsum(node, labels);
  if (name == "Mul" || name == "Div" || name == "Reciprocal")
    return openElementwise(node, labels);
  if (name == "ReduceSum")
    return openSum(node, labels);
  if (name == "Squeeze" || name == "Unsqueeze")
    return openRankChange(node, labels);
  if (name == "Trilu")
    return openTriangle(node, labels);
  if (name == "CumSum")
    return openRunningSum(node, labels);
  if (name == "Where")
    return openChoice(node, labels);
  return false;
}

void Reader::visit(Value value, ArrayRef<Label> labels) {
  Factor factor = throughTransposes({value, Labels(labels)});
  auto node = factor.value.getDefiningOp<onnx::NodeOp>();
  size_t factors = product.factors.size(), divisors = product.divisors.size();
  size_t ordered = product.ordered.size();
  if (node && node.getDomain().empty() && !isSought(factor.value) &&
      budget > 0 && open(node, factor.labels)) {
    ArrayRef<Factor> found = ArrayRef(product.factors).drop_front(factors);
    if (llvm::any_of(found, [&](const Factor &f) { return isSought(f.value); }))
      return;
    // An unknown with more or fewer dimensions of size 1.
    StringRef name = node.getOpType();
    if (found.size() == 1 && product.divisors.size() == divisors &&
        (name == "Squeeze" || name == "Unsqueeze"))
      return;
    // 1 / x alone is a divisor; any other product of unknowns is an unknown.
    if (found.empty() && product.divisors.size() == divisors + 1)
      return;
  }
  product.factors.resize(factors);
  product.divisors.resize(divisors);
  product.ordered.resize(ordered);
  product.factors.push_back(factor);
}

Product readProduct(Value value, ArrayRef<Label> labels, Label &next,
                    IsSought isSought, bool mayOrder) {
  Reader reader(next, isSought, mayOrder);
  reader.visit(value, labels);
  return reader.product;
}

bool isProductRoot(onnx::NodeOp root) {
  static const llvm::StringSet<llvm::MallocAllocator> roots = {
      "Div", "Mul", "MatMul", "Einsum", "Transpose"};
  return root.getDomain().empty() && roots.contains(root.getOpType()) &&
         isF32(root.getOutputs()[0], 4);
}

DenseI64ArrayAttr layoutOf(Builder &builder, ArrayRef<Label> labels,
                           ArrayRef<Label> logical) {
  SmallVector<int64_t> layout;
  for (Label label : labels)
    layout.push_back(llvm::find(logical, label) - logical.begin());
  return builder.getDenseI64ArrayAttr(layout);
}

void keepNames(onnx::NodeOp root, Operation *op) {
  if (ArrayAttr dims = root.getDimsAttr())
    op->setAttr(onnx::dimsAttr, dims);
}

} // namespace attune::attn
