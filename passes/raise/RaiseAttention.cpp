// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/Attn.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "passes/raise/HeadTensor.h"
#include "passes/raise/Passes.h"
#include "passes/raise/ScoreRegion.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_RAISEATTENTIONPASS
#include "passes/raise/Passes.h.inc"

namespace {

/// What was found around one softmax.
struct Match {
  onnx::NodeOp softmax;
  HeadTensor query, key, value;
  ScoreRegion region;
  bool nanEmptyRows = true;
  onnx::NodeOp root; // whose result the attention replaces
  SmallVector<int64_t> outputLayout;
};

} // namespace

/// Weights of rows without any key made 0: `Where(IsNaN(w), 0, w)`; or `w`.
static Value throughNanGuard(Value weights, bool &guarded) {
  auto user = llvm::find_if(weights.getUsers(), [&](Operation *op) {
    return isOperator(op, "Where") && op->getOperand(2) == weights;
  });
  if (user == weights.user_end())
    return weights;
  auto isNan = nodeOf((*user)->getOperand(0), "IsNaN");
  guarded = isNan && isNan->hasOneUse() && isNan.getInputs()[0] == weights &&
            scalarOf((*user)->getOperand(1)) == 0.0 &&
            (*user)->getResult(0).getType() == weights.getType() &&
            std::distance(weights.user_begin(), weights.user_end()) == 2;
  return guarded ? (*user)->getResult(0) : weights;
}

/// The product with the values, and the transpose that follows.
static bool matchOutput(Match &match, std::string &reason) {
  bool guarded = false;
  Value weights = throughNanGuard(match.softmax.getOutputs()[0], guarded);
  match.nanEmptyRows = !guarded;
  if (!weights.hasOneUse()) {
    reason = "the weights are used outside the product with the values";
    return false;
  }
  auto node = dyn_cast<onnx::NodeOp>(*weights.user_begin());
  std::optional<HeadProduct> product =
      node ? matchValueProduct(node, weights) : std::nullopt;
  if (!product) {
    reason = "the weights are not multiplied with values";
    return false;
  }
  Peeling peeling;
  peeling.repeats = peeling.widthLast = true;
  match.value = peel(product->right, peeling);
  if (match.value.layout.back() != 3 || product->resultLayout.back() != 3 ||
      typeOf(match.value.value).isDynamicDim(match.value.layout.size() - 1)) {
    reason = "the width of the values is not static and last";
    return false;
  }
  match.root = node;
  match.outputLayout = product->resultLayout;
  Value result = node.getOutputs()[0];
  onnx::NodeOp transpose;
  if (result.hasOneUse() && isOperator(*result.user_begin(), "Transpose"))
    transpose = cast<onnx::NodeOp>(*result.user_begin());
  std::optional<SmallVector<int64_t>> perm =
      transpose ? transpose.getInts("perm") : std::nullopt;
  if (perm && perm->size() == match.outputLayout.size() &&
      perm->back() == static_cast<int64_t>(perm->size()) - 1) {
    match.root = transpose;
    for (auto [to, from] : llvm::enumerate(*perm))
      match.outputLayout[to] = product->resultLayout[from];
  }
  return true;
}

/// Whether `part` has the sizes that attention over `whole` needs: the same
/// batch, and heads that are the same or divide them.
static bool fits(const HeadTensor &part, const HeadTensor &whole) {
  if (!sameSize(part.value, part.position(0), whole.value, whole.position(0)))
    return false;
  int64_t own = part.position(1), other = whole.position(1);
  if (own < 0 || sameSize(part.value, own, whole.value, other))
    return true;
  int64_t heads = typeOf(part.value).getDimSize(own);
  int64_t queries = typeOf(whole.value).getDimSize(other);
  return !ShapedType::isDynamic(heads) && !ShapedType::isDynamic(queries) &&
         heads > 0 && queries % heads == 0;
}

static bool matchSoftmax(Match &match, std::string &reason) {
  onnx::NodeOp softmax = match.softmax;
  RankedTensorType type = typeOf(softmax.getInputs()[0]);
  int64_t axis = softmax.getInt("axis", -1);
  if (!type || !type.getElementType().isF32() || softmax.getVersion() < 13 ||
      (type.getRank() != 3 && type.getRank() != 4) ||
      (axis != -1 && axis != type.getRank() - 1)) {
    reason = "the softmax is not f32 along the last of three or four "
             "dimensions";
    return false;
  }
  if (!matchOutput(match, reason) ||
      !match.region.match(softmax.getInputs()[0], reason))
    return false;
  Peeling peeling;
  peeling.scale = &match.region.scale;
  match.query = peel(match.region.product.left, peeling);
  peeling.repeats = true;
  match.key = peel(match.region.product.right, peeling);
  // Repeated heads of size 1 are broadcast by MatMul, not by attention.
  if (!fits(match.key, match.query) || !fits(match.value, match.query)) {
    reason = "batch sizes or head counts of queries, keys and values are not "
             "known to agree";
    return false;
  }
  if (!sameSize(match.query.value, match.query.position(3), match.key.value,
                match.key.position(3))) {
    reason = "the widths of queries and keys are not known to agree";
    return false;
  }
  return true;
}

