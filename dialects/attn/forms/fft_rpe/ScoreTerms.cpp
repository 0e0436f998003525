// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/ScoreTerms.h"
#include "dialects/attn/core/Heads.h"
#include "dialects/attn/core/Mask.h"
#include "dialects/attn/forms/fft_rpe/HeadTensors.h"
#include "dialects/attn/forms/fft_rpe/LagReader.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune::attn {

class ScoreReader {
public:
  explicit ScoreReader(AttentionOp dense)
      : dense(dense), queries{dense.getQuery(), dense.getQueryLayout()},
        length(queries.size(2)) {}

  LogicalResult read();
  ScoreTerms terms;

private:
  using Term = ScoreTerms::Term;
  LogicalResult fail(StringRef what);
  LogicalResult readScore(Value score, bool &foundScore);
  LogicalResult readSelect(arith::SelectOp select, bool &foundScore);
  LogicalResult readTerm(Term term);
  LogicalResult readSum(linalg::GenericOp sum, const Term &term);
  LogicalResult readMask();
  LogicalResult addLags(ToeplitzBias bias);
  LogicalResult checkLength();
  std::optional<Term> captured(Value argument);

  AttentionOp dense;
  Heads queries;
  int64_t length;
};

LogicalResult ScoreReader::fail(StringRef what) {
  return dense.emitError("form 'fft_rpe' ")
         << what << "; leave this layer dense with '@layers='";
}

LogicalResult ScoreReader::checkLength() {
  int64_t keys = Heads{dense.getKey(), dense.getKeyLayout()}.size(2);
  if (ShapedType::isDynamic(length) || keys != length || length < 1)
    return fail("requires as many queries as keys, and a known number of them, "
                "beside a bias or mask of positions (fix it with '--dim')");
  if (ShapedType::isDynamic(queries.size(1)))
    return fail("requires a known number of heads beside a bias of positions");
  return success();
}

LogicalResult ScoreReader::addLags(ToeplitzBias bias) {
  if (llvm::is_contained(bias.values, std::numeric_limits<float>::infinity()))
    return fail("requires a bias below infinity");
  if (terms.lags)
    terms.lags->add(bias);
  else
    terms.lags = std::move(bias);
  return success();
}

/// The capture behind an argument of the score region.
std::optional<ScoreTerms::Term> ScoreReader::captured(Value argument) {
  auto block = dyn_cast<BlockArgument>(argument);
  if (!block || block.getOwner() != &dense.getScore().front() ||
      block.getArgNumber() == 0)
    return std::nullopt;
  unsigned at = block.getArgNumber() - 1;
  auto maps =
      llvm::to_vector(dense.getCaptureMaps().getAsValueRange<AffineMapAttr>());
  return Term{dense.getCaptures()[at], maps[at]};
}

/// The terms of a sum with the score as one of them.
LogicalResult ScoreReader::readScore(Value score, bool &foundScore) {
  if (score == dense.getScore().front().getArgument(0) && !foundScore) {
    foundScore = true;
    return success();
  }
  if (std::optional<Term> term = captured(score))
    return readTerm(*term);
  if (matchPattern(score, m_Constant()))
    return success(); // the same for all keys
  if (auto select = score.getDefiningOp<arith::SelectOp>())
    return readSelect(select, foundScore);
  if (auto sum = score.getDefiningOp<arith::AddFOp>()) {
    if (failed(readScore(sum.getLhs(), foundScore)))
      return failure();
    return readScore(sum.getRhs(), foundScore);
  }
  return fail("adds a bias to the scores or hides keys, and cannot take the "
              "place of an attention that changes scores in another way");
}

/// A score that is hidden where a byte says so.
LogicalResult ScoreReader::readSelect(arith::SelectOp select,
                                      bool &foundScore) {
  auto compare = select.getCondition().getDefiningOp<arith::CmpIOp>();
  auto isHidden = [](Value value) {
    APFloat constant(0.0f);
    return matchPattern(value, m_ConstantFloat(&constant)) &&
           constant.convertToDouble() <= hiddenBias;
  };
  bool negated = isHidden(select.getTrueValue());
  Value seen = negated ? select.getFalseValue() : select.getTrueValue();
  std::optional<Term> flag;
  if (compare && compare.getPredicate() == arith::CmpIPredicate::ne &&
      matchPattern(compare.getRhs(), m_Zero()) &&
      (negated || isHidden(select.getFalseValue())))
    flag = captured(compare.getLhs());
  if (!flag)
    return fail("adds a bias to the scores or hides keys, and cannot take the "
                "place of an attention that changes scores in another way");
  flag->isFlag = true;
  flag->negated = negated;
  if (failed(readTerm(*flag)))
    return failure();
  return readScore(seen, foundScore);
}

