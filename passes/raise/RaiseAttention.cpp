// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/Passes.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_RAISEATTENTIONPASS
#include "passes/raise/Passes.h.inc"

namespace {

/// A head tensor as it lies in memory; the layout is attn.attention's.
struct Operand {
  Value value;
  SmallVector<int64_t> layout;
};

/// What was found around one softmax.
struct Match {
  onnx::NodeOp softmax, product;
  Operand query, key, value;
  double scale = 1;
  Value bias;
  AffineMap biasMap;
  Operation *root = nullptr; // whose result the attention replaces
  SmallVector<int64_t> outputLayout = {0, 1, 2, 3};
};

} // namespace

static onnx::NodeOp nodeOf(Value value, StringRef op) {
  auto node = value.getDefiningOp<onnx::NodeOp>();
  return node && node.getDomain().empty() && node.getOpType() == op
             ? node
             : onnx::NodeOp();
}

static std::optional<double> scalarOf(Value value) {
  DenseFPElementsAttr elements;
  if (!matchPattern(value, m_Constant(&elements)) ||
      elements.getNumElements() != 1)
    return std::nullopt;
  return (*elements.begin()).convertToDouble();
}

static RankedTensorType f32OfRank4(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.getRank() == 4 && type.getElementType().isF32()
             ? type
             : RankedTensorType();
}

/// Takes products and quotients by a constant off `value`.
static Value stripScale(Value value, double &scale) {
  while (true) {
    std::optional<double> factor;
    if (auto node = nodeOf(value, "Mul")) {
      for (unsigned side : {1u, 0u})
        if (!factor && (factor = scalarOf(node.getInputs()[side])))
          value = node.getInputs()[1 - side];
    } else if (auto node = nodeOf(value, "Div")) {
      if ((factor = scalarOf(node.getInputs()[1]))) {
        *factor = 1 / *factor;
        value = node.getInputs()[0];
      }
    }
    if (!factor)
      return value;
    scale *= *factor;
  }
}

/// `value`, whose dimensions mean `logical`, through a transpose if there is
/// one and `accept` takes the layout.
static Operand
throughTranspose(Value value, ArrayRef<int64_t> logical,
                 llvm::function_ref<bool(ArrayRef<int64_t>)> accept) {
  auto transpose = nodeOf(value, "Transpose");
  std::optional<SmallVector<int64_t>> perm =
      transpose ? transpose.getInts("perm") : std::nullopt;
  if (perm && perm->size() == 4) {
    SmallVector<int64_t> layout(4);
    for (auto [to, from] : llvm::enumerate(*perm))
      layout[from] = logical[to];
    if (accept(layout))
      return {transpose.getInputs()[0], layout};
  }
  return {value, SmallVector<int64_t>(logical)};
}

/// Where a bias is read for the score (b,h,i,j), or why it cannot be.
static FailureOr<AffineMap> biasMap(Value bias, Value scores,
                                    std::string &reason) {
  auto type = dyn_cast<RankedTensorType>(bias.getType());
  if (!type || type.getRank() > 4 || !type.getElementType().isF32()) {
    reason = "the bias is no f32 tensor of rank 4 or less";
    return failure();
  }
  auto whole = cast<RankedTensorType>(scores.getType());
  SmallVector<StringRef> own = onnx::dimNames(bias);
  SmallVector<StringRef> names = onnx::dimNames(scores);
  Builder builder(bias.getContext());
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    int64_t at = 4 - type.getRank() + dim;
    if (type.getDimSize(dim) == 1) {
      exprs.push_back(builder.getAffineConstantExpr(0));
      continue;
    }
    bool same = type.isDynamicDim(dim)
                    ? own.size() == size_t(type.getRank()) &&
                          names.size() == 4 && !own[dim].empty() &&
                          own[dim] == names[at]
                    : type.getDimSize(dim) == whole.getDimSize(at);
    if (!same) {
      reason = "a size of the bias is not known to be the scores'";
      return failure();
    }
    exprs.push_back(builder.getAffineDimExpr(at));
  }
  return AffineMap::get(4, 0, exprs, bias.getContext());
}

