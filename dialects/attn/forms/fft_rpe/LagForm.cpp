// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/LagForm.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include <cmath>

using namespace mlir;

namespace attune::attn {

LagForm LagForm::linear(int64_t i, int64_t j) {
  if (i == 0 && j == 0)
    return same();
  LagForm form(Kind::linear);
  form.i = i;
  form.j = j;
  form.exact = true;
  return form;
}

bool LagForm::isDiagonalTo(LagForm other) const {
  return isLinear() && other.isLinear() && exact && other.exact && i + j == 1 &&
         other.i + other.j == 1 && i * other.i == 0 && j * other.j == 0;
}

LagForm LagForm::times(double factor) const {
  if (!isLinear() || factor == 0)
    return isLinear() ? same() : LagForm();
  // Small integers keep the coefficients known.
  constexpr double most = 1 << 20;
  if (exact && factor == std::rint(factor) && std::abs(factor) < most)
    return linear(i * static_cast<int64_t>(factor),
                  j * static_cast<int64_t>(factor));
  LagForm form = *this;
  form.exact = false;
  return form;
}

LagForm LagForm::combine(LagForm left, LagForm right, int64_t sign) {
  if (right.isSame())
    return left;
  if (left.isSame()) {
    right.i *= sign;
    right.j *= sign;
    return right;
  }
  if (left.exact && right.exact)
    return linear(left.i + sign * right.i, left.j + sign * right.j);
  bool isParallel = left.i * right.j == right.i * left.j;
  left.exact = false;
  return isParallel ? left : LagForm();
}

LagForm LagForm::apply(Operation *op, ArrayRef<LagForm> operands) {
  if (!isMemoryEffectFree(op) ||
      !llvm::all_of(operands, [](LagForm x) { return static_cast<bool>(x); }))
    return {};
  if (llvm::all_of(operands, [](LagForm x) { return x.isSame(); }))
    return same();
  bool areLinear = llvm::all_of(
      operands, [](LagForm x) { return x.isSame() || x.isLinear(); });
  LagForm form;
  if (areLinear &&
      isa<arith::IndexCastOp, arith::ExtSIOp, arith::SIToFPOp, arith::ExtFOp>(
          op))
    form = operands[0];
  else if (areLinear && isa<arith::AddIOp, arith::AddFOp>(op))
    form = combine(operands[0], operands[1], 1);
  else if (areLinear && isa<arith::SubIOp, arith::SubFOp>(op))
    form = combine(operands[0], operands[1], -1);
  else if (areLinear && isa<arith::MulIOp, arith::MulFOp>(op) &&
           (operands[0].isSame() || operands[1].isSame()))
    form = operands[operands[0].isSame()].times(std::nan(""));
  else if (isa<arith::DivFOp>(op) && operands[0].isLinear() &&
           operands[1].isSame())
    form = operands[0].times(std::nan(""));
  else if (isa<arith::NegFOp>(op) && operands[0].isLinear())
    form = combine(same(), operands[0], -1);
  if (form)
    return form;
  bool areLags = llvm::all_of(operands, [](LagForm x) { return x.isLag(); });
  return areLags ? lag() : LagForm();
}

} // namespace attune::attn
