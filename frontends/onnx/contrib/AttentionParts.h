// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the attention operators of com.microsoft have in common.

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_ATTENTIONPARTS_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_ATTENTIONPARTS_H

#include "frontends/onnx/contrib/NodeBuilder.h"

namespace attune {

/// One `Attention` of ai.onnx. Queries, keys and values are all
/// `[batch, rows, heads * width]` or all `[batch, heads, rows, width]`.
struct AttentionParts {
  mlir::Value query, key, value;
  int64_t heads = 0, keyHeads = 0;
  /// Width of a head of queries and keys, and of values.
  int64_t width = 0, valueWidth = 0;
  /// What comes before the keys and values, `[batch, heads, rows, width]`.
  mlir::Value pastKey, pastValue;
  /// What is added to the scores, up to `[batch, heads, queries, keys]`.
  mlir::Value bias;
  /// How many keys each batch item has, with the new ones; or null.
  mlir::Value lengths;
  bool causal = false;
  /// 0 for the usual one.
  double scale = 0, softcap = 0;
  /// Keys before a query's own that it sees; -1 for all.
  int64_t window = -1;
};

/// The results of an attention.
struct AttentionResults {
  /// `[batch, queries, heads * width]`, whatever the queries were.
  mlir::Value output;
  mlir::Value presentKey, presentValue;
};
AttentionResults makeAttention(NodeBuilder &b, const AttentionParts &parts);

/// Rows of heads between `[batch, rows, heads * width]` and
/// `[batch, heads, rows, width]`.
mlir::Value splitHeads(NodeBuilder &b, mlir::Value rows, int64_t heads,
                       int64_t width);
mlir::Value joinHeads(NodeBuilder &b, mlir::Value heads);

/// The width of a head: that of `rows`, which must be constant, by `heads`. The
/// message calls the rows `what`.
mlir::FailureOr<int64_t> widthOfHeads(NodeBuilder &b, mlir::Value rows,
                                      int64_t heads, llvm::StringRef what);
/// The attribute num_heads, or kv_num_heads; it must be positive.
mlir::FailureOr<int64_t> countOfHeads(NodeBuilder &b, llvm::StringRef name);

/// Refuses a mask or bias that has other columns than keys for sure, or one
/// column, which would be that of all keys.
mlir::LogicalResult requireColumns(NodeBuilder &b, mlir::Value tensor,
                                   const Extent &keys, llvm::StringRef name);

/// A mask as Attention and MultiHeadAttention take it, of integers.
struct PaddingMask {
  mlir::Value mask;
  llvm::StringRef name;
  /// Whether a list may hold ends and starts.
  bool mayStart = false;
  /// `[batch, queries, ...]`; what gives the number of new keys is `keys`.
  mlir::Value query;
  mlir::Value keys;
  int64_t keysDim = 1;
  mlir::Value past; // [batch, heads, rows, width] or null
  bool causal = false;
};

/// What a mask, the causal frontier and a bias add to the scores; null if
/// nothing. `causal` is cleared if the frontier is in the result.
mlir::FailureOr<mlir::Value> scoreBias(NodeBuilder &b, PaddingMask &mask,
                                       unsigned biasInput);

} // namespace attune

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_ATTENTIONPARTS_H
