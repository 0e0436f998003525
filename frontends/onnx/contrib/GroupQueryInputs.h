// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_GROUPQUERYINPUTS_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_GROUPQUERYINPUTS_H

#include "frontends/onnx/contrib/AttentionParts.h"

namespace attune::gqa {

/// Inputs of GroupQueryAttention by their place.
enum Input : unsigned {
  query,
  key,
  value,
  pastKey,
  pastValue,
  lastKeys,
  totalLength,
  cosCache,
  sinCache,
  positionIds,
  addend,
  headSink,
  keyScale,
  valueScale,
  queryNorm,
  keyNorm,
  queryLengths
};

/// Checks ranks, and refuses by name whatever is not honoured.
mlir::LogicalResult checkInputs(NodeBuilder &b);
/// How many keys each batch item has, `[batch]` of i64; null after an error.
mlir::Value readLengths(NodeBuilder &b);
/// How many keys the longest has, an i64 scalar; null after an error.
mlir::Value readLongest(NodeBuilder &b);

/// Which keys a query sees.
struct Sight {
  /// Where queries stand, [batch, rows] of i64.
  mlir::Value rows;
  /// Keys of each batch item, [batch], and of the longest, a scalar; i64.
  mlir::Value lengths, longest;
};
/// Whether the node asks for a term of the softmax's sum beside the keys'.
bool hasSink(NodeBuilder &b);
/// Adds that term: a key of zeros whose score is the head's number and whose
/// value adds nothing. What is hidden becomes part of the bias.
mlir::LogicalResult addSink(NodeBuilder &b, AttentionParts &parts,
                            const Sight &sight);

} // namespace attune::gqa

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_GROUPQUERYINPUTS_H
