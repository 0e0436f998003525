// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/HeadTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

using Layout = SmallVector<int64_t>;

int64_t HeadTensor::position(int64_t logical) const {
  const auto *found = llvm::find(layout, logical);
  return found == layout.end() ? -1 : found - layout.begin();
}

/// The input's layout, where `perm` of it has `layout`.
static Layout beforeTranspose(ArrayRef<int64_t> layout,
                              ArrayRef<int64_t> perm) {
  Layout before(layout.size());
  for (auto [to, from] : llvm::enumerate(perm))
    before[from] = layout[to];
  return before;
}

static std::optional<SmallVector<int64_t>> permutationOf(onnx::NodeOp node) {
  std::optional<SmallVector<int64_t>> perm = node.getInts("perm");
  if (perm)
    return perm;
  RankedTensorType type = typeOf(node.getInputs()[0]);
  if (!type)
    return std::nullopt;
  SmallVector<int64_t> reversed;
  for (int64_t dim = type.getRank(); dim-- > 0;)
    reversed.push_back(dim);
  return reversed;
}

static bool peelTranspose(HeadTensor &tensor, bool widthLast) {
  auto node = nodeOf(tensor.value, "Transpose");
  if (!node)
    return false;
  std::optional<SmallVector<int64_t>> perm = permutationOf(node);
  if (!perm || perm->size() != tensor.layout.size())
    return false;
  Layout before = beforeTranspose(tensor.layout, *perm);
  if (widthLast && before.back() != 3)
    return false;
  tensor = {node.getInputs()[0], before};
  return true;
}

/// Whether `joined` (3-D) is `whole` (4-D) with its first dimensions in one.
static bool joinsFirst(Value whole, Value joined) {
  RankedTensorType type = typeOf(joined);
  return typeOf(whole) && typeOf(whole).getRank() == 4 && type &&
         type.getRank() == 3 && sameSize(whole, 2, joined, 1) &&
         sameSize(whole, 3, joined, 2);
}

/// Reshape to 3-D, transpose the last two, reshape to 4-D.
static bool peelJoinedTranspose(HeadTensor &tensor) {
  auto split = nodeOf(tensor.value, "Reshape");
  auto transpose =
      split ? nodeOf(split.getInputs()[0], "Transpose") : onnx::NodeOp();
  auto join =
      transpose ? nodeOf(transpose.getInputs()[0], "Reshape") : onnx::NodeOp();
  if (!join || permutationOf(transpose) != Layout({0, 2, 1}))
    return false;
  Value source = join.getInputs()[0];
  if (!joinsFirst(source, transpose.getInputs()[0]) ||
      !joinsFirst(tensor.value, split.getInputs()[0]) ||
      !sameSize(source, 0, tensor.value, 0) ||
      !sameSize(source, 1, tensor.value, 1))
    return false;
  Layout layout = tensor.layout;
  std::swap(layout[2], layout[3]);
  tensor = {source, layout};
  return true;
}

/// Reshape(Expand(Unsqueeze(x))), or with Tile, where each head stands for a
/// group of them.
static bool peelRepeat(HeadTensor &tensor) {
  auto reshape = nodeOf(tensor.value, "Reshape");
  onnx::NodeOp expand;
  for (StringRef op : {"Expand", "Tile"})
    if (reshape && !expand)
      expand = nodeOf(reshape.getInputs()[0], op);
  if (!expand || tensor.layout.size() != 4)
    return false;
  int64_t heads = tensor.position(1);
  Value spread = expand.getOutputs()[0], source = expand.getInputs()[0];
  RankedTensorType type = typeOf(spread), result = typeOf(tensor.value);
  if (type.getRank() != 5 || heads < 0 || type.isDynamicDim(heads) ||
      type.isDynamicDim(heads + 1) ||
      result.getDimSize(heads) !=
          type.getDimSize(heads) * type.getDimSize(heads + 1))
    return false;
  auto unsqueeze = nodeOf(source, "Unsqueeze");
  if (!unsqueeze || axesOf(unsqueeze, 5) != Layout({heads + 1}))
    return false;
  Value before = unsqueeze.getInputs()[0];
  // Only heads are repeated; and of the sizes that Reshape keeps it may leave
  // one open, which follows from the others.
  unsigned open = 0;
  for (int64_t dim = 0; dim < 4; ++dim) {
    int64_t at = dim < heads ? dim : dim + 1;
    if (dim == heads)
      continue;
    if (!sameSize(before, dim, spread, at))
      return false;
    if (sameSize(spread, at, tensor.value, dim))
      continue;
    if (!type.isDynamicDim(at) && !result.isDynamicDim(dim))
      return false;
    ++open;
  }
  if (open > 1)
    return false;
  if (typeOf(before).getDimSize(heads) != type.getDimSize(heads))
    return false;
  tensor.value = before;
  return true;
}

