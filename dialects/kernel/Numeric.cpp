// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of NumericOps.td.

#include "dialects/kernel/Kernel.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace attune::kernel {

static ShapedType shaped(Value value) {
  return cast<ShapedType>(value.getType());
}

static bool agree(int64_t left, int64_t right) {
  return ShapedType::isDynamic(left) || ShapedType::isDynamic(right) ||
         left == right;
}

LogicalResult FftOp::verify() {
  // C1
  if (getInit().size() != 2)
    return emitOpError("requires two destinations, but got ")
           << getInit().size();
  ShapedType re = shaped(getInit()[0]), im = shaped(getInit()[1]);
  Type element = re.getElementType();
  if (re.getRank() != 2 || im.getRank() != 2 ||
      im.getElementType() != element || !(element.isF32() || element.isF64()))
    return emitOpError("requires matrices of f32 or f64, but got ")
           << re << " and " << im;
  // C2
  for (ShapedType type : {re, im}) {
    int64_t length = type.getDimSize(1);
    if (!ShapedType::isDynamic(length) &&
        (length < 16 || !llvm::isPowerOf2_64(length)))
      return emitOpError(
                 "requires a power of two of at least 16 columns, but got ")
             << length;
  }
  // C3
  ShapedType twiddles = shaped(getTwiddles());
  if (twiddles.getRank() != 2 || twiddles.getElementType() != element ||
      !agree(twiddles.getDimSize(0), 2) ||
      !agree(twiddles.getDimSize(1), re.getDimSize(1)))
    return emitOpError("requires 2 x ") << re.getDimSize(1) << " twiddles of "
                                        << element << ", but got " << twiddles;
  return success();
}

LogicalResult DeterminantOp::verify() {
  // C1
  if (getInit().size() != 2)
    return emitOpError("requires two destinations, but got ")
           << getInit().size();
  ShapedType matrices = shaped(getInit()[0]), results = shaped(getInit()[1]);
  if (matrices.getRank() != 3 || results.getRank() != 1 ||
      matrices.getElementType() != results.getElementType() ||
      !isa<FloatType>(matrices.getElementType()) ||
      !agree(matrices.getDimSize(1), matrices.getDimSize(2)))
    return emitOpError("requires square matrices and a list of one type of "
                       "float, but got ")
           << matrices << " and " << results;
  return success();
}

LogicalResult SortOp::verify() {
  // C1
  if (getInit().size() != 2)
    return emitOpError("requires two destinations, but got ")
           << getInit().size();
  ShapedType keys = shaped(getKeys());
  if (keys.getRank() != 3)
    return emitOpError("requires keys of rank 3, but got ") << keys;
  for (Value init : getInit())
    if (shaped(init).getRank() != 2 ||
        !shaped(init).getElementType().isInteger(64))
      return emitOpError("requires destinations of rank 2 that hold i64, but "
                         "got ")
             << init.getType();
  // C2
  Block &body = getBefore().front();
  auto yield = dyn_cast_or_null<YieldOp>(body.empty() ? nullptr : &body.back());
  auto isKey = [&](Type type) { return type == keys.getElementType(); };
  if (body.getNumArguments() != 2 ||
      !llvm::all_of(body.getArgumentTypes(), isKey) || !yield ||
      yield.getValues().size() != 1 ||
      !yield.getValues().front().getType().isInteger(1))
    return emitOpError("requires a region from two keys to an i1");
  return success();
}

} // namespace attune::kernel
