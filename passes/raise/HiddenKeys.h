// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_RAISE_HIDDENKEYS_H
#define ATTUNE_PASSES_RAISE_HIDDENKEYS_H

#include "dialects/onnx/Nodes.h"

namespace attune {

/// Below this a score has weight 0 beside any that is not hidden.
constexpr double hiddenScore = -1e30;

/// What a tensor hides that does nothing but hide keys.
struct HiddenKeys {
  /// The keys that stay: with `causal`, those up to the query's own; and in one
  /// of the integer sets of attn.attention's `mask`, if it is not null.
  bool causal = false;
  mlir::ArrayAttr mask;
  /// Booleans that hide keys as well, where one is false, or true if it is
  /// negated. Their dimensions are the last ones of the scores, or 1.
  struct Flag {
    mlir::Value value;
    bool negated = false;
    bool operator==(const Flag &other) const {
      return value == other.value && negated == other.negated;
    }
  };
  llvm::SmallVector<Flag> flags;
  /// The score that others get, or what is added to theirs: `hiddenScore` or
  /// less.
  double hidden = 0;
  /// Whether each query is sure to see a key.
  bool seesSome = false;
};

/// What `mask` hides by what it adds to the scores; nothing if it does anything
/// else.
std::optional<HiddenKeys> hiddenByAdding(mlir::Value mask, mlir::Value scores);
/// The same for a `Where` whose operand `score` is the scores.
std::optional<HiddenKeys> hiddenByWhere(onnx::NodeOp where, unsigned score,
                                        mlir::Value scores);

} // namespace attune

#endif // ATTUNE_PASSES_RAISE_HIDDENKEYS_H
