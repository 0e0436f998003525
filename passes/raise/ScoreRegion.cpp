// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "passes/raise/ScoreRegion.h"
#include "dialects/attn/core/Mask.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "passes/raise/SizeReader.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune {

/// Operators that may stand between product and softmax.
static bool isStep(StringRef op) {
  static const llvm::StringSet<> operators = {
      "Add", "Sub", "Mul", "Div", "Max", "Min", "Neg", "Tanh", "Where"};
  return operators.contains(op);
}

/// Fills `steps` with the way from `value` to a product, outermost last. Looks
/// at a value only once: there may be many ways to it.
bool ScoreRegion::findPath(Value value, unsigned depth) {
  constexpr unsigned limit = 12;
  auto node = value.getDefiningOp<onnx::NodeOp>();
  if (!node || depth > limit || !seen.insert(value).second)
    return false;
  if (std::optional<HeadProduct> match = matchScoreProduct(node)) {
    product = *match;
    return true;
  }
  if (!isStep(operatorOf(value)))
    return false;
  for (auto [index, input] : llvm::enumerate(node.getInputs())) {
    // The score has the shape of the result; what is broadcast is no score.
    bool isCondition = index == 0 && node.getOpType() == "Where";
    if (isCondition || !sameShape(input, value) || !findPath(input, depth + 1))
      continue;
    steps.push_back({node, static_cast<unsigned>(index)});
    return true;
  }
  return false;
}

/// Where an operand is read for the score (b,h,i,j); null if a size is not the
/// scores', or, with `known`, not known to be.
static AffineMap mapOf(Value operand, Value scores, bool known) {
  int64_t rank = typeOf(operand).getRank(), whole = typeOf(scores).getRank();
  SmallVector<int64_t> roles = {0, 1, 2, 3};
  if (whole == 3)
    roles = {0, 2, 3};
  MLIRContext *context = operand.getContext();
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < rank; ++dim) {
    int64_t at = whole - rank + dim;
    bool isOpen = !known && (typeOf(operand).isDynamicDim(dim) ||
                             typeOf(scores).isDynamicDim(at));
    if (typeOf(operand).getDimSize(dim) == 1 &&
        typeOf(scores).getDimSize(at) != 1)
      exprs.push_back(getAffineConstantExpr(0, context));
    else if (isOpen || sameSize(operand, dim, scores, at))
      exprs.push_back(getAffineDimExpr(roles[at], context));
    else
      return {};
  }
  return AffineMap::get(4, 0, exprs, context);
}

/// The tensor that an Expand repeats to `operand`, or `operand`.
static Value throughExpand(Value operand, Value scores) {
  auto expand = nodeOf(operand, "Expand");
  if (!expand)
    return operand;
  Value source = expand.getInputs()[0];
  bool fits = typeOf(source) &&
              typeOf(source).getRank() <= typeOf(operand).getRank() &&
              mapOf(operand, scores, true) && mapOf(source, scores, true);
  return fits ? source : operand;
}

bool ScoreRegion::takeCapture(Value operand, std::string &reason) {
  RankedTensorType type = typeOf(operand);
  if (!type || type.getRank() > typeOf(scores).getRank() ||
      !(type.getElementType().isF32() || type.getElementType().isInteger(1))) {
    reason = "a tensor that meets the scores is no f32 or boolean tensor of "
             "their rank or less";
    return false;
  }
  operand = throughExpand(operand, scores);
  AffineMap map = mapOf(operand, scores, false);
  if (!map) {
    reason = "a size of a tensor that meets the scores is not theirs";
    return false;
  }
  checked.push_back(operand);
  found.push_back({operand, map});
  return true;
}

/// What a step makes of the score of a hidden key: still hidden, or nothing if
/// that is not known.
static std::optional<double> afterStep(onnx::NodeOp node, unsigned score,
                                       double hidden) {
  StringRef op = node.getOpType();
  if (op == "Where") {
    std::optional<double> other = scalarOf(node.getInputs()[3 - score]);
    // What it hides must not show beside what is hidden already.
    return other && *other <= hidden ? std::optional(hidden) : std::nullopt;
  }
  if (node.getInputs().size() != 2)
    return std::nullopt;
  std::optional<double> other = scalarOf(node.getInputs()[1 - score]);
  if (op == "Add" || (op == "Sub" && score == 0))
    return other ? hidden + (op == "Add" ? *other : -*other) : hidden;
  if (!other || !(*other > 0) || std::isinf(*other))
    return std::nullopt;
  if (op == "Mul")
    return hidden * *other;
  return op == "Div" && score == 0 ? std::optional(hidden / *other)
                                   : std::nullopt;
}

