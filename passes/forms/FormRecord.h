// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_FORMRECORD_H
#define ATTUNE_PASSES_FORMS_FORMRECORD_H

#include "passes/forms/FormSpec.h"
#include "passes/forms/SplitHeads.h"

namespace attune {

/// On a module: what became of dense attention. One dictionary for each share
/// of heads that was asked for: `layer`, `first_head`, `end_head`, `form`,
/// `parameters`; then `exact`, `flops`, `bytes` and, where attention is left,
/// `mask` and `blocks`; or `why_not` where the form could not be applied.
inline constexpr llvm::StringLiteral formsAttr = "attune.forms";

/// On a module: what its outputs are as polynomials: `degree`, `depth`,
/// `functions` and the like.
inline constexpr llvm::StringLiteral polynomialAttr = "attune.polynomial";

/// On a result that gives what attention computes: the number of the layer.
inline constexpr llvm::StringLiteral layerAttr = "attune.layer";

/// Of an attention with block lists: `query_block`, `key_block` and, if the
/// lists are constant, `shown`, the blocks of keys (columns) that the first
/// head of the first batch lists for blocks of queries (rows). Null if it has
/// none.
mlir::DictionaryAttr listedBlocks(attn::AttentionOp attention);

/// One application of a form.
struct FormRecord {
  unsigned layer = 0;
  HeadRange heads;
  const FormSpec *spec = nullptr;
  bool isExact = false;
  attn::Cost cost = {};
  mlir::ArrayAttr mask = {};        ///< of what became of it; null: none
  mlir::DictionaryAttr blocks = {}; ///< listedBlocks() of the same
  std::string whyNot = {};

  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context) const;
};

/// Notes the operations that a rewrite leaves behind.
class RewriteWatcher : public mlir::RewriterBase::Listener {
public:
  explicit RewriteWatcher(attn::AttentionOp dense) { ops.insert(dense); }
  void notifyOperationInserted(mlir::Operation *op,
                               mlir::OpBuilder::InsertPoint) override {
    ops.insert(op);
  }
  void notifyOperationErased(mlir::Operation *op) override { ops.remove(op); }

  /// Puts cost (with `size` for what is not known), mask and blocks into
  /// `record`.
  void fill(FormRecord &record, int64_t size) const;

private:
  llvm::SetVector<mlir::Operation *> ops;
};

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_FORMRECORD_H
