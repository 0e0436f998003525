// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/core/FeatureForms.h"
#include "dialects/attn/core/RandomFeatures.h"
#include "dialects/attn/forms/Forms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace attune::attn {

/// More would cost more than dense attention at any usual length.
static constexpr int64_t mostFeatures = 8192;

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  std::optional<int64_t> count = parameters.integerFrom(dense, "m", 1),
                         seed = parameters.integerFrom(dense, "seed", 0);
  if (!count || !seed)
    return failure();
  if (*count > mostFeatures)
    return dense.emitError("form 'performer' requires at most ")
           << mostFeatures << " for 'm', but got " << *count;
  double eps = parameters.number("eps");
  if (!std::isfinite(eps) || eps < 0)
    return dense.emitError("form 'performer' requires a finite eps of at least "
                           "0, but got ")
           << eps;
  FailureOr<int64_t> width = widthForFeatures(dense, "performer");
  if (failed(width))
    return failure();
  FailureOr<VisibleKeys> visible = visibleKeys(rewriter, dense, "performer");
  if (failed(visible))
    return failure();
  std::vector<float> numbers = orthogonalProjection(*count, *width, *seed);
  auto type = RankedTensorType::get({*count, *width}, rewriter.getF32Type());
  Value projection = arith::ConstantOp::create(
      rewriter, dense.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<float>(numbers)));
  bool relu = parameters.choice("kind") == "relu";
  replaceByFeatures(
      rewriter, dense,
      {relu ? FeatureMap::relu : FeatureMap::positive, projection, *count, eps},
      *visible);
  return success();
}

Form performer_form() {
  static constexpr llvm::StringLiteral kinds[] = {"exp", "relu"};
  static constexpr FormParameter parameters[] = {
      {"m", FormParameter::Kind::integer, 256,
       "random features of a head; the error falls with its square root"},
      {"seed", FormParameter::Kind::integer, 0,
       "of the random projection, which all heads share"},
      {"eps", FormParameter::Kind::number, 1e-6, "added to each feature"},
      {"kind", FormParameter::Kind::choice, 0,
       "exp: features that stand for the softmax; relu: max(x, 0), which a "
       "model must have been trained for",
       kinds}};
  return {"performer",
          "attention with positive orthogonal random features, in linear time",
          "Choromanski et al. (2020), Rethinking Attention with Performers",
          parameters, rewrite};
}

} // namespace attune::attn
