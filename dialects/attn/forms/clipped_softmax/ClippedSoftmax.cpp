// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/Forms.h"

using namespace mlir;

namespace attune::attn {

static LogicalResult rewrite(RewriterBase &rewriter, AttentionOp dense,
                             const FormParameters &parameters) {
  double gamma = parameters.number("gamma"), zeta = parameters.number("zeta");
  if (!std::isfinite(gamma) || gamma > 0)
    return dense.emitError("form 'clipped_softmax' requires a gamma of at most "
                           "0, but got ")
           << gamma;
  if (!std::isfinite(zeta) || zeta < 1)
    return dense.emitError("form 'clipped_softmax' requires a zeta of at least "
                           "1, but got ")
           << zeta;
  rewriter.modifyOpInPlace(dense, [&] {
    dense.setNanEmptyRows(false);
    dense.setMeanEmptyRows(false);
    dense.setNormaliserAttr(kernel::ClippedSoftmaxAttr::get(
        rewriter.getContext(), rewriter.getF64FloatAttr(gamma),
        rewriter.getF64FloatAttr(zeta)));
  });
  return success();
}

/// Nothing is cut off. Rows without keys give 0.
static bool isExact(AttentionOp dense, const FormParameters &parameters) {
  return parameters.number("gamma") == 0 && parameters.number("zeta") == 1 &&
         !dense.getNanEmptyRows() && !dense.getMeanEmptyRows();
}

Form clipped_softmax_form() {
  static constexpr FormParameter parameters[] = {
      {"gamma", FormParameter::Kind::number, -0.025,
       "what is added to the stretched weights before they are cut off at 0; "
       "at most 0"},
      {"zeta", FormParameter::Kind::number, 1,
       "weights are stretched by zeta - gamma and cut off at 1; at least 1"}};
  return {"clipped_softmax",
          "softmax whose small weights become exactly 0: clip((zeta - gamma) "
          "softmax + gamma, 0, 1); a row without keys gives 0",
          "Bondarenko, Nagel, Blankevoort (2023), Quantizable Transformers: "
          "Removing Outliers by Helping Attention Heads Do Nothing",
          parameters,
          rewrite,
          isExact};
}

} // namespace attune::attn
