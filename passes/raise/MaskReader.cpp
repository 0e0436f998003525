// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/MaskReader.h"
#include "mlir/IR/Matchers.h"
#include "passes/raise/SizeReader.h"

using namespace mlir;

namespace attune {

using Indices = SmallVector<Affine>;

Affine sizeOf(Value value, int64_t dim) {
  RankedTensorType type = typeOf(value);
  if (!type.isDynamicDim(dim))
    return Affine::of(type.getDimSize(dim));
  if (std::optional<SizeExpr> size = SizeReader::sizesOf(value)[dim]) {
    Affine sum;
    // Names of products differ from all that a file gives.
    for (const SizeExpr::Term &term : size->terms)
      sum = sum.plus(
          term.names.empty()
              ? Affine::of(1)
              : Affine::symbol("size " + SizeExpr{{{1, term.names}}}.text()),
          term.factor);
    return sum;
  }
  // A size without a name equals nothing else.
  std::string own =
      "?" +
      std::to_string(reinterpret_cast<uintptr_t>(value.getAsOpaquePointer())) +
      "." + std::to_string(dim);
  return Affine::symbol("size " + own);
}

namespace {

/// Finds formulas for elements of a file's values.
class MaskReader {
public:
  explicit MaskReader(MaskLeaves &leaves) : leaves(leaves) {}
  MaskExpr read(Value value, const Indices &indices);

private:
  MaskExpr readConstant(Value value, const Indices &indices);
  MaskExpr readNode(onnx::NodeOp node, const Indices &indices);
  MaskExpr readElementwise(onnx::NodeOp node, const Indices &indices);
  MaskExpr readSlice(onnx::NodeOp node, const Indices &indices);
  MaskExpr readGather(onnx::NodeOp node, const Indices &indices);
  MaskExpr readTrilu(onnx::NodeOp node, const Indices &indices);
  MaskExpr readRange(onnx::NodeOp node, const Indices &indices);
  MaskExpr readReshape(onnx::NodeOp node, const Indices &indices);
  MaskExpr readLeaf(Value value, const Indices &indices);
  std::optional<Affine> readInteger(Value value, const Indices &indices);

  MaskLeaves &leaves;
  unsigned depth = 0, reads = 0;
};

} // namespace

static double numberOf(Attribute value) {
  if (auto real = dyn_cast<FloatAttr>(value))
    return real.getValueAsDouble();
  auto integer = cast<IntegerAttr>(value);
  bool isUnsigned =
      integer.getType().isInteger(1) || integer.getType().isUnsignedInteger();
  return isUnsigned ? double(integer.getValue().getZExtValue())
                    : double(integer.getValue().getSExtValue());
}

/// Elements of a square constant that are one number in a band around the
/// diagonal and another elsewhere.
static MaskExpr band(DenseElementsAttr elements, const Indices &indices) {
  auto type = cast<RankedTensorType>(elements.getType());
  int64_t rank = type.getRank();
  if (rank < 2 || type.getDimSize(rank - 1) != type.getDimSize(rank - 2) ||
      type.getNumElements() !=
          type.getDimSize(rank - 1) * type.getDimSize(rank - 2))
    return {};
  int64_t size = type.getDimSize(rank - 1);
  auto values = elements.getValues<Attribute>();
  double inside = numberOf(values[0]);
  // The first row and the first column tell how far the band goes.
  int64_t right = 0, left = 0;
  while (right + 1 < size && numberOf(values[right + 1]) == inside)
    ++right;
  while (left + 1 < size && numberOf(values[(left + 1) * size]) == inside)
    ++left;
  bool isBelow = right + 1 == size, isAbove = left + 1 == size;
  if (isBelow && isAbove)
    return {};
  double outside =
      numberOf(isBelow ? values[(left + 1) * size] : values[right + 1]);
  int64_t at = 0;
  for (Attribute value : values) {
    int64_t distance = at / size - at % size;
    bool isInside = distance <= left && -distance <= right;
    if (numberOf(value) != (isInside ? inside : outside))
      return {};
    ++at;
  }
  Affine distance = indices[rank - 2].plus(indices[rank - 1], -1);
  Condition::All all;
  if (!isBelow)
    all.push_back(Affine::of(-right).plus(distance, -1));
  if (!isAbove)
    all.push_back(distance.plus(Affine::of(-left)));
  return MaskExpr::choice({{all}}, inside, outside);
}

MaskExpr MaskReader::readConstant(Value value, const Indices &indices) {
  DenseElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)))
    return {};
  auto number = [&](int64_t at) {
    return numberOf(elements.getValues<Attribute>()[at]);
  };
  if (elements.getNumElements() == 0)
    return {};
  if (elements.isSplat() || elements.getNumElements() == 1)
    return MaskExpr::number(number(0));
  auto type = cast<RankedTensorType>(elements.getType());
  if (type.getRank() != 1)
    return band(elements, indices);
  if (indices[0].isConstant() && indices[0].constant >= 0 &&
      indices[0].constant < type.getNumElements())
    return MaskExpr::number(number(indices[0].constant));
  for (int64_t at = 0; at < type.getNumElements(); ++at)
    if (number(at) != at)
      return {};
  return MaskExpr::integer(indices[0]);
}

