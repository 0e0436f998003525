// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Effects.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/kernel/KernelDialect.cpp.inc"
#include "dialects/kernel/KernelEnums.cpp.inc"
#include "dialects/kernel/NormalisersInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/kernel/KernelAttrs.cpp.inc"
#define GET_OP_CLASSES
#include "dialects/kernel/KernelOps.cpp.inc"

using namespace mlir;

namespace attune::kernel {

void KernelDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/kernel/KernelOps.cpp.inc"
      >();
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/kernel/KernelAttrs.cpp.inc"
      >();
}

MemRefType bytesType(MLIRContext *context) {
  return MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 8));
}

static int64_t byteSize(RankedTensorType type) {
  unsigned bits = type.getElementTypeBitWidth();
  return type.getNumElements() * static_cast<int64_t>((bits + 7) / 8);
}

LogicalResult WeightOp::verify() {
  auto stored = cast<RankedTensorType>(getStored());
  if (static_cast<int64_t>(getSize()) != byteSize(stored))
    return emitOpError("requires a size of ")
           << byteSize(stored) << " bytes for " << stored << ", but got "
           << getSize();
  SmallVector<int64_t> shape(stored.getShape());
  if (std::optional<ArrayRef<int64_t>> permutation = getPermutation()) {
    if (permutation->size() != shape.size() ||
        !isPermutationVector(*permutation))
      return emitOpError("requires a permutation of the stored dimensions");
    for (auto [dim, from] : llvm::enumerate(*permutation))
      shape[dim] = stored.getDimSize(from);
  }
  if (std::optional<int64_t> panel = getPanel()) {
    if (shape.size() != 2 || *panel < 1)
      return emitOpError("requires a matrix and a positive panel to pack");
    shape = {(shape[1] + *panel - 1) / *panel, shape[0], *panel};
  }
  auto type = cast<RankedTensorType>(getType());
  if (type.getShape() != ArrayRef(shape) ||
      type.getElementType() != stored.getElementType())
    return emitOpError("requires the type ")
           << RankedTensorType::get(shape, stored.getElementType())
           << ", but got " << type;
  return success();
}

LogicalResult LoadWeightOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto weight =
      symbols.lookupNearestSymbolFrom<WeightOp>(*this, getWeightAttr());
  if (!weight)
    return emitOpError("requires a kernel.weight named ") << getWeightAttr();
  auto type = cast<ShapedType>(weight.getType());
  auto result = cast<ShapedType>(getType());
  if (type.getShape() != result.getShape() ||
      type.getElementType() != result.getElementType())
    return emitOpError("requires the weight's type ")
           << type << ", but got " << result;
  return success();
}

static bool compatible(int64_t left, int64_t right) {
  return ShapedType::isDynamic(left) || ShapedType::isDynamic(right) ||
         left == right;
}

static LogicalResult verifyCaptures(Operation *op, unsigned captures,
                                    ArrayAttr maps, unsigned dims,
                                    Block &body) {
  if (maps.size() != captures)
    return op->emitOpError("requires one map for each capture, but got ")
           << maps.size() << " for " << captures;
  for (AffineMap map : maps.getAsValueRange<AffineMapAttr>())
    if (map.getNumDims() != dims)
      return op->emitOpError("requires capture maps from ")
             << dims << " dimensions, but got " << AffineMapAttr::get(map);
  if (body.getNumArguments() != captures + 1)
    return op->emitOpError("requires a region with ")
           << captures + 1 << " arguments, but got " << body.getNumArguments();
  return success();
}

LogicalResult ContractOp::verify() {
  auto lhs = cast<ShapedType>(getLhs().getType());
  auto rhs = cast<ShapedType>(getRhs().getType());
  // C1
  if (getInit().size() != 1)
    return emitOpError("requires one destination");
  auto init = cast<ShapedType>(getInit().front().getType());
  if (lhs.getRank() != 3 || init.getRank() != 3)
    return emitOpError("requires a left side and a destination of rank 3");
  if (rhs.getRank() != 2 && rhs.getRank() != 3)
    return emitOpError("requires a right side of rank 2 or 3");
  // C2
  unsigned last = rhs.getRank() - 1;
  unsigned depth = isPacked() ? 1 : last - 1;
  if (!compatible(lhs.getDimSize(0), init.getDimSize(0)) ||
      !compatible(lhs.getDimSize(1), init.getDimSize(1)) ||
      !compatible(lhs.getDimSize(2), rhs.getDimSize(depth)))
    return emitOpError("requires sizes that agree, but got ")
           << lhs << " times " << rhs << " into " << init;
  // C3
  return verifyCaptures(*this, getCaptures().size(), getCaptureMaps(), 3,
                        getEpilogue().front());
}

LogicalResult StateAttentionOp::verify() {
  // C1
  for (Value operand : getOperands())
    if (!cast<ShapedType>(operand.getType()).getElementType().isF32())
      return emitOpError("requires f32, but got ") << operand.getType();
  auto rank = [](Value value) {
    return cast<ShapedType>(value.getType()).getRank();
  };
  if (rank(getQuery()) != 3 || rank(getKey()) != 3 || rank(getValue()) != 3 ||
      rank(getPast()) != 4 || getInit().size() != 2)
    return emitOpError("requires query, key and value of rank 3, a state of "
                       "rank 4 and two destinations");
  // C2
  if (getKeyHeads() < 1 || getHeads() % getKeyHeads() != 0)
    return emitOpError("requires heads that are a multiple of key_heads, but "
                       "got ")
           << getHeads() << " and " << getKeyHeads();
  // C3
  if (getDecay().size() > 1 || getRate().size() > 1 ||
      (!getDecay().empty() && rank(getDecay().front()) != 4) ||
      (!getRate().empty() && rank(getRate().front()) != 3))
    return emitOpError("requires at most one decay, of rank 4, and one rate, "
                       "of rank 3");
  return success();
}