/// Takes step `at` of `all` for a mask, if it does nothing but hide keys by
/// their positions, and no other step shows them again.
bool ScoreRegion::takeMask(ArrayRef<Step> all, size_t at) {
  Step step = all[at];
  StringRef op = step.node.getOpType();
  std::optional<HiddenKeys> keys;
  Value tensor;
  if (op == "Add") {
    tensor = step.node.getInputs()[1 - step.score];
    keys = hiddenByAdding(tensor, scores);
  } else if (op == "Where" && step.score != 0) {
    tensor = step.node.getInputs()[0];
    keys = hiddenByWhere(step.node, step.score, scores);
  }
  if (!keys)
    return false;
  // A finite number hides a key only beside one that is seen, which another
  // mask could hide as well; where it hides all, all weigh the same.
  bool finite = !std::isinf(keys->hidden);
  std::optional<double> hidden = keys->hidden;
  for (size_t index = 0; index < all.size(); ++index) {
    Step other = all[index];
    if (index == at)
      continue;
    for (auto [place, input] : llvm::enumerate(other.node.getInputs()))
      if (finite && place != other.score && !scalarOf(input))
        return false;
    if (index > at && hidden)
      hidden = afterStep(other.node, other.score, *hidden);
  }
  // Finite ones must not end as -inf: that makes NaN of a row of them.
  bool overflows = finite && hidden && std::isinf(static_cast<float>(*hidden));
  if (!hidden || !(*hidden <= hiddenScore) || overflows)
    return false;
  if (!takeFlags(keys->flags))
    return false;
  meanEmptyRows |= finite && !keys->seesSome;
  causal |= keys->causal;
  if (keys->mask)
    mask = mask ? attn::intersectMasks(mask, keys->mask) : keys->mask;
  checked.push_back(tensor);
  return true;
}

/// Captures booleans, if all of them fit.
bool ScoreRegion::takeFlags(ArrayRef<HiddenKeys::Flag> taken) {
  SmallVector<Flag> fitting;
  for (const HiddenKeys::Flag &flag : taken) {
    // It may be larger than the scores, of which the mask then takes a part.
    bool isPart = typeOf(flag.value).getRank() > typeOf(scores).getRank();
    AffineMap map = isPart ? AffineMap() : mapOf(flag.value, scores, true);
    if (!map)
      return false;
    fitting.push_back({{flag.value, map}, flag.negated});
  }
  for (const Flag &flag : fitting)
    checked.push_back(flag.capture.value);
  flags.append(fitting);
  return true;
}

bool ScoreRegion::takeOperands(Step step, std::string &reason) {
  for (auto [index, input] : llvm::enumerate(step.node.getInputs()))
    if (index != step.score && !scalarOf(input) && !takeCapture(input, reason))
      return false;
  return true;
}

bool ScoreRegion::match(Value value, std::string &reason) {
  scores = value;
  if (!findPath(value, 0)) {
    reason = "the scores are no product of queries and keys";
    return false;
  }
  Value step = value;
  for (Step outer : llvm::reverse(steps)) {
    if (!step.hasOneUse()) {
      reason = "the scores are used outside the softmax";
      return false;
    }
    step = outer.node.getInputs()[outer.score];
  }
  if (!step.hasOneUse()) {
    reason = "the scores are used outside the softmax";
    return false;
  }
  SmallVector<Step> kept;
  for (auto [at, next] : llvm::enumerate(steps)) {
    StringRef op = next.node.getOpType();
    std::optional<double> constant;
    if (next.node.getInputs().size() == 2)
      constant = scalarOf(next.node.getInputs()[1 - next.score]);
    // Factors right after the product are the scale.
    if (constant && op == "Div")
      constant = 1 / *constant;
    bool isFactor = constant && std::isfinite(*constant) &&
                    (op == "Mul" || (op == "Div" && next.score == 0));
    if (kept.empty() && isFactor)
      scale *= *constant;
    else if (takeMask(steps, at))
      continue;
    else if (takeOperands(next, reason))
      kept.push_back(next);
    else
      return false;
  }
  steps = kept;
  return true;
}