/// A product or quotient with one constant.
static bool peelFactor(Value &value, double &scale) {
  if (auto node = nodeOf(value, "Mul"))
    for (unsigned side : {1u, 0u})
      if (std::optional<double> factor = scalarOf(node.getInputs()[side])) {
        if (node.getInputs()[1 - side].getType() != value.getType() ||
            !std::isfinite(*factor))
          return false;
        value = node.getInputs()[1 - side];
        scale *= *factor;
        return true;
      }
  auto node = nodeOf(value, "Div");
  std::optional<double> factor =
      node ? scalarOf(node.getInputs()[1]) : std::nullopt;
  if (!factor || node.getInputs()[0].getType() != value.getType() ||
      !std::isfinite(1 / *factor))
    return false;
  value = node.getInputs()[0];
  scale /= *factor;
  return true;
}

HeadTensor peel(HeadTensor tensor, const Peeling &peeling) {
  while (true) {
    if (peeling.scale && peelFactor(tensor.value, *peeling.scale))
      continue;
    if (peelTranspose(tensor, peeling.widthLast))
      continue;
    if (!peeling.widthLast && peelJoinedTranspose(tensor))
      continue;
    if (peeling.repeats && peelRepeat(tensor))
      continue;
    return tensor;
  }
}

namespace {
/// An Einsum of two operands, taken apart.
struct Equation {
  StringRef left, right, result;
};
} // namespace

static std::optional<Equation> equationOf(onnx::NodeOp node,
                                          std::string &text) {
  if (!nodeOf(node.getOutputs()[0], "Einsum") || node.getInputs().size() != 2)
    return std::nullopt;
  for (char c : node.getString("equation", ""))
    if (c != ' ')
      text += c;
  auto [operands, result] = StringRef(text).split("->");
  auto [left, right] = operands.split(',');
  for (StringRef term : {left, right, result})
    for (size_t i = 0; i < term.size(); ++i)
      if (!llvm::isAlpha(term[i]) ||
          term.find(term[i], i + 1) != StringRef::npos)
        return std::nullopt;
  if (result.empty())
    return std::nullopt;
  return Equation{left, right, result};
}

/// The roles of the letters of `term`; nothing if one has none.
static std::optional<Layout> layoutOf(StringRef term, StringRef letters,
                                      ArrayRef<int64_t> roles) {
  Layout layout;
  for (char letter : term) {
    size_t at = letters.find(letter);
    if (at == StringRef::npos)
      return std::nullopt;
    layout.push_back(roles[at]);
  }
  return layout;
}

static Layout rolesOfRank(int64_t rank) {
  return rank == 4 ? Layout({0, 1, 2}) : Layout({0, 2});
}

/// Sorted: a layout of these roles.
static bool hasRoles(const Layout &layout, Layout roles) {
  Layout sorted(layout);
  llvm::sort(sorted);
  llvm::sort(roles);
  return sorted == roles;
}

