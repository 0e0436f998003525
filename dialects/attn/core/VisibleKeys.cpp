// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/VisibleKeys.h"
#include "dialects/attn/core/MaskValues.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace attune::attn {

LogicalResult verifyVisible(Operation *op, Value visible, AffineMapAttr map,
                            Heads q, Heads k) {
  if (!visible && !map)
    return success();
  if (!visible || !map)
    return op->emitOpError("requires 'visible_map' with visible keys, and only "
                           "with them");
  auto type = cast<RankedTensorType>(visible.getType());
  if (map.getValue().getNumDims() != 4 || map.getValue().getNumSymbols() != 0 ||
      map.getValue().getNumResults() != type.getRank())
    return op->emitOpError("requires a map from (b,h,i,j) to ")
           << type << ", but got " << map;
  for (auto [size, result] :
       llvm::zip(type.getShape(), map.getValue().getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    auto zero = dyn_cast<AffineConstantExpr>(result);
    if ((!dim && !zero) || (zero && zero.getValue() != 0) ||
        (dim && dim.getPosition() == 2))
      return op->emitOpError("requires dimensions but i, or zeros, in ") << map;
    int64_t whole = !dim                     ? 1
                    : dim.getPosition() == 3 ? k.size(2)
                                             : q.size(dim.getPosition());
    if (dim ? !agree(size, whole) : size == 0)
      return op->emitOpError("requires visible keys of the sizes that they are "
                             "read at, but got ")
             << type << " for a size of " << whole;
  }
  return success();
}

/// A score that is lower by this much has the weight 0 in f32 and f64.
static constexpr double hiddenScore = -1000;

namespace {

/// A capture that hides keys and does nothing else.
struct HidingCapture {
  Value tensor;
  AffineMap map;
  /// A number that is added, or a boolean (maybe as a byte), which hides where
  /// it is false, or true if it is negated.
  bool isAdded = false, isNegated = false;
  /// Whether what is added is to be looked at when the model runs.
  bool isAssumed = false;
};

/// What the score region of an attention hides.
struct HidingRegion {
  SmallVector<HidingCapture> captures;
  bool isFinite = false; // some keys are hidden by a number

  /// Why the region does more, or is not understood; "" if it hides keys only.
  std::string match(AttentionOp dense);

private:
  std::string takeSelect(AttentionOp dense, arith::SelectOp select,
                         Value &score);
  std::string takeSum(AttentionOp dense, arith::AddFOp sum, Value &score);
  std::string take(AttentionOp dense, Value argument, HidingCapture capture);
};

} // namespace

static std::optional<double> constantOf(Value value) {
  FloatAttr number;
  return matchPattern(value, m_Constant(&number))
             ? std::optional(number.getValueAsDouble())
             : std::nullopt;
}

std::string HidingRegion::take(AttentionOp dense, Value argument,
                               HidingCapture capture) {
  unsigned index = cast<BlockArgument>(argument).getArgNumber() - 1;
  capture.tensor = dense.getCaptures()[index];
  capture.map = cast<AffineMapAttr>(dense.getCaptureMaps()[index]).getValue();
  for (AffineExpr result : capture.map.getResults())
    if (auto dim = dyn_cast<AffineDimExpr>(result))
      if (dim.getPosition() == 2)
        return "its mask may hide different keys from different queries";
  captures.push_back(capture);
  return "";
}

/// Whether `value` is an element of a capture in a region whose first argument
/// is the score.
static bool isCapture(Value value) {
  auto argument = dyn_cast<BlockArgument>(value);
  return argument && argument.getArgNumber() > 0;
}

std::string HidingRegion::takeSelect(AttentionOp dense, arith::SelectOp select,
                                     Value &score) {
  bool hidesTrue = constantOf(select.getTrueValue()).has_value();
  std::optional<double> hidden =
      constantOf(hidesTrue ? select.getTrueValue() : select.getFalseValue());
  if (!hidden || !(*hidden <= hiddenScore))
    return "its scores are replaced by others than a number that hides keys";
  HidingCapture capture;
  Value condition = select.getCondition();
  capture.isNegated = hidesTrue;
  if (auto compare = condition.getDefiningOp<arith::CmpIOp>()) {
    bool isEqual = compare.getPredicate() == arith::CmpIPredicate::eq;
    if (!matchPattern(compare.getRhs(), m_Zero()) ||
        (!isEqual && compare.getPredicate() != arith::CmpIPredicate::ne))
      return "its mask is compared with other numbers than 0";
    capture.isNegated ^= isEqual;
    condition = compare.getLhs();
  }
  if (!isCapture(condition) || !condition.getType().isSignlessInteger())
    return "its mask is computed from more than one tensor";
  score = hidesTrue ? select.getFalseValue() : select.getTrueValue();
  isFinite |= !std::isinf(*hidden);
  return take(dense, condition, capture);
}

std::string HidingRegion::takeSum(AttentionOp dense, arith::AddFOp sum,
                                  Value &score) {
  bool isLeft = isCapture(sum.getLhs());
  Value added = isLeft ? sum.getLhs() : sum.getRhs();
  if (!isCapture(added))
    return "its scores are changed by other operations than a mask";
  score = isLeft ? sum.getRhs() : sum.getLhs();
  HidingCapture capture;
  capture.isAdded = true;
  std::string whyNot = take(dense, added, capture);
  if (!whyNot.empty())
    return whyNot;
  std::optional<FewNumbers> few = fewNumbersOf(captures.back().tensor);
  auto isOther = [](double number) {
    return number != 0 && !(number <= hiddenScore);
  };
  if (!few || llvm::any_of(few->numbers, isOther))
    return "what is added to its scores is not known to be 0 or to hide a key "
           "(-1000 or less), as (1 - mask) * -10000 or Where(mask, 0, "
           "-infinity) are";
  for (double number : few->numbers)
    isFinite |= !std::isinf(number) && number != 0;
  captures.back().isAssumed = few->isAssumed;
  return "";
}

std::string HidingRegion::match(AttentionOp dense) {
  Block &body = dense.getScore().front();
  Value score = cast<YieldOp>(body.getTerminator()).getValues().front();
  while (score != body.getArgument(0)) {
    std::string whyNot = "its scores are changed by other operations than a "
                         "mask";
    if (auto select = score.getDefiningOp<arith::SelectOp>())
      whyNot = takeSelect(dense, select, score);
    else if (auto sum = score.getDefiningOp<arith::AddFOp>())
      whyNot = takeSum(dense, sum, score);
    if (!whyNot.empty())
      return whyNot;
  }
  return "";
}

namespace {

/// Makes the bytes of all captures together.
class BytesBuilder {
public:
  BytesBuilder(RewriterBase &rewriter, AttentionOp dense)
      : b(dense.getLoc(), rewriter), dense(dense) {}

  /// Bytes of (b,h,j), as far as captures depend on these.
  VisibleKeys build(ArrayRef<HidingCapture> captures);
  /// Ends the run where a number is added that neither hides nor shows.
  void check(const HidingCapture &capture, StringRef form);

private:
  Value isVisible(OpBuilder &inner, Location loc, const HidingCapture &capture,
                  Value element);

  ImplicitLocOpBuilder b;
  AttentionOp dense;
};

} // namespace

Value BytesBuilder::isVisible(OpBuilder &inner, Location loc,
                              const HidingCapture &capture, Value element) {
  Value zero = arith::ConstantOp::create(inner, loc,
                                         inner.getZeroAttr(element.getType()));
  if (capture.isAdded)
    return arith::CmpFOp::create(inner, loc, arith::CmpFPredicate::OEQ, element,
                                 zero);
  return arith::CmpIOp::create(inner, loc,
                               capture.isNegated ? arith::CmpIPredicate::eq
                                                 : arith::CmpIPredicate::ne,
                               element, zero);
}

void BytesBuilder::check(const HidingCapture &capture, StringRef form) {
  int64_t rank = cast<RankedTensorType>(capture.tensor.getType()).getRank();
  Value yes = arith::ConstantOp::create(b, b.getBoolAttr(true));
  Value init = tensor::EmptyOp::create(b, ArrayRef<int64_t>(), b.getI1Type());
  Value all = linalg::FillOp::create(b, yes, init).getResult(0);
  AffineMap maps[] = {b.getMultiDimIdentityMap(rank),
                      AffineMap::get(rank, 0, b.getContext())};
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::reduction);
  auto fine = linalg::GenericOp::create(
      b, all.getType(), capture.tensor, all, maps, loops,
      [&](OpBuilder &inner, Location loc, ValueRange x) {
        Value limit = arith::ConstantOp::create(
            inner, loc, inner.getFloatAttr(x[0].getType(), hiddenScore));
        Value hides = arith::CmpFOp::create(
            inner, loc, arith::CmpFPredicate::OLE, x[0], limit);
        Value known = arith::OrIOp::create(
            inner, loc, hides, isVisible(inner, loc, capture, x[0]));
        linalg::YieldOp::create(
            inner, loc,
            ValueRange{arith::AndIOp::create(inner, loc, x[1], known)});
      });
  Value holds = tensor::ExtractOp::create(b, fine.getResult(0), ValueRange());
  cf::AssertOp::create(b, holds,
                       ("form '" + form +
                        "': requires an attention mask of zeros and ones, but "
                        "got other numbers")
                           .str());
}

