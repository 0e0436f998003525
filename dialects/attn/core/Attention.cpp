// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Mask.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult verifyRegion(AttentionOp op) {
  unsigned captures = op.getCaptures().size();
  if (op.getCaptureMaps().size() != captures)
    return op.emitOpError("requires one map for each capture, but got ")
           << op.getCaptureMaps().size() << " for " << captures;
  for (auto [map, capture] :
       llvm::zip(op.getCaptureMaps().getAsValueRange<AffineMapAttr>(),
                 op.getCaptures())) {
    auto type = cast<RankedTensorType>(capture.getType());
    if (map.getNumDims() != 4 || map.getNumResults() != type.getRank())
      return op.emitOpError("requires a map from (b,h,i,j) to ")
             << type << ", but got " << AffineMapAttr::get(map);
    for (AffineExpr result : map.getResults())
      if (!isa<AffineDimExpr, AffineConstantExpr>(result))
        return op.emitOpError("requires dimensions or zeros in ")
               << AffineMapAttr::get(map);
  }
  Block &body = op.getScore().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  if (body.getNumArguments() != captures + 1 || yield.getValues().size() != 1)
    return op.emitOpError("requires a region with ")
           << captures + 1 << " arguments that yields one score";
  return success();
}

static LogicalResult verifyBlocks(AttentionOp op, Heads q) {
  bool listed = static_cast<bool>(op.getCounts());
  if (static_cast<bool>(op.getBlocks()) != listed ||
      op.getQueryBlock().has_value() != listed ||
      op.getKeyBlock().has_value() != listed)
    return op.emitOpError("requires all of 'counts', 'blocks', 'query_block' "
                          "and 'key_block', or none of them");
  if (!listed)
    return success();
  for (int64_t size : {*op.getQueryBlock(), *op.getKeyBlock()})
    if (size < 1)
      return op.emitOpError("requires blocks of one or more, but got ") << size;
  auto counts = cast<RankedTensorType>(op.getCounts().getType());
  auto blocks = cast<RankedTensorType>(op.getBlocks().getType());
  int64_t rows = q.size(2);
  if (!ShapedType::isDynamic(rows))
    rows = llvm::divideCeil(rows, *op.getQueryBlock());
  int64_t shape[] = {counts.getDimSize(0) == 1 ? 1 : q.size(0),
                     counts.getDimSize(1) == 1 ? 1 : q.size(1), rows};
  if (failed(verifyCompatibleShape(counts.getShape(), shape)) ||
      failed(verifyCompatibleShape(blocks.getShape().drop_back(), shape)))
    return op.emitOpError("requires lists for ")
           << RankedTensorType::get(shape, counts.getElementType())
           << ", but got " << counts << " and " << blocks;
  return success();
}

static LogicalResult verifySums(AttentionOp op, Heads q) {
  if (!op.getLse())
    return success();
  if (op.getNormaliser())
    return op.emitOpError("requires softmax to give 'lse', but got ")
           << op.getNormaliserAttr();
  auto type = cast<RankedTensorType>(op.getLse().getType());
  int64_t shape[] = {q.size(0), q.size(1), q.size(2)};
  if (failed(verifyCompatibleShape(type.getShape(), shape)))
    return op.emitOpError("requires 'lse' of ")
           << RankedTensorType::get(shape, type.getElementType())
           << ", but got " << type;
  return success();
}

LogicalResult AttentionOp::verify() {
  Heads q{getQuery(), getQueryLayout()}, k{getKey(), getKeyLayout()};
  Heads v{getValue(), getValueLayout()}, o{getResult(), getOutputLayout()};
  // C1, C2, C3
  if (failed(verifyAttentionHeads(*this, {q, k, v, o})))
    return failure();
  // C4
  if (failed(verifyRegion(*this)))
    return failure();
  // C5
  if (getMask() && failed(verifyMask(*this, *getMask())))
    return failure();
  // C6
  if (getNanEmptyRows() && getMeanEmptyRows())
    return emitOpError("requires one of 'nan_empty_rows' and "
                       "'mean_empty_rows', but got both");
  if (getNormaliser() && (getNanEmptyRows() || getMeanEmptyRows()))
    return emitOpError("requires rows without keys to give 0 with ")
           << getNormaliserAttr();
  // C7, C8
  return failure(failed(verifyBlocks(*this, q)) ||
                 failed(verifySums(*this, q)));
}

int64_t AttentionOp::logicalSize(Value operand, ArrayRef<int64_t> layout,
                                 int64_t dim) {
  return Heads{operand, layout}.size(dim);
}

LogicalResult
AttentionOp::reifyResultShapes(OpBuilder &builder,
                               ReifiedRankedShapedTypeDims &shapes) {
  shapes.push_back(reifyHeads(builder, getLoc(), {getQuery(), getQueryLayout()},
                              {getValue(), getValueLayout()},
                              getOutputLayout()));
  if (getLse()) {
    Heads q{getQuery(), getQueryLayout()};
    SmallVector<OpFoldResult> &rows = shapes.emplace_back();
    for (int64_t dim = 0; dim < 3; ++dim)
      rows.push_back(
          tensor::getMixedSize(builder, getLoc(), q.tensor, q.position(dim)));
  }
  return success();
}

bool AttentionOp::isScoreIdentity() {
  Block &body = getScore().front();
  auto yield = cast<YieldOp>(body.getTerminator());
  return yield.getValues().front() == body.getArgument(0);
}

Cost AttentionOp::getCost(int64_t size) {
  auto known = [&](int64_t dim) {
    return static_cast<double>(ShapedType::isDynamic(dim) ? size : dim);
  };
  Heads q{getQuery(), getQueryLayout()}, v{getValue(), getValueLayout()};
  double rows = known(q.size(0)) * known(q.size(1)) * known(q.size(2));
  double keys = known(v.size(2));
  if (getMask())
    keys *= shareOf(*getMask(), getCausal(), known(v.size(2)));
  else if (getCausal())
    keys /= 2;
  if (getBlocks())
    keys = std::min(
        keys, known(cast<ShapedType>(getBlocks().getType()).getDimSize(3)) *
                  *getKeyBlock());
  double passes = getNormaliser() ? getNormaliser()->getPasses() : 1;
  return {2 * rows * keys * (passes * known(q.size(3)) + known(v.size(3))),
          bytesOf({getQuery(), getKey(), getValue(), getResult()}, size)};
}

} // namespace attune::attn