std::optional<HeadProduct> matchScoreProduct(onnx::NodeOp node) {
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  if (!type || (type.getRank() != 3 && type.getRank() != 4) ||
      node.getInputs().size() != 2)
    return std::nullopt;
  int64_t rank = type.getRank();
  Layout query = rolesOfRank(rank), key = query;
  for (Value operand : node.getInputs())
    if (!isF32(operand, rank))
      return std::nullopt;
  query.push_back(3);
  if (nodeOf(node.getOutputs()[0], "MatMul")) {
    key.insert(key.end() - 1, 3);
    return HeadProduct{
        {node.getInputs()[0], query}, {node.getInputs()[1], key}, {}};
  }
  std::string text;
  std::optional<Equation> equation = equationOf(node, text);
  if (!equation || static_cast<int64_t>(equation->result.size()) != rank)
    return std::nullopt;
  // The letter that is summed over is the width.
  std::string summed;
  for (char letter : equation->left)
    if (equation->result.find(letter) == StringRef::npos)
      summed += letter;
  StringRef shared = equation->result.drop_back(2);
  std::string queryLetters =
      (shared + Twine(equation->result[rank - 2]) + summed).str();
  std::string keyLetters =
      (shared + Twine(equation->result[rank - 1]) + summed).str();
  Layout wanted = query;
  std::optional<Layout> left = layoutOf(equation->left, queryLetters, wanted);
  std::optional<Layout> right = layoutOf(equation->right, keyLetters, wanted);
  if (summed.size() != 1 || !left || !right || !hasRoles(*left, wanted) ||
      !hasRoles(*right, wanted))
    return std::nullopt;
  return HeadProduct{
      {node.getInputs()[0], *left}, {node.getInputs()[1], *right}, {}};
}

std::optional<HeadProduct> matchValueProduct(onnx::NodeOp node, Value weights) {
  RankedTensorType type = typeOf(node.getOutputs()[0]);
  if (!type || node.getInputs().size() != 2)
    return std::nullopt;
  int64_t rank = typeOf(weights).getRank();
  unsigned side = node.getInputs()[0] == weights ? 0 : 1;
  Value values = node.getInputs()[1 - side];
  if (values == weights || !isF32(values, rank))
    return std::nullopt;
  Layout wanted = rolesOfRank(rank);
  wanted.push_back(3);
  if (nodeOf(node.getOutputs()[0], "MatMul")) {
    if (side != 0)
      return std::nullopt;
    return HeadProduct{{}, {values, wanted}, wanted};
  }
  std::string text;
  std::optional<Equation> equation = equationOf(node, text);
  if (!equation)
    return std::nullopt;
  StringRef weightTerm = side ? equation->right : equation->left;
  StringRef valueTerm = side ? equation->left : equation->right;
  if (static_cast<int64_t>(weightTerm.size()) != rank ||
      equation->result.empty() || equation->result.contains(weightTerm.back()))
    return std::nullopt;
  std::string width;
  for (char letter : valueTerm)
    if (!weightTerm.contains(letter))
      width += letter;
  StringRef shared = weightTerm.drop_back(2);
  std::string valueLetters = (shared + Twine(weightTerm.back()) + width).str();
  std::string resultLetters =
      (shared + Twine(weightTerm[rank - 2]) + width).str();
  std::optional<Layout> right = layoutOf(valueTerm, valueLetters, wanted);
  std::optional<Layout> result =
      layoutOf(equation->result, resultLetters, wanted);
  if (width.size() != 1 || !right || !result || !hasRoles(*right, wanted) ||
      !hasRoles(*result, wanted))
    return std::nullopt;
  return HeadProduct{{}, {values, *right}, *result};
}

HeadTensor withHeads(OpBuilder &builder, Location loc, HeadTensor tensor) {
  RankedTensorType type = typeOf(tensor.value);
  if (type.getRank() == 4)
    return tensor;
  SmallVector<ReassociationIndices> groups;
  SmallVector<int64_t> shape;
  Layout layout;
  for (auto [dim, role] : llvm::enumerate(tensor.layout)) {
    groups.emplace_back().push_back(shape.size());
    shape.push_back(type.getDimSize(dim));
    layout.push_back(role);
    if (role != 0)
      continue;
    groups.back().push_back(shape.size());
    shape.push_back(1);
    layout.push_back(1);
  }
  Value expanded = tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()),
      tensor.value, groups);
  return {expanded, layout};
}

} // namespace attune