std::optional<Affine> MaskReader::readInteger(Value value,
                                              const Indices &indices) {
  return read(value, indices).asInteger();
}

/// Sizes are not negative; what is counted from the end would be.
static bool isNotNegative(const Affine &affine) {
  return affine.constant >= 0 &&
         llvm::all_of(affine.terms,
                      [](const auto &term) { return term.second >= 0; });
}

MaskExpr MaskReader::readSlice(onnx::NodeOp node, const Indices &indices) {
  if (node.getVersion() < 10 || node.getInputs().size() < 3)
    return {};
  Indices shifted(indices);
  auto count = typeOf(node.getInputs()[1]);
  if (!count || !count.hasStaticShape())
    return {};
  std::optional<SmallVector<int64_t>> axes, steps;
  if (node.hasInput(3))
    axes = integersOf(node.getInput(3));
  else
    axes = llvm::to_vector(llvm::seq<int64_t>(0, count.getNumElements()));
  if (node.hasInput(4))
    steps = integersOf(node.getInput(4));
  if (!axes || (node.hasInput(4) && !steps))
    return {};
  for (auto [i, axis] : llvm::enumerate(*axes)) {
    std::optional<Affine> start =
        readInteger(node.getInputs()[1], {Affine::of(i)});
    if (!start || (steps && (*steps)[i] != 1) || !isNotNegative(*start))
      return {};
    int64_t dim = axis < 0 ? axis + static_cast<int64_t>(indices.size()) : axis;
    shifted[dim] = shifted[dim].plus(*start);
  }
  return read(node.getInputs()[0], shifted);
}

MaskExpr MaskReader::readGather(onnx::NodeOp node, const Indices &indices) {
  RankedTensorType data = typeOf(node.getInputs()[0]);
  RankedTensorType picks = typeOf(node.getInputs()[1]);
  if (!data || !picks)
    return {};
  int64_t axis = node.getInt("axis", 0);
  axis = axis < 0 ? axis + data.getRank() : axis;
  ArrayRef<Affine> all(indices);
  std::optional<Affine> index = readInteger(
      node.getInputs()[1], Indices(all.slice(axis, picks.getRank())));
  if (!index || !isNotNegative(*index))
    return {};
  Indices inner(all.take_front(axis));
  inner.push_back(*index);
  inner.append(all.begin() + axis + picks.getRank(), all.end());
  return read(node.getInputs()[0], inner);
}

MaskExpr MaskReader::readTrilu(onnx::NodeOp node, const Indices &indices) {
  std::optional<Affine> shift = Affine::of(0);
  if (node.hasInput(1))
    shift = readInteger(node.getInput(1), {});
  if (!shift)
    return {};
  // Kept above: j - i >= k; below: j - i <= k.
  Affine above =
      indices.back().plus(indices[indices.size() - 2], -1).plus(*shift, -1);
  bool upper = node.getInt("upper", 1) != 0;
  MaskExpr kept = MaskExpr::atMost(upper ? Affine().plus(above, -1) : above);
  SmallVector<MaskExpr> operands = {kept, read(node.getInputs()[0], indices),
                                    MaskExpr::number(0)};
  return applyToElements("Where", operands,
                         typeOf(node.getOutputs()[0]).getElementType());
}

MaskExpr MaskReader::readRange(onnx::NodeOp node, const Indices &indices) {
  std::optional<Affine> start = readInteger(node.getInputs()[0], {});
  std::optional<Affine> step = readInteger(node.getInputs()[2], {});
  if (!start || !step || !step->isConstant())
    return {};
  Type type = typeOf(node.getOutputs()[0]).getElementType();
  SmallVector<MaskExpr> steps = {MaskExpr::integer(indices[0]),
                                 MaskExpr::integer(*step)};
  SmallVector<MaskExpr> sum = {MaskExpr::integer(*start),
                               applyToElements("Mul", steps, type)};
  return applyToElements("Add", sum, type);
}