/// Ends the run unless dimension `i` of `left` has the size `j` of `right`, if
/// that is not known: the nodes that would find out are about to go.
static void checkSize(OpBuilder &builder, onnx::NodeOp node, Value left,
                      int64_t i, Value right, int64_t j) {
  if (sameSize(left, i, right, j))
    return;
  Location loc = node.getLoc();
  Value equal =
      arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::eq,
                            tensor::DimOp::create(builder, loc, left, i),
                            tensor::DimOp::create(builder, loc, right, j));
  cf::AssertOp::create(builder, loc, equal,
                       "node '" + node.getNodeName().str() + "' (" +
                           node.getOpType().str() +
                           "): two sizes that are known at run time only must "
                           "be equal here");
}

/// Checks the sizes of what meets the scores.
static void checkCapture(OpBuilder &builder, Match &match, Value capture) {
  const HeadTensor &query = match.query, &key = match.key;
  RankedTensorType type = typeOf(capture);
  int64_t rank = type.getRank(), whole = match.query.layout.size();
  for (int64_t dim = 0; dim < rank; ++dim) {
    // Scores are batch, heads, queries and keys; or lack the heads.
    int64_t role = whole == 4 || whole - rank + dim == 0
                       ? whole - rank + dim
                       : whole - rank + dim + 1;
    const HeadTensor &owner = role == 3 ? key : query;
    if (type.getDimSize(dim) != 1)
      checkSize(builder, match.softmax, capture, dim, owner.value,
                owner.position(role == 3 ? 2 : role));
  }
}

/// Checks sizes that attention takes for equal.
static void checkSizes(OpBuilder &builder, Match &match) {
  checkSize(builder, match.root, match.value.value, match.value.position(2),
            match.key.value, match.key.position(2));
  for (Value capture : match.region.checked)
    checkCapture(builder, match, capture);
}

static ArrayAttr namesOf(OpBuilder &builder, onnx::NodeOp node) {
  return node.getDimsAttr() ? node.getDimsAttr() : builder.getArrayAttr({});
}

static void rewrite(Match &match) {
  OpBuilder builder(match.root);
  Location loc = match.root->getLoc();
  HeadTensor query = withHeads(builder, loc, match.query);
  HeadTensor key = withHeads(builder, loc, match.key);
  HeadTensor value = withHeads(builder, loc, match.value);
  checkSizes(builder, match);
  SmallVector<Value> captures = match.region.captures(builder);
  Value old = match.root.getOutputs()[0];
  auto type = cast<RankedTensorType>(old.getType());
  SmallVector<int64_t> layout, shape;
  for (auto [role, size] : llvm::zip(match.outputLayout, type.getShape())) {
    layout.push_back(role);
    shape.push_back(size);
    if (role == 0 && type.getRank() == 3) {
      layout.push_back(1);
      shape.push_back(1);
    }
  }
  auto op = attn::AttentionOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()),
      /*lse=*/Type(), query.value, key.value, value.value, captures,
      /*counts=*/Value(), /*blocks=*/Value(),
      builder.getF64FloatAttr(match.region.scale),
      builder.getAffineMapArrayAttr(match.region.maps()),
      match.region.causal ? builder.getUnitAttr() : UnitAttr(),
      /*top_left=*/UnitAttr(),
      match.nanEmptyRows && !match.region.meanEmptyRows ? builder.getUnitAttr()
                                                        : UnitAttr(),
      match.region.meanEmptyRows ? builder.getUnitAttr() : UnitAttr(),
      match.region.mask, /*query_block=*/IntegerAttr(),
      /*key_block=*/IntegerAttr(), kernel::AttentionNormaliser(),
      builder.getDenseI64ArrayAttr(query.layout),
      builder.getDenseI64ArrayAttr(key.layout),
      builder.getDenseI64ArrayAttr(value.layout),
      builder.getDenseI64ArrayAttr(layout));
  Block *body = builder.createBlock(&op.getScore());
  body->addArgument(builder.getF32Type(), loc);
  for (Value capture : captures)
    body->addArgument(typeOf(capture).getElementType(), loc);
  attn::YieldOp::create(builder, loc, match.region.emit(builder, loc, body));
  Value result = op.getResult();
  if (type.getRank() == 3) {
    builder.setInsertionPointAfter(op);
    SmallVector<ReassociationIndices> groups;
    for (auto [dim, role] : llvm::enumerate(layout))
      if (role == 1)
        groups.back().push_back(dim);
      else
        groups.push_back({static_cast<int64_t>(dim)});
    result =
        tensor::CollapseShapeOp::create(builder, loc, type, result, groups);
  }
  result.getDefiningOp()->setAttr(onnx::dimsAttr, namesOf(builder, match.root));
  old.replaceAllUsesWith(result);
}

namespace {
struct RaiseAttention : impl::RaiseAttentionPassBase<RaiseAttention> {
  using Base::Base;
  void runOnOperation() override {
    SmallVector<onnx::NodeOp> found;
    getOperation().walk([&](onnx::NodeOp node) {
      if (node.getDomain().empty() && node.getOpType() == "Softmax")
        found.push_back(node);
    });
    for (onnx::NodeOp softmax : found) {
      Match match;
      match.softmax = softmax;
      std::string reason;
      if (matchSoftmax(match, reason))
        rewrite(match);
      else if (remarks)
        softmax.emitRemark("attention not raised: ") << reason;
    }
    eraseUnused(getOperation());
  }
};
} // namespace
} // namespace attune