SmallVector<ScoreRegion::Capture> ScoreRegion::captured() const {
  SmallVector<Capture> all(found);
  for (const Flag &flag : flags)
    all.push_back(flag.capture);
  return all;
}

SmallVector<AffineMap> ScoreRegion::maps() const {
  return llvm::map_to_vector(captured(),
                             [](const Capture &c) { return c.map; });
}

/// Booleans are captured as bytes, which is what they are in memory.
SmallVector<Value> ScoreRegion::captures(OpBuilder &builder) {
  return llvm::map_to_vector(captured(), [&](const Capture &capture) -> Value {
    RankedTensorType type = typeOf(capture.value);
    if (!type.getElementType().isInteger(1))
      return capture.value;
    auto bytes = RankedTensorType::get(type.getShape(), builder.getI8Type());
    SmallVector<Attribute> names;
    for (StringRef name : onnx::dimNames(capture.value))
      names.push_back(builder.getStringAttr(name));
    auto to = builder.getNamedAttr("to", builder.getI64IntegerAttr(3));
    return onnx::NodeOp::create(
               builder, capture.value.getLoc(), TypeRange(bytes),
               builder.getStringAttr("Cast"), builder.getI64IntegerAttr(13),
               ValueRange(capture.value), builder.getStringAttr(""),
               builder.getStringAttr("mask"), builder.getDictionaryAttr(to),
               builder.getArrayAttr(builder.getArrayAttr(names)))
        .getOutputs()[0];
  });
}

static Value emitArithmetic(OpBuilder &b, Location loc, StringRef op,
                            ArrayRef<Value> x) {
  if (op == "Add")
    return arith::AddFOp::create(b, loc, x[0], x[1]);
  if (op == "Sub")
    return arith::SubFOp::create(b, loc, x[0], x[1]);
  if (op == "Mul")
    return arith::MulFOp::create(b, loc, x[0], x[1]);
  if (op == "Div")
    return arith::DivFOp::create(b, loc, x[0], x[1]);
  if (op == "Max")
    return arith::MaximumFOp::create(b, loc, x[0], x[1]);
  if (op == "Min")
    return arith::MinimumFOp::create(b, loc, x[0], x[1]);
  if (op == "Neg")
    return arith::NegFOp::create(b, loc, x[0]);
  if (op == "Tanh")
    return math::TanhOp::create(b, loc, x[0]);
  return arith::SelectOp::create(b, loc, x[0], x[1], x[2]);
}

/// Whether a boolean is true that was captured as a byte.
static Value isSet(OpBuilder &builder, Location loc, Value byte) {
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getI8IntegerAttr(0));
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, byte,
                               zero);
}

Value ScoreRegion::emitStep(OpBuilder &builder, Location loc, Step step,
                            Value score, Block *block, unsigned &next) {
  SmallVector<Value> operands;
  for (auto [index, input] : llvm::enumerate(step.node.getInputs())) {
    if (index == step.score) {
      operands.push_back(score);
      continue;
    }
    if (std::optional<double> constant = scalarOf(input)) {
      operands.push_back(arith::ConstantOp::create(
          builder, loc, builder.getF32FloatAttr(*constant)));
      continue;
    }
    Value element = block->getArgument(++next);
    operands.push_back(element.getType().isInteger(8)
                           ? isSet(builder, loc, element)
                           : element);
  }
  // Max and Min take any number of operands.
  Value result = operands.front();
  StringRef op = step.node.getOpType();
  if (op != "Max" && op != "Min")
    return emitArithmetic(builder, loc, op, operands);
  for (Value operand : llvm::drop_begin(operands))
    result = emitArithmetic(builder, loc, op, {result, operand});
  return result;
}

Value ScoreRegion::emit(OpBuilder &builder, Location loc, Block *block) {
  Value score = block->getArgument(0);
  unsigned next = 0;
  for (Step step : steps)
    score = emitStep(builder, loc, step, score, block, next);
  for (const Flag &flag : flags) {
    Value seen = isSet(builder, loc, block->getArgument(++next));
    Value none = arith::ConstantOp::create(
        builder, loc,
        builder.getF32FloatAttr(-std::numeric_limits<float>::infinity()));
    score = flag.negated
                ? arith::SelectOp::create(builder, loc, seen, none, score)
                : arith::SelectOp::create(builder, loc, seen, score, none);
  }
  return score;
}

} // namespace attune
