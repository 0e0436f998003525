// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/kernel/Kernel.h"

using namespace mlir;

namespace attune::kernel {

using Emit = llvm::function_ref<InFlightDiagnostic()>;

static bool isFinite(FloatAttr number) { return number.getValue().isFinite(); }

static LogicalResult verifyDegree(Emit emitError, int64_t degree) {
  if (degree >= 2 && llvm::isPowerOf2_64(degree))
    return success();
  return emitError() << "requires a degree that is a power of two, of 2 or "
                        "more, but got "
                     << degree;
}

LogicalResult PowerAttr::verify(Emit emitError, int64_t degree, FloatAttr eps) {
  if (!isFinite(eps) || eps.getValueAsDouble() < 0)
    return emitError() << "requires a finite eps of 0 or more, but got "
                       << eps.getValueAsDouble();
  return verifyDegree(emitError, degree);
}

int64_t PowerAttr::getPasses() const { return 1; }

LogicalResult PowerSumAttr::verify(Emit emitError, int64_t degree,
                                   FloatAttr bound) {
  if (!isFinite(bound) || bound.getValueAsDouble() <= 0)
    return emitError() << "requires a finite, positive bound, but got "
                       << bound.getValueAsDouble();
  return verifyDegree(emitError, degree);
}

int64_t PowerSumAttr::getPasses() const { return 1; }

LogicalResult ClippedSoftmaxAttr::verify(Emit emitError, FloatAttr low,
                                         FloatAttr high) {
  if (isFinite(low) && low.getValueAsDouble() <= 0 && isFinite(high) &&
      high.getValueAsDouble() >= 1)
    return success();
  return emitError() << "requires a low of at most 0 and a high of at least 1, "
                        "but got "
                     << low.getValueAsDouble() << " and "
                     << high.getValueAsDouble();
}

int64_t ClippedSoftmaxAttr::getPasses() const { return 2; }

} // namespace attune::kernel
