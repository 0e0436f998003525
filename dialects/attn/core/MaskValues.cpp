// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/MaskValues.h"
#include "dialects/attn/Attn.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace attune::attn {

namespace {

/// Finds the numbers of tensors; each is looked at once.
class NumberFinder {
public:
  std::optional<FewNumbers> find(Value tensor);

private:
  std::optional<FewNumbers> compute(Value tensor);
  std::optional<FewNumbers> ofGeneric(linalg::GenericOp op);

  llvm::DenseMap<Value, std::optional<FewNumbers>> known;
  unsigned depth = 0;
};

} // namespace

static constexpr size_t mostNumbers = 4;

static double numberOf(Attribute value) {
  if (auto real = dyn_cast<FloatAttr>(value))
    return real.getValueAsDouble();
  auto integer = cast<IntegerAttr>(value);
  return integer.getType().isInteger(1) ? integer.getValue().getZExtValue()
                                        : integer.getValue().getSExtValue();
}

/// Adds a number; false if there are too many, or it is none.
static bool insert(FewNumbers &few, double number) {
  if (std::isnan(number))
    return false;
  if (!llvm::is_contained(few.numbers, number))
    few.numbers.push_back(number);
  return few.numbers.size() <= mostNumbers;
}

/// As arithmetic of `type` rounds it; nothing if that is not known.
static std::optional<double> rounded(double number, Type type) {
  if (type.isF32())
    return static_cast<float>(number);
  if (type.isF64())
    return number;
  constexpr double limit = 1 << 30;
  bool isInteger = type.isIntOrIndex() && number == std::trunc(number) &&
                   std::abs(number) < limit;
  return isInteger ? std::optional(number) : std::nullopt;
}

static std::optional<double> compare(arith::CmpIPredicate predicate, double x,
                                     double y) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return x == y;
  case arith::CmpIPredicate::ne:
    return x != y;
  case arith::CmpIPredicate::slt:
    return x < y;
  case arith::CmpIPredicate::sle:
    return x <= y;
  case arith::CmpIPredicate::sgt:
    return x > y;
  case arith::CmpIPredicate::sge:
    return x >= y;
  default:
    return std::nullopt;
  }
}