/// An element-wise sum of two tensors.
static bool isSum(linalg::GenericOp op) {
  if (!op || op.getNumDpsInputs() != 2 || op.getNumReductionLoops() != 0 ||
      !op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return false;
  Block &body = *op.getBody();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return add && &body.front() == add && add.getLhs() == body.getArgument(0) &&
         add.getRhs() == body.getArgument(1);
}

LogicalResult ScoreReader::readSum(linalg::GenericOp sum, const Term &term) {
  for (OpOperand *input : sum.getDpsInputOperands())
    if (failed(readTerm({input->get(),
                         sum.getMatchingIndexingMap(input).compose(term.map)})))
      return failure();
  return success();
}

/// Whether a tensor differs along loop `dim` of (b,h,i,j).
static bool varies(Value tensor, AffineMap map, unsigned dim) {
  auto at = map.getResultPosition(getAffineDimExpr(dim, map.getContext()));
  return at && cast<ShapedType>(tensor.getType()).getDimSize(*at) != 1;
}

LogicalResult ScoreReader::readTerm(Term term) {
  auto [tensor, map, isFlag, negated] = term;
  bool byQuery = varies(tensor, map, 2), byKey = varies(tensor, map, 3);
  auto sum = tensor.getDefiningOp<linalg::GenericOp>();
  if (!isFlag && isSum(sum))
    return readSum(sum, term);
  std::string reason;
  FailureOr<ToeplitzBias> bias = failure();
  if (!ShapedType::isDynamic(length) &&
      cast<ShapedType>(tensor.getType()).getRank() == map.getNumResults())
    bias = readLags(tensor, map, queries.size(1), length, reason);
  if (succeeded(bias)) {
    for (float &value : bias->values)
      if (isFlag)
        value = (value != 0) == !negated
                    ? 0
                    : -std::numeric_limits<float>::infinity();
    // What is the same for all keys cancels.
    if (llvm::all_equal(bias->values) && std::isfinite(bias->values.front()))
      return success();
    return failed(checkLength()) ? failure() : addLags(std::move(*bias));
  }
  APFloat constant(0.0f);
  if (!isFlag && !byQuery && !byKey &&
      matchPattern(tensor, m_ConstantFloat(&constant)) && constant.isFinite())
    return success();
  if (byKey && !byQuery && !varies(tensor, map, 1)) {
    terms.keys.push_back(term);
    return success();
  }
  if (byQuery && byKey && failed(checkLength()))
    return failure();
  if (isFlag || reason.empty())
    return fail("hides keys of all queries or by their distance from the "
                "query, and cannot take the place of an attention with "
                "another mask");
  return fail(reason);
}

/// Sets of positions that depend on their distance.
LogicalResult ScoreReader::readMask() {
  std::optional<ArrayAttr> mask = dense.getMask();
  if (!mask)
    return success();
  if (failed(checkLength()))
    return failure();
  MLIRContext *context = dense.getContext();
  AffineExpr i = getAffineDimExpr(0, context), j = getAffineDimExpr(1, context);
  for (auto set : mask->getAsValueRange<IntegerSetAttr>())
    for (AffineExpr expr : set.getConstraints()) {
      AffineExpr moved = simplifyAffineExpr(
          expr.replaceDims({i + j, j}), set.getNumDims(), set.getNumSymbols());
      if (moved.isFunctionOfDim(1))
        return fail("hides keys by their distance from the query, and cannot "
                    "take the place of an attention with another mask");
    }
  ToeplitzBias bias(1, length);
  for (int64_t lag = 1 - length; lag < length; ++lag)
    if (!isVisible(*mask, std::max<int64_t>(-lag, 0), std::max<int64_t>(lag, 0),
                   length))
      bias.at(0, lag) = -std::numeric_limits<float>::infinity();
  return addLags(std::move(bias));
}

LogicalResult ScoreReader::read() {
  bool foundScore = false;
  auto yield = cast<YieldOp>(dense.getScore().front().getTerminator());
  if (failed(readScore(yield.getValues().front(), foundScore)))
    return failure();
  if (!foundScore)
    return fail("requires scores that depend on queries and keys");
  return readMask();
}

FailureOr<ScoreTerms> ScoreTerms::read(AttentionOp dense) {
  ScoreReader reader(dense);
  if (failed(reader.read()))
    return failure();
  return std::move(reader.terms);
}

Value ScoreTerms::writeKeyBias(RewriterBase &rewriter,
                               AttentionOp dense) const {
  HeadTensors b(dense.getLoc(), rewriter);
  Heads key{dense.getKey(), dense.getKeyLayout()};
  bool byItem = llvm::any_of(
      keys, [](const Term &term) { return varies(term.tensor, term.map, 0); });
  SmallVector<OpFoldResult> sizes = {
      byItem ? b.size(key.tensor, key.position(0)) : b.getIndexAttr(1),
      b.size(key.tensor, key.position(2))};
  return b.compute(
      sizes, b.getF32Type(),
      [&](ImplicitLocOpBuilder &s, ArrayRef<Value> at) -> Value {
        Value zero = arith::ConstantIndexOp::create(s, 0);
        const Value place[] = {at[0], zero, zero, at[1]};
        Value sum = constantOf(s, 0);
        for (const Term &term : keys) {
          SmallVector<Value> index;
          for (auto [dim, expr] : llvm::enumerate(term.map.getResults())) {
            auto loop = dyn_cast<AffineDimExpr>(expr);
            auto type = cast<ShapedType>(term.tensor.getType());
            bool isUnit = !loop || type.getDimSize(dim) == 1;
            index.push_back(isUnit ? zero : place[loop.getPosition()]);
          }
          Value element = elementAt(s, term.tensor, index);
          if (term.isFlag) {
            Value none =
                arith::ConstantOp::create(s, s.getZeroAttr(element.getType()));
            Value isSet = arith::CmpIOp::create(s, arith::CmpIPredicate::ne,
                                                element, none);
            Value hidden =
                constantOf(s, -std::numeric_limits<float>::infinity());
            Value shown = constantOf(s, 0);
            element =
                arith::SelectOp::create(s, isSet, term.negated ? hidden : shown,
                                        term.negated ? shown : hidden);
          }
          sum = arith::AddFOp::create(s, sum, element);
        }
        return sum;
      });
}

} // namespace attune::attn
