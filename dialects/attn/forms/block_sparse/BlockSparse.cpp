// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/BlockLists.h"
#include "dialects/attn/core/Tensors.h"
#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> block = parameters.integerFrom(dense, "block", 1);
  if (!block)
    return failure();
  std::optional<BlockGrid> grid = blockGrid(dense, "block_sparse", *block);
  if (!grid)
    return failure();
  int64_t heads = grid->heads;
  int64_t shape[] = {heads, grid->rows, grid->columns};
  FailureOr<Value> marks = parameters.weight(
      rewriter, dense,
      SideWeight{"mask", "block_mask", shape, rewriter.getI32Type()});
  if (failed(marks))
    return failure();
  Tensors b(dense.getLoc(), rewriter);
  Value mask =
      b.convert(*marks, b.getI1Type(),
                [](ImplicitLocOpBuilder &inner, Value mark) -> Value {
                  Value zero =
                      arith::ConstantIntOp::create(inner, mark.getType(), 0);
                  return arith::CmpIOp::create(inner, arith::CmpIPredicate::ne,
                                               mark, zero);
                });
  int64_t all[] = {1, heads, grid->rows, grid->columns};
  mask = tensor::ExpandShapeOp::create(
      b, RankedTensorType::get(all, b.getI1Type()), mask,
      ArrayRef<ReassociationIndices>{{0, 1}, {2}, {3}});
  restrictToBlocks(rewriter, dense, mask, *block, grid->columns);
  return success();
}

Form block_sparse_form() {
  static constexpr FormParameter parameters[] = {
      {"mask", FormParameter::Kind::file, 0,
       "a safetensors file with the tensor 'block_mask' of I32, heads x blocks "
       "of queries x blocks of keys: 0 hides a block"},
      {"block", FormParameter::Kind::integer, 64,
       "positions of a block; the last one may be shorter"}};
  return {"block_sparse",
          "softmax over the blocks of keys that a file lists for each block of "
          "queries",
          "Child, Gray, Radford, Sutskever (2019), Generating Long Sequences "
          "with Sparse Transformers",
          parameters, rewrite};
}

} // namespace attune::attn
