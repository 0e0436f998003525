// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/VisibleKeys.h"
#include "dialects/attn/forms/Forms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace attune::attn {

/// The region becomes the score, or 1 + score / degree, and 0 where a key is
/// hidden: what is not seen is multiplied away, since no power makes it small.
static void writeRegion(RewriterBase &rewriter, AttentionOp dense,
                        const VisibleKeys &visible, int64_t degree,
                        bool shifted) {
  Location loc = dense.getLoc();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.eraseBlock(&dense.getScore().front());
  Block *body = rewriter.createBlock(&dense.getScore(), {},
                                     {rewriter.getF32Type()}, {loc});
  ImplicitLocOpBuilder b(loc, rewriter);
  auto number = [&](double value) -> Value {
    return arith::ConstantOp::create(b, b.getF32FloatAttr(value));
  };
  Value score = body->getArgument(0);
  if (shifted)
    score = arith::AddFOp::create(
        b, number(1), arith::MulFOp::create(b, score, number(1.0 / degree)));
  SmallVector<Attribute> maps;
  if (visible.bytes) {
    Type byte = getElementTypeOrSelf(visible.bytes);
    Value flag = body->addArgument(byte, loc);
    Value seen =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ne, flag,
                              arith::ConstantIntOp::create(b, byte, 0));
    score = arith::SelectOp::create(b, seen, score, number(0));
    maps.push_back(visible.map);
  }
  YieldOp::create(b, score);
  dense.getCapturesMutable().assign(visible.bytes ? ValueRange(visible.bytes)
                                                  : ValueRange());
  dense.setCaptureMapsAttr(b.getArrayAttr(maps));
}

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> degree = parameters.integerFrom(dense, "p", 2);
  if (!degree)
    return failure();
  if (!llvm::isPowerOf2_64(*degree))
    return dense.emitError("form 'power' requires a power of two as 'p', but "
                           "got ")
           << *degree;
  double eps = parameters.number("eps");
  if (!std::isfinite(eps) || eps < 0)
    return dense.emitError("form 'power' requires a finite eps of at least 0, "
                           "but got ")
           << eps;
  FailureOr<VisibleKeys> visible = visibleKeys(rewriter, dense, "power");
  if (failed(visible))
    return failure();
  rewriter.modifyOpInPlace(dense, [&] {
    writeRegion(rewriter, dense, *visible, *degree, parameters.flag("shift"));
    dense.setNanEmptyRows(false);
    dense.setMeanEmptyRows(false);
    dense.setNormaliserAttr(kernel::PowerAttr::get(
        rewriter.getContext(), *degree, rewriter.getF64FloatAttr(eps)));
  });
  return success();
}

Form power_form() {
  static constexpr FormParameter parameters[] = {
      {"p", FormParameter::Kind::integer, 4, "the exponent, a power of two"},
      {"eps", FormParameter::Kind::number, 1e-6,
       "added to the sum of a row's powers"},
      {"shift", FormParameter::Kind::flag, 0,
       "take (1 + score / p)^p, which tends to the softmax with p, in place of "
       "score^p, which a model must have been trained for"}};
  return {"power",
          "weights that are an even power of the scores over the sum of these "
          "powers, without an exponential; a row without keys gives 0",
          "Zimerman et al. (2024), Power-Softmax: Towards Secure LLM Inference "
          "over Encrypted Data",
          parameters, rewrite};
}

} // namespace attune::attn