LogicalResult RecurrenceOp::verify() {
  int64_t gates = getGates(), states = getStates().size();
  // C1
  if (static_cast<int64_t>(getInit().size()) !=
      1 + states + (hasLateGate() ? 2 : 0))
    return emitOpError("requires a destination for each result, but got ")
           << getInit().size();
  // C2
  auto fits = [](Region &region, int64_t arguments, int64_t results) {
    Block &body = region.front();
    auto yield =
        dyn_cast_or_null<YieldOp>(body.empty() ? nullptr : &body.back());
    return body.getNumArguments() == arguments && yield &&
           static_cast<int64_t>(yield.getValues().size()) == results;
  };
  int64_t ofGates = hasLateGate() ? 3 : 2 * gates;
  int64_t parameters = getParameterCount();
  if (!fits(getCell(), ofGates + states + parameters, states))
    return emitOpError("requires a cell with ")
           << ofGates + states + parameters << " arguments and " << states
           << " results";
  if (hasLateGate() && !fits(getEarly(), 2 * (gates - 1) + 1, 2))
    return emitOpError("requires an early region with ")
           << 2 * (gates - 1) + 1 << " arguments and 2 results";
  return success();
}

LogicalResult ScanOp::verify() {
  auto input = cast<ShapedType>(getInput().getType());
  // C1
  if (getInit().size() != 1 ||
      cast<ShapedType>(getInit().front().getType()).getElementType() !=
          input.getElementType())
    return emitOpError("requires one destination of the input's type");
  if (static_cast<int64_t>(getAxis()) >= input.getRank())
    return emitOpError("requires an axis below ")
           << input.getRank() << ", but got " << getAxis();
  // C2
  if (getCombine().front().getNumArguments() != 2)
    return emitOpError("requires a region with 2 arguments");
  return success();
}

LogicalResult SuppressOp::verify() {
  if (getInit().size() != 3)
    return emitOpError("requires three destinations, but got ")
           << getInit().size();
  auto rank = [](Value value) {
    return cast<ShapedType>(value.getType()).getRank();
  };
  if (rank(getBoxes()) != 3 || rank(getScores()) != 3 || rank(getKept()) != 3 ||
      rank(getCounts()) != 2 || rank(getAlive()) != 3)
    return emitOpError(
        "requires ranks 3, 3, 3, 2 and 3 of boxes, scores, kept, "
        "counts and alive");
  return success();
}

LogicalResult ScatterOp::verify() {
  auto indices = cast<ShapedType>(getIndices().getType());
  auto updates = cast<ShapedType>(getUpdates().getType());
  // C1
  if (getInit().size() != 1)
    return emitOpError("requires one destination");
  int64_t rank = cast<ShapedType>(getInit().front().getType()).getRank();
  if (static_cast<int64_t>(getPositions().size()) != rank ||
      static_cast<int64_t>(getIndexed().size()) != rank)
    return emitOpError("requires one map and one mark for each dimension");
  for (auto [map, indexed] :
       llvm::zip(getPositions().getAsValueRange<AffineMapAttr>(), getIndexed()))
    if (map.getNumDims() != updates.getRank() ||
        map.getNumResults() != (indexed ? indices.getRank() : 1))
      return emitOpError("requires maps from updates to places, but got ")
             << AffineMapAttr::get(map);
  // C2
  if (getCombine().front().getNumArguments() != 2)
    return emitOpError("requires a region with 2 arguments");
  return success();
}

LogicalResult AppendOp::verify() {
  auto state = cast<ShapedType>(getState().getType());
  // C1
  if (getInit().size() != 1)
    return emitOpError("requires one destination");
  if (state.getRank() < 1)
    return emitOpError("requires a rank of at least 1");
  for (Value other : {getRows(), getInit().front()}) {
    auto type = cast<ShapedType>(other.getType());
    if (type.getElementType() != state.getElementType() ||
        type.getRank() != state.getRank())
      return emitOpError("requires one element type and one rank, but got ")
             << state << " and " << type;
    // C2
    for (int64_t dim = 1; dim < state.getRank(); ++dim)
      if (!compatible(state.getDimSize(dim), type.getDimSize(dim)))
        return emitOpError("requires equal sizes after the first, but got ")
               << state << " and " << type;
  }
  return success();
}

void ContractOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void ScanOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void ScatterOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void AppendOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void StateAttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void RecurrenceOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void SuppressOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

bool AttentionOp::hasRows(Value tensor, ArrayRef<int64_t> layout) {
  auto type = cast<ShapedType>(tensor.getType());
  return layout.back() == 3 && !type.isDynamicDim(type.getRank() - 1);
}

void FftOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void DeterminantOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void SortOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void AttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void LinearAttentionOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

} // namespace attune::kernel
