// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/raise/Products.h"

using namespace mlir;

namespace attune::attn {

using Labels = SmallVector<Label>;

namespace {

class Reader {
public:
  Reader(Label &next, IsSought isSought) : next(next), isSought(isSought) {}

  void visit(Value value, ArrayRef<Label> labels);

  Product product;

private:
  bool open(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openMatMul(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openEinsum(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openElementwise(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openSum(onnx::NodeOp node, ArrayRef<Label> labels);
  bool openRankChange(onnx::NodeOp node, ArrayRef<Label> labels);

  Label &next;
  IsSought isSought;
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
    visit(node.getInputs()[0], taken[0]);
    visit(node.getInputs()[1], taken[1]);
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
  return false;
}

void Reader::visit(Value value, ArrayRef<Label> labels) {
  Factor factor = throughTransposes({value, Labels(labels)});
  auto node = factor.value.getDefiningOp<onnx::NodeOp>();
  size_t factors = product.factors.size(), divisors = product.divisors.size();
  if (node && node.getDomain().empty() && !isSought(factor.value) &&
      budget > 0 && open(node, factor.labels)) {
    ArrayRef<Factor> found = ArrayRef(product.factors).drop_front(factors);
    if (llvm::any_of(found, [&](const Factor &f) { return isSought(f.value); }))
      return;
    // 1 / x alone is a divisor; any other product of unknowns is an unknown.
    if (found.empty() && product.divisors.size() == divisors + 1)
      return;
  }
  product.factors.resize(factors);
  product.divisors.resize(divisors);
  product.factors.push_back(factor);
}

Product readProduct(Value value, ArrayRef<Label> labels, Label &next,
                    IsSought isSought) {
  Reader reader(next, isSought);
  reader.visit(value, labels);
  return reader.product;
}

} // namespace attune::attn
