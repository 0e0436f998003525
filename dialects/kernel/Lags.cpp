// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Verifiers of LagOps.td.

#include "dialects/kernel/Effects.h"

using namespace mlir;

namespace attune::kernel {

static ShapedType shaped(Value value) {
  return cast<ShapedType>(value.getType());
}

static bool isMatrixLike(Value value, int64_t rank) {
  return shaped(value).getRank() == rank &&
         shaped(value).getElementType().isF32();
}

bool isSmooth(int64_t length) {
  for (int64_t prime : {2, 3, 5})
    while (length > 0 && length % prime == 0)
      length /= prime;
  return length == 1;
}

LogicalResult LagSumOp::verify() {
  // C1
  if (getInit().size() != 1)
    return emitOpError("requires one destination, but got ")
           << getInit().size();
  if (!isMatrixLike(getTaps(), 2) || !isMatrixLike(getInput(), 4) ||
      !isMatrixLike(getInit()[0], 4))
    return emitOpError("requires taps of rank 2, input and destination of rank "
                       "4, all of f32, but got ")
           << getTaps().getType() << ", " << getInput().getType() << " and "
           << getInit()[0].getType();
  // C2
  if (getCausal() && getByColumn())
    return emitOpError("requires not both of 'causal' and 'by_column'");
  return success();
}

/// What transforms of `rows` rows at most need, on spectra and scratch memory.
static LogicalResult verifyTransforms(Operation *op, Value twiddles,
                                      Value spectrum, Value scratch,
                                      int64_t rows) {
  ShapedType table = shaped(twiddles);
  // C2
  int64_t length = table.getDimSize(1);
  if (ShapedType::isDynamic(length) || !isSmooth(length) || length < rows)
    return op->emitOpError("requires a length of factors 2, 3 and 5 that is at "
                           "least ")
           << rows << ", but got " << table;
  // C3
  ShapedType spectra = shaped(spectrum), memory = shaped(scratch);
  auto fits = [&](ShapedType type) {
    return type.getRank() == 4 && type.getElementType().isF32() &&
           type.getDimSize(1) == length && type.getDimSize(2) == 2 &&
           !type.isDynamicDim(3);
  };
  if (!fits(spectra) || !fits(memory) ||
      (spectra.getDimSize(3) != 1 &&
       spectra.getDimSize(3) != memory.getDimSize(3)))
    return op->emitOpError("requires spectra and scratch memory of ")
           << length << " x 2 in panels of one width, or spectra of width 1, "
           << "but got " << spectra << " and " << memory;
  return success();
}

LogicalResult SpectrumOp::verify() {
  // C1
  if (getInit().size() != 2)
    return emitOpError("requires two destinations, but got ")
           << getInit().size();
  if (!isMatrixLike(getTaps(), 2) || !isMatrixLike(getTwiddles(), 2) ||
      shaped(getTwiddles()).getDimSize(0) != 2)
    return emitOpError("requires matrices of taps and of two rows of twiddles "
                       "of f32, but got ")
           << getTaps().getType() << " and " << getTwiddles().getType();
  return verifyTransforms(*this, getTwiddles(), getInit()[0], getInit()[1],
                          shaped(getTaps()).getDimSize(1));
}

LogicalResult CirculantOp::verify() {
  // C1
  if (getInit().size() != 2)
    return emitOpError("requires two destinations, but got ")
           << getInit().size();
  if (!isMatrixLike(getTwiddles(), 2) || !isMatrixLike(getInput(), 4) ||
      !isMatrixLike(getInit()[0], 4) ||
      shaped(getTwiddles()).getDimSize(0) != 2)
    return emitOpError("requires two rows of twiddles, input and destination "
                       "of rank 4, all of f32, but got ")
           << getTwiddles().getType() << ", " << getInput().getType() << " and "
           << getInit()[0].getType();
  return verifyTransforms(*this, getTwiddles(), getSpectrum(), getInit()[1],
                          shaped(getInput()).getDimSize(2));
}

void LagSumOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void SpectrumOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

void CirculantOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  addEffects(*this, effects);
}

} // namespace attune::kernel