/// Reshapes that only add or remove dimensions of size 1.
MaskExpr MaskReader::readReshape(onnx::NodeOp node, const Indices &indices) {
  Value input = node.getInputs()[0], output = node.getOutputs()[0];
  RankedTensorType from = typeOf(input), to = typeOf(output);
  if (!from)
    return {};
  Indices inner;
  int64_t next = 0;
  for (int64_t dim = 0; dim < from.getRank(); ++dim) {
    if (from.getDimSize(dim) == 1) {
      inner.push_back(Affine::of(0));
      continue;
    }
    while (next < to.getRank() && to.getDimSize(next) == 1)
      ++next;
    bool keeps = node.getOpType() != "Reshape";
    if (next == to.getRank() || !(keeps || sameSize(input, dim, output, next)))
      return {};
    inner.push_back(indices[next++]);
  }
  return read(input, inner);
}

/// Operands are broadcast: a dimension of size 1 has index 0.
MaskExpr MaskReader::readElementwise(onnx::NodeOp node,
                                     const Indices &indices) {
  SmallVector<MaskExpr> operands;
  for (Value input : node.getInputs()) {
    RankedTensorType type = typeOf(input);
    if (!type || type.getRank() > static_cast<int64_t>(indices.size()))
      return {};
    Indices own(ArrayRef<Affine>(indices).take_back(type.getRank()));
    for (int64_t dim = 0; dim < type.getRank(); ++dim)
      if (type.getDimSize(dim) == 1)
        own[dim] = Affine::of(0);
    operands.push_back(read(input, own));
    if (node.getOpType() == "Expand")
      return operands.front();
  }
  return applyToElements(node.getOpType(), operands,
                         typeOf(node.getOutputs()[0]).getElementType());
}

MaskExpr MaskReader::readNode(onnx::NodeOp node, const Indices &indices) {
  StringRef op = node.getOpType();
  if (op == "Slice")
    return readSlice(node, indices);
  if (op == "Gather")
    return readGather(node, indices);
  if (op == "Trilu")
    return readTrilu(node, indices);
  if (op == "Range")
    return readRange(node, indices);
  if (op == "Reshape" || op == "Unsqueeze" || op == "Squeeze")
    return readReshape(node, indices);
  if (op == "Expand")
    return readElementwise(node, indices);
  if (op == "Shape") {
    Value input = node.getInputs()[0];
    int64_t start = node.getInt("start", 0);
    if (!typeOf(input) || !indices[0].isConstant())
      return {};
    int64_t rank = typeOf(input).getRank();
    int64_t dim = indices[0].constant + (start < 0 ? start + rank : start);
    return dim >= 0 && dim < rank ? MaskExpr::integer(sizeOf(input, dim))
                                  : MaskExpr();
  }
  if (op == "ConstantOfShape") {
    auto value = dyn_cast_or_null<DenseElementsAttr>(node.getNodeAttr("value"));
    return MaskExpr::number(
        value ? numberOf(*value.getValues<Attribute>().begin()) : 0);
  }
  return readElementwise(node, indices);
}

MaskExpr MaskReader::read(Value value, const Indices &indices) {
  constexpr unsigned limit = 40, mostReads = 2000;
  auto node = value.getDefiningOp<onnx::NodeOp>();
  // What is read twice is read again: the number of ways may be exponential.
  if (++reads > mostReads || depth >= limit || !typeOf(value))
    return {};
  MaskExpr result;
  ++depth;
  if (!node)
    result = readConstant(value, indices);
  else if (node.getDomain().empty())
    result = readNode(node, indices);
  --depth;
  return result.kind == MaskExpr::Kind::unknown ? readLeaf(value, indices)
                                                : result;
}

/// The index along dimension `dim` of a tensor whose last dimensions are those
/// of the scores.
static Affine indexOf(RankedTensorType type, int64_t dim) {
  const char *names[] = {"b", "h", "i", "j"};
  return type.getDimSize(dim) == 1
             ? Affine::of(0)
             : Affine::symbol(names[4 - type.getRank() + dim]);
}

/// A boolean that is read where the score lies.
MaskExpr MaskReader::readLeaf(Value value, const Indices &indices) {
  RankedTensorType type = typeOf(value);
  if (!type.getElementType().isInteger(1) || type.getRank() > 4)
    return {};
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (!(indices[dim] == indexOf(type, dim)))
      return {};
  auto *found = llvm::find(leaves, value);
  std::string name = "leaf " + std::to_string(found - leaves.begin());
  if (found == leaves.end())
    leaves.push_back(value);
  return MaskExpr::atMost(Affine::of(1).plus(Affine::symbol(name), -1));
}

MaskExpr elementFor(Value value, Value scores, MaskLeaves &leaves) {
  RankedTensorType type = typeOf(value), whole = typeOf(scores);
  if (!type || type.getRank() > whole.getRank())
    return {};
  Indices indices;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    indices.push_back(indexOf(type, dim));
  return MaskReader(leaves).read(value, indices);
}

} // namespace attune