/// What an operation on scalars gives.
static std::optional<double> apply(Operation *op, ArrayRef<double> x) {
  using Result = std::optional<double>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<arith::AddFOp, arith::AddIOp>([&](auto) { return x[0] + x[1]; })
      .Case<arith::SubFOp, arith::SubIOp>([&](auto) { return x[0] - x[1]; })
      .Case<arith::MulFOp, arith::MulIOp>([&](auto) { return x[0] * x[1]; })
      .Case<arith::NegFOp>([&](auto) { return -x[0]; })
      .Case<arith::MaximumFOp, arith::MaxSIOp>(
          [&](auto) { return std::max(x[0], x[1]); })
      .Case<arith::MinimumFOp, arith::MinSIOp>(
          [&](auto) { return std::min(x[0], x[1]); })
      .Case<arith::SelectOp>([&](auto) { return x[0] != 0 ? x[1] : x[2]; })
      .Case<arith::CmpIOp>(
          [&](auto cmp) { return compare(cmp.getPredicate(), x[0], x[1]); })
      .Case<arith::CmpFOp>([&](auto cmp) -> Result {
        using Float = arith::CmpFPredicate;
        using Int = arith::CmpIPredicate;
        switch (cmp.getPredicate()) {
        case Float::OEQ:
        case Float::UEQ:
          return compare(Int::eq, x[0], x[1]);
        case Float::ONE:
        case Float::UNE:
          return compare(Int::ne, x[0], x[1]);
        case Float::OLT:
        case Float::ULT:
          return compare(Int::slt, x[0], x[1]);
        case Float::OGT:
        case Float::UGT:
          return compare(Int::sgt, x[0], x[1]);
        default:
          return std::nullopt;
        }
      })
      // Booleans alone: of other integers these are no logic.
      .Case<arith::AndIOp, arith::OrIOp, arith::XOrIOp>([&](auto) -> Result {
        if (!op->getResult(0).getType().isInteger(1))
          return std::nullopt;
        bool left = x[0] != 0, right = x[1] != 0;
        return isa<arith::AndIOp>(op)  ? left && right
               : isa<arith::OrIOp>(op) ? left || right
                                       : left != right;
      })
      .Case<arith::SIToFPOp, arith::UIToFPOp, arith::ExtUIOp, arith::ExtFOp,
            arith::IndexCastOp, arith::FPToSIOp, arith::FPToUIOp>(
          [&](auto) { return x[0]; })
      // -1 is all bits of a boolean that is true.
      .Case<arith::ExtSIOp>([&](auto) {
        return op->getOperand(0).getType().isInteger(1) ? -x[0] : x[0];
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// What the body of `op` yields for these elements of its inputs.
static std::optional<double> yieldOf(linalg::GenericOp op,
                                     ArrayRef<double> elements) {
  llvm::DenseMap<Value, double> values;
  Block &body = op.getRegion().front();
  for (auto [argument, element] : llvm::zip(body.getArguments(), elements))
    values[argument] = element;
  auto read = [&](Value value) -> std::optional<double> {
    Attribute constant;
    if (matchPattern(value, m_Constant(&constant)) &&
        isa<FloatAttr, IntegerAttr>(constant))
      return numberOf(constant);
    auto found = values.find(value);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  };
  for (Operation &inner : body.without_terminator()) {
    SmallVector<double> operands;
    for (Value operand : inner.getOperands()) {
      std::optional<double> number = read(operand);
      // What is not known here may not be needed.
      if (!number)
        break;
      operands.push_back(*number);
    }
    if (inner.getNumResults() != 1 ||
        operands.size() != inner.getNumOperands() || operands.empty())
      continue;
    std::optional<double> result = apply(&inner, operands);
    result = result ? rounded(*result, inner.getResult(0).getType()) : result;
    if (result)
      values[inner.getResult(0)] = *result;
  }
  return read(body.getTerminator()->getOperand(0));
}

static std::optional<FewNumbers> ofConstant(DenseElementsAttr elements) {
  FewNumbers few;
  constexpr int64_t mostElements = 1 << 20;
  if (!elements.getElementType().isIntOrFloat() ||
      elements.getNumElements() > mostElements)
    return std::nullopt;
  if (elements.isSplat())
    return insert(few, numberOf(elements.getSplatValue<Attribute>()))
               ? std::optional(few)
               : std::nullopt;
  for (Attribute element : elements.getValues<Attribute>())
    if (!insert(few, numberOf(element)))
      return std::nullopt;
  return few;
}

static std::optional<FewNumbers> ofScalar(Value scalar) {
  Attribute constant;
  FewNumbers few;
  bool isKnown = matchPattern(scalar, m_Constant(&constant)) &&
                 isa<FloatAttr, IntegerAttr>(constant) &&
                 insert(few, numberOf(constant));
  return isKnown ? std::optional(few) : std::nullopt;
}

std::optional<FewNumbers> NumberFinder::ofGeneric(linalg::GenericOp op) {
  if (op.getNumResults() != 1 || op.getNumParallelLoops() != op.getNumLoops())
    return std::nullopt;
  FewNumbers result;
  SmallVector<FewNumbers> inputs;
  for (Value input : op.getInputs()) {
    std::optional<FewNumbers> few = find(input);
    if (!few || few->numbers.empty())
      return std::nullopt;
    result.isAssumed |= few->isAssumed;
    inputs.push_back(*few);
  }
  // Each combination of the inputs' numbers.
  SmallVector<size_t> picks(inputs.size(), 0);
  for (;;) {
    SmallVector<double> elements;
    for (auto [few, pick] : llvm::zip(inputs, picks))
      elements.push_back(few.numbers[pick]);
    std::optional<double> number = yieldOf(op, elements);
    if (!number || !insert(result, *number))
      return std::nullopt;
    size_t at = 0;
    while (at < picks.size() && ++picks[at] == inputs[at].numbers.size())
      picks[at++] = 0;
    if (at == picks.size())
      return result;
  }
}

std::optional<FewNumbers> NumberFinder::compute(Value tensor) {
  Operation *op = tensor.getDefiningOp();
  DenseElementsAttr elements;
  if (matchPattern(tensor, m_Constant(&elements)))
    return ofConstant(elements);
  std::optional<FewNumbers> found;
  if (auto generic = dyn_cast_or_null<linalg::GenericOp>(op))
    found = ofGeneric(generic);
  else if (isa_and_nonnull<tensor::ExpandShapeOp, tensor::CollapseShapeOp,
                           tensor::ExtractSliceOp, tensor::CastOp>(op))
    found = find(op->getOperand(0));
  else if (auto fill = dyn_cast_or_null<linalg::FillOp>(op))
    found = ofScalar(fill.getInputs().front());
  FewNumbers zeroAndOne{{0, 1}};
  // A boolean needs no assumption.
  if ((!found || found->isAssumed) &&
      getElementTypeOrSelf(tensor.getType()).isInteger(1))
    return zeroAndOne;
  auto input = dyn_cast<BlockArgument>(tensor);
  zeroAndOne.isAssumed = true;
  if (input && isa<func::FuncOp>(input.getOwner()->getParentOp()))
    return zeroAndOne;
  return found;
}

std::optional<FewNumbers> NumberFinder::find(Value tensor) {
  constexpr unsigned limit = 64;
  auto [place, isNew] = known.try_emplace(tensor, std::nullopt);
  if (!isNew || depth >= limit)
    return place->second;
  ++depth;
  std::optional<FewNumbers> found = compute(tensor);
  --depth;
  known[tensor] = found;
  return found;
}

std::optional<FewNumbers> fewNumbersOf(Value tensor) {
  return NumberFinder().find(tensor);
}

} // namespace attune::attn
