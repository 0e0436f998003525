// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/HiddenKeys.h"
#include "dialects/kernel/Positions.h"
#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/IntegerSet.h"
#include "passes/raise/MaskReader.h"
#include "passes/raise/SizeReader.h"

using namespace mlir;

namespace attune {

/// `condition` <= 0 as an expression >= 0 of the positions i and j of query and
/// key, and of the number of keys n; null if other sizes are left in it, or
/// numbers are too large.
static AffineExpr overPositions(Affine condition, Value scores) {
  int64_t rank = typeOf(scores).getRank();
  Affine keys = sizeOf(scores, rank - 1);
  auto take = [&](const std::string &name) {
    auto found = condition.terms.find(name);
    int64_t factor = found == condition.terms.end() ? 0 : found->second;
    condition.terms.erase(name);
    return factor;
  };
  int64_t row = take("i"), key = take("j"), count = 0;
  // The row of a query is its position less the keys before the first row.
  condition = condition.plus(sizeOf(scores, rank - 2), row).plus(keys, -row);
  if (!condition.terms.empty() && !keys.terms.empty()) {
    auto [name, factor] = *keys.terms.begin();
    auto found = condition.terms.find(name);
    count = found == condition.terms.end() ? 0 : found->second / factor;
    condition = condition.plus(keys, -count);
  }
  if (!condition.isConstant())
    return {};
  MLIRContext *context = scores.getContext();
  AffineExpr sum = getAffineDimExpr(0, context) * row +
                   getAffineDimExpr(1, context) * key +
                   getAffineSymbolExpr(0, context) * count + condition.constant;
  AffineExpr result = simplifyAffineExpr(-sum, 2, 1);
  return kernel::isComputable(result) ? result : AffineExpr();
}

/// The flag that `condition` <= 0 asks for; nothing if it is of positions.
static std::optional<HiddenKeys::Flag> flagOf(const Affine &condition,
                                              const MaskLeaves &leaves) {
  if (condition.terms.size() != 1)
    return std::nullopt;
  auto [name, factor] = *condition.terms.begin();
  StringRef number = name;
  unsigned leaf;
  if (!number.consume_front("leaf ") || number.getAsInteger(10, leaf))
    return std::nullopt;
  // 1 - leaf <= 0 where it is true, leaf <= 0 where it is not.
  return HiddenKeys::Flag{leaves[leaf], factor > 0};
}

/// Whether affine <= 0 holds whatever its indices and sizes are.
static bool isCertain(const Affine &affine) {
  return affine.constant <= 0 &&
         llvm::all_of(affine.terms,
                      [](const auto &term) { return term.second <= 0; });
}

/// What stays visible where `condition` holds; nothing if it is no mask of
/// positions, or flags are not the same wherever it holds.
static std::optional<HiddenKeys> visibleWhere(const Condition &condition,
                                              Value scores,
                                              const MaskLeaves &leaves) {
  MLIRContext *context = scores.getContext();
  AffineExpr row = getAffineDimExpr(0, context);
  AffineExpr upToOwn =
      simplifyAffineExpr(row - getAffineDimExpr(1, context), 2, 1);
  HiddenKeys keys;
  keys.causal = true;
  SmallVector<SmallVector<AffineExpr>> all;
  for (auto [index, list] : llvm::enumerate(condition.any)) {
    bool seesOwn = true;
    SmallVector<HiddenKeys::Flag> flags;
    all.emplace_back();
    for (const Affine &affine : list) {
      if (isCertain(affine))
        continue;
      if (std::optional<HiddenKeys::Flag> flag = flagOf(affine, leaves)) {
        flags.push_back(*flag);
        seesOwn = false;
        continue;
      }
      AffineExpr expr = overPositions(affine, scores);
      if (!expr)
        return std::nullopt;
      all.back().push_back(expr);
      auto own = dyn_cast<AffineConstantExpr>(
          simplifyAffineExpr(expr.replaceDims({row, row}), 2, 1));
      seesOwn &= own && own.getValue() >= 0;
    }
    if (index == 0)
      keys.flags = flags;
    if (keys.flags != flags || (all.back().empty() && flags.empty()))
      return std::nullopt;
    keys.causal &= llvm::is_contained(all.back(), upToOwn);
    keys.seesSome |= seesOwn;
  }
  if (all.empty())
    return std::nullopt;
  Sizes sizes = SizeReader::sizesOf(scores);
  keys.seesSome &= isAtLeast(sizes.back(), sizes[sizes.size() - 2]);
  SmallVector<Attribute> sets;
  for (SmallVector<AffineExpr> &constraints : all) {
    if (keys.causal)
      llvm::erase(constraints, upToOwn);
    if (constraints.empty())
      return keys;
    sets.push_back(IntegerSetAttr::get(IntegerSet::get(
        2, 1, constraints, SmallVector<bool>(constraints.size(), false))));
  }
  keys.mask = ArrayAttr::get(context, sets);
  return keys;
}

/// What stays where the formula is 0, if it hides the rest.
static std::optional<HiddenKeys> hiddenIn(const MaskExpr &expr, Value scores,
                                          const MaskLeaves &leaves) {
  if (expr.kind != MaskExpr::Kind::choice)
    return std::nullopt;
  bool keeps = expr.value == 0;
  double hidden = keeps ? expr.otherwise : expr.value;
  if ((!keeps && expr.otherwise != 0) || !(hidden <= hiddenScore))
    return std::nullopt;
  std::optional<Condition> kept =
      keeps ? std::optional(expr.condition) : expr.condition.negated();
  std::optional<HiddenKeys> keys =
      kept ? visibleWhere(*kept, scores, leaves) : std::nullopt;
  if (keys)
    keys->hidden = hidden;
  return keys;
}

std::optional<HiddenKeys> hiddenByAdding(Value mask, Value scores) {
  MaskLeaves leaves;
  return hiddenIn(elementFor(mask, scores, leaves), scores, leaves);
}

std::optional<HiddenKeys> hiddenByWhere(onnx::NodeOp where, unsigned score,
                                        Value scores) {
  std::optional<double> other = scalarOf(where.getInputs()[3 - score]);
  if (!other || *other > hiddenScore)
    return std::nullopt;
  MaskLeaves leaves;
  SmallVector<MaskExpr> operands = {
      elementFor(where.getInputs()[0], scores, leaves), MaskExpr::number(0),
      MaskExpr::number(*other)};
  if (score == 2)
    std::swap(operands[1], operands[2]);
  return hiddenIn(
      applyToElements("Where", operands, typeOf(scores).getElementType()),
      scores, leaves);
}

} // namespace attune
