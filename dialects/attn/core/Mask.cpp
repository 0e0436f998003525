// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/Mask.h"
#include "dialects/kernel/Positions.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace attune::attn {

/// Whether what is divided by is a positive number, throughout.
static bool hasPositiveDivisors(AffineExpr expr) {
  bool fine = true;
  expr.walk([&](AffineExpr part) {
    auto binary = dyn_cast<AffineBinaryOpExpr>(part);
    bool divides = binary && part.getKind() != AffineExprKind::Add &&
                   part.getKind() != AffineExprKind::Mul;
    auto by = divides ? dyn_cast<AffineConstantExpr>(binary.getRHS())
                      : AffineConstantExpr();
    fine &= !divides || (by && by.getValue() > 0);
  });
  return fine;
}

LogicalResult verifyMask(Operation *op, ArrayAttr sets) {
  if (sets.empty())
    return op->emitOpError("requires a set in 'mask'");
  for (Attribute attribute : sets) {
    auto set = dyn_cast<IntegerSetAttr>(attribute);
    if (!set || set.getValue().getNumDims() != 2 ||
        set.getValue().getNumSymbols() > 1)
      return op->emitOpError("requires integer sets of (i, j)[n] in 'mask', "
                             "but got ")
             << attribute;
    for (AffineExpr constraint : set.getValue().getConstraints()) {
      if (!constraint.isPureAffine() || !hasPositiveDivisors(constraint))
        return op->emitOpError("requires no products or quotients of positions "
                               "in 'mask', but got ")
               << attribute;
      if (!kernel::isComputable(constraint))
        return op->emitOpError("requires numbers in 'mask' that 64 bits hold "
                               "with any position, but got ")
               << attribute;
    }
  }
  return success();
}

/// Positions of `dim` below `count`.
static IntegerSet firstOf(MLIRContext *context, unsigned dim, int64_t count) {
  AffineExpr rest = -getAffineDimExpr(dim, context) + (count - 1);
  return IntegerSet::get(2, 0, rest, false);
}

IntegerSet firstKeys(MLIRContext *context, int64_t count) {
  return firstOf(context, 1, count);
}

IntegerSet firstQueries(MLIRContext *context, int64_t count) {
  return firstOf(context, 0, count);
}

static IntegerSet both(IntegerSet left, IntegerSet right) {
  SmallVector<AffineExpr> constraints(left.getConstraints());
  SmallVector<bool> equal(left.getEqFlags());
  llvm::append_range(constraints, right.getConstraints());
  llvm::append_range(equal, right.getEqFlags());
  unsigned symbols = std::max(left.getNumSymbols(), right.getNumSymbols());
  return IntegerSet::get(2, symbols, constraints, equal);
}

IntegerSet windowSet(MLIRContext *context, int64_t steps, int64_t stride) {
  // Nothing is so far away.
  constexpr uint64_t farthest = uint64_t(1) << 53;
  auto reach = static_cast<int64_t>(std::min<uint64_t>(
      llvm::SaturatingMultiply<uint64_t>(steps, stride), farthest));
  AffineExpr query = getAffineDimExpr(0, context);
  AffineExpr key = getAffineDimExpr(1, context);
  IntegerSet band = IntegerSet::get(
      2, 0, {query - key + reach, key - query + reach}, {false, false});
  if (stride == 1)
    return band;
  return both(band, IntegerSet::get(2, 0, (query - key) % stride, true));
}

ArrayAttr intersectMasks(ArrayAttr left, ArrayAttr right) {
  SmallVector<Attribute> sets;
  for (IntegerSet one : left.getAsValueRange<IntegerSetAttr>())
    for (IntegerSet other : right.getAsValueRange<IntegerSetAttr>())
      sets.push_back(IntegerSetAttr::get(both(one, other)));
  return ArrayAttr::get(left.getContext(), sets);
}

void restrictTo(RewriterBase &rewriter, AttentionOp dense,
                ArrayRef<IntegerSet> sets) {
  ArrayAttr mask =
      rewriter.getArrayAttr(llvm::map_to_vector(sets, [](IntegerSet set) {
        return Attribute(IntegerSetAttr::get(set));
      }));
  if (dense.getMask())
    mask = intersectMasks(*dense.getMask(), mask);
  rewriter.modifyOpInPlace(dense, [&] { dense.setMaskAttr(mask); });
}

/// The value of an expression of constants; the divisors are positive.
static int64_t evaluate(AffineExpr expr, ArrayRef<int64_t> dims, int64_t n) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (isa<AffineSymbolExpr>(expr))
    return n;
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t left = evaluate(binary.getLHS(), dims, n);
  int64_t right = evaluate(binary.getRHS(), dims, n);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return left + right;
  case AffineExprKind::Mul:
    return left * right;
  case AffineExprKind::Mod:
    return llvm::mod(left, right);
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(left, right);
  default:
    return llvm::divideCeilSigned(left, right);
  }
}

bool isVisible(ArrayAttr sets, int64_t i, int64_t j, int64_t n) {
  return llvm::any_of(
      sets.getAsValueRange<IntegerSetAttr>(), [&](IntegerSet set) {
        for (auto [constraint, isEqual] :
             llvm::zip(set.getConstraints(), set.getEqFlags())) {
          int64_t value = evaluate(constraint, {i, j}, n);
          if (isEqual ? value != 0 : value < 0)
            return false;
        }
        return true;
      });
}

double shareOf(ArrayAttr sets, bool causal, int64_t n) {
  constexpr int64_t samples = 64;
  int64_t step = std::max<int64_t>(1, n / samples), seen = 0, all = 0;
  for (int64_t i = 0; i < n; i += step)
    for (int64_t j = 0; j < n; j += 1 + step / 4, ++all)
      seen += (!causal || j <= i) && isVisible(sets, i, j, n);
  return all ? double(seen) / double(all) : 1;
}

} // namespace attune::attn