VisibleKeys BytesBuilder::build(ArrayRef<HidingCapture> captures) {
  VisibleKeys keys;
  // The dimensions that a capture depends on, and who knows their sizes.
  SmallVector<AffineExpr> read;
  SmallVector<OpFoldResult> sizes;
  SmallVector<unsigned> place(4, 0);
  for (unsigned dim : {0u, 1u, 3u})
    for (const HidingCapture &capture : captures) {
      AffineExpr expr = b.getAffineDimExpr(dim);
      auto *found = llvm::find(capture.map.getResults(), expr);
      if (found == capture.map.getResults().end())
        continue;
      place[dim] = read.size();
      read.push_back(expr);
      sizes.push_back(
          tensor::getMixedSize(b, b.getLoc(), capture.tensor,
                               found - capture.map.getResults().begin()));
      break;
    }
  keys.map = AffineMapAttr::get(AffineMap::get(4, 0, read, b.getContext()));
  const HidingCapture &first = captures.front();
  if (captures.size() == 1 && !first.isAdded && !first.isNegated &&
      first.map == keys.map.getValue() &&
      getElementTypeOrSelf(first.tensor.getType()).isInteger(8)) {
    keys.bytes = first.tensor;
    return keys;
  }
  SmallVector<AffineMap> maps;
  SmallVector<Value> tensors;
  for (const HidingCapture &capture : captures) {
    SmallVector<AffineExpr> exprs;
    for (AffineExpr result : capture.map.getResults()) {
      auto dim = dyn_cast<AffineDimExpr>(result);
      exprs.push_back(dim ? b.getAffineDimExpr(place[dim.getPosition()])
                          : result);
    }
    maps.push_back(AffineMap::get(read.size(), 0, exprs, b.getContext()));
    tensors.push_back(capture.tensor);
  }
  maps.push_back(b.getMultiDimIdentityMap(read.size()));
  Value init = tensor::EmptyOp::create(b, sizes, b.getI8Type());
  SmallVector<utils::IteratorType> loops(read.size(),
                                         utils::IteratorType::parallel);
  auto bytes = linalg::GenericOp::create(
      b, init.getType(), tensors, init, maps, loops,
      [&](OpBuilder &inner, Location loc, ValueRange x) {
        Value seen;
        for (auto [capture, element] : llvm::zip(captures, x)) {
          Value one = isVisible(inner, loc, capture, element);
          seen = seen ? arith::AndIOp::create(inner, loc, seen, one) : one;
        }
        Value byte =
            arith::ExtUIOp::create(inner, loc, inner.getI8Type(), seen);
        linalg::YieldOp::create(inner, loc, byte);
      });
  keys.bytes = bytes.getResult(0);
  return keys;
}

FailureOr<VisibleKeys> visibleKeys(RewriterBase &rewriter, AttentionOp dense,
                                   StringRef form) {
  HidingRegion region;
  std::string whyNot = region.match(dense);
  if (!whyNot.empty())
    return dense.emitError("form '")
           << form
           << "' takes the place of an attention that changes its scores only "
              "by hiding keys from all queries alike, but not of this one: "
           << whyNot << "; leave this layer dense with '@layers='";
  VisibleKeys keys;
  if (!region.captures.empty()) {
    BytesBuilder builder(rewriter, dense);
    keys = builder.build(region.captures);
    for (const HidingCapture &capture : region.captures)
      if (capture.isAssumed)
        builder.check(capture, form);
  }
  // Where a finite number hides all keys, they all weigh the same.
  keys.meanEmptyRows = dense.getMeanEmptyRows() || region.isFinite;
  keys.nanEmptyRows = dense.getNanEmptyRows() && !keys.meanEmptyRows;
  return keys;
}

} // namespace attune::attn
