// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a file computes for one element of a mask, as a formula of its indices.

#ifndef ATTUNE_PASSES_RAISE_MASKEXPR_H
#define ATTUNE_PASSES_RAISE_MASKEXPR_H

#include "dialects/onnx/Nodes.h"

#include <map>
#include <memory>

namespace attune {

/// An integer: a sum of multiples of named sizes and of indices, and a number.
struct Affine {
  std::map<std::string, int64_t> terms;
  int64_t constant = 0;

  static Affine of(int64_t constant) { return {{}, constant}; }
  static Affine symbol(const std::string &name) { return {{{name, 1}}, 0}; }
  Affine plus(const Affine &other, int64_t factor = 1) const;
  bool isConstant() const { return terms.empty(); }
  bool operator==(const Affine &other) const {
    return terms == other.terms && constant == other.constant;
  }
};

/// A formula for one element.
struct MaskExpr {
  enum class Kind {
    unknown,
    number,  ///< `value`
    integer, ///< `affine`
    atMost,  ///< boolean: `affine` <= 0
    select,  ///< `operands[0]` (atMost) ? `operands[1]` : `operands[2]`
  };
  Kind kind = Kind::unknown;
  double value = 0;
  Affine affine;
  std::vector<std::shared_ptr<const MaskExpr>> operands;

  static MaskExpr number(double value);
  static MaskExpr integer(Affine affine);
  /// Whether affine <= 0; a number if that is known.
  static MaskExpr atMost(Affine affine);
  static MaskExpr select(const MaskExpr &condition, const MaskExpr &yes,
                         const MaskExpr &no);
  /// The number that the element is known to be.
  std::optional<double> asNumber() const;
};

/// The operator `op` of ai.onnx, whose result has elements of type `type`, on
/// elements; unknown if it has no formula.
MaskExpr applyToElements(llvm::StringRef op, llvm::ArrayRef<MaskExpr> operands,
                         mlir::Type type);

/// Below this a score has weight 0 beside any that is not hidden.
constexpr double hiddenScore = -1e30;

/// What `mask` adds to the scores of keys that attn.attention's `causal` hides,
/// if that is all it does: 0 where key j <= i + Lk - Lq, and elsewhere
/// `hiddenScore` or less. Nothing for any other tensor.
std::optional<double> hidesLaterKeys(mlir::Value mask, mlir::Value scores);
/// The same for a `Where` whose operand `score` is the scores: the score that
/// hidden keys get.
std::optional<double> keepsEarlierKeys(onnx::NodeOp where, unsigned score,
                                       mlir::Value scores);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_MASKEXPR_H