/// Scores: bias, scale, product of queries and keys.
static bool matchScores(Match &match, std::string &reason) {
  Value scores = match.softmax.getInputs()[0];
  if (auto add = nodeOf(scores, "Add"); add && add->hasOneUse()) {
    for (unsigned side : {0u, 1u}) {
      double ignored = 1;
      Value other = add.getInputs()[side];
      if (!nodeOf(stripScale(other, ignored), "MatMul"))
        continue;
      match.bias = add.getInputs()[1 - side];
      FailureOr<AffineMap> map = biasMap(match.bias, scores, reason);
      if (failed(map))
        return false;
      match.biasMap = *map;
      scores = other;
      break;
    }
  }
  for (Value step = scores; auto node = step.getDefiningOp<onnx::NodeOp>();
       step = node.getInputs()[0]) {
    if (!node->hasOneUse()) {
      reason = "the scores are used outside the softmax";
      return false;
    }
    if (node.getOpType() == "MatMul")
      break;
  }
  auto product = nodeOf(stripScale(scores, match.scale), "MatMul");
  if (!product) {
    reason = "the scores are no product of queries and keys";
    return false;
  }
  Value query = stripScale(product.getInputs()[0], match.scale);
  Value key = stripScale(product.getInputs()[1], match.scale);
  if (!f32OfRank4(query) || !f32OfRank4(key)) {
    reason = "queries or keys are no f32 tensors of rank 4";
    return false;
  }
  auto any = [](ArrayRef<int64_t>) { return true; };
  match.query = throughTranspose(query, {0, 1, 2, 3}, any);
  match.key = throughTranspose(key, {0, 1, 3, 2}, any);
  return true;
}

/// The product with the values, and the transpose that follows.
static bool matchOutput(Match &match, std::string &reason) {
  Value weights = match.softmax.getOutputs()[0];
  if (!weights.hasOneUse()) {
    reason = "the weights are used outside the product with the values";
    return false;
  }
  match.product = dyn_cast<onnx::NodeOp>(*weights.user_begin());
  if (!match.product || match.product.getOpType() != "MatMul" ||
      match.product.getInputs()[0] != weights ||
      match.product.getInputs()[1] == weights ||
      !f32OfRank4(match.product.getInputs()[1])) {
    reason = "the weights are not multiplied with values of rank 4";
    return false;
  }
  auto widthLast = [](ArrayRef<int64_t> layout) { return layout[3] == 3; };
  match.value = throughTranspose(match.product.getInputs()[1], {0, 1, 2, 3},
                                 widthLast);
  auto width = cast<RankedTensorType>(match.product.getInputs()[1].getType());
  if (width.isDynamicDim(3)) {
    reason = "the width of the values is not static";
    return false;
  }
  match.root = match.product;
  Value result = match.product.getOutputs()[0];
  if (!result.hasOneUse())
    return true;
  auto transpose = dyn_cast<onnx::NodeOp>(*result.user_begin());
  if (!transpose || transpose.getOpType() != "Transpose")
    return true;
  std::optional<SmallVector<int64_t>> perm = transpose.getInts("perm");
  if (perm && perm->size() == 4 && widthLast(*perm)) {
    match.root = transpose;
    match.outputLayout = *perm;
  }
  return true;
}

static bool matchSoftmax(Match &match, std::string &reason) {
  onnx::NodeOp softmax = match.softmax;
  int64_t axis = softmax.getInt("axis", -1);
  if (!f32OfRank4(softmax.getInputs()[0]) || softmax.getVersion() < 13 ||
      (axis != -1 && axis != 3)) {
    reason = "the softmax is not along the last of four dimensions";
    return false;
  }
  return matchOutput(match, reason) && matchScores(match, reason);
}

static void rewrite(Match &match) {
  OpBuilder builder(match.root);
  Location loc = match.root->getLoc();
  SmallVector<Value> captures;
  SmallVector<AffineMap> maps;
  if (match.bias) {
    captures.push_back(match.bias);
    maps.push_back(match.biasMap);
  }
  Value old = match.root->getResult(0);
  auto op = attn::AttentionOp::create(
      builder, loc, old.getType(), match.query.value, match.key.value,
      match.value.value, captures, builder.getF64FloatAttr(match.scale),
      builder.getAffineMapArrayAttr(maps), /*causal=*/UnitAttr(),
      /*top_left=*/UnitAttr(),
      // What the file's softmax gives for a row whose scores are all -inf.
      builder.getUnitAttr(),
      builder.getDenseI64ArrayAttr(match.query.layout),
      builder.getDenseI64ArrayAttr(match.key.layout),
      builder.getDenseI64ArrayAttr(match.value.layout),
      builder.getDenseI64ArrayAttr(match.outputLayout));
  Block *body = builder.createBlock(&op.getScore());
  Value score = body->addArgument(builder.getF32Type(), loc);
  if (match.bias) {
    Value bias = body->addArgument(builder.getF32Type(), loc);
    score = arith::AddFOp::create(builder, loc, score, bias);
  }
  attn::YieldOp::create(builder, loc, ValueRange(score));
  old.replaceAllUsesWith(op.getResult());
}

/// Removes nodes that nothing uses any more, last ones first.
static void eraseUnused(func::FuncOp function) {
  SmallVector<onnx::NodeOp> nodes;
  function.walk([&](onnx::NodeOp node) { nodes.push_back(node); });
  for (onnx::NodeOp node : llvm::reverse(nodes))
    if (node.use_empty())
      node.erase();
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
