// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Schemas.h"

namespace attune::model {

using onnx::InferenceContext;
using onnx::TensorShapeProto;

static void setFloat(InferenceContext &context, size_t index,
                     const TensorShapeProto &shape) {
  if (index >= context.getNumOutputs())
    return;
  onnx::updateOutputElemType(context, index, onnx::TensorProto::FLOAT);
  onnx::updateOutputShape(context, index, shape);
}

/// Output, mean, inv_std_var and the sum that is normalised.
static void inferSkip(InferenceContext &context) {
  setElement(context, 0, 0);
  setElement(context, 3, 0);
  const TensorShapeProto *input = shapeOf(context, 0, 3, 2);
  if (!input)
    return;
  setOutput(context, 0, 0, *input);
  setOutput(context, 3, 0, *input);
  TensorShapeProto reduced = *input;
  *reduced.mutable_dim(reduced.dim_size() - 1) = dimOf(1);
  setFloat(context, 1, reduced);
  setFloat(context, 2, reduced);
}

static void inferSimplified(InferenceContext &context) {
  // The result has the scale's type.
  setElement(context, 0, 1);
  if (!onnx::hasInputShape(context, 0))
    return;
  const TensorShapeProto &input = onnx::getInputShape(context, 0);
  setOutput(context, 0, 1, input);
  int64_t axis = onnx::getAttribute(context, "axis", -1);
  int64_t rank = input.dim_size();
  if (axis < -rank || axis >= rank)
    fail_shape_inference("requires an axis of a tensor of rank ", rank,
                         ", but got ", axis);
  TensorShapeProto reduced = input;
  for (int64_t dim = axis < 0 ? axis + rank : axis; dim < rank; ++dim)
    *reduced.mutable_dim(static_cast<int>(dim)) = dimOf(1);
  setFloat(context, 1, reduced);
}

void declareNormalization() {
  const char *outputs = "output T, mean U?, inv_std_var U?, "
                        "input_skip_bias_sum T?";
  declare({"SkipLayerNormalization",
           "input T, skip T, gamma T, beta T?, bias T?", outputs,
           "epsilon float", inferSkip});
  declare({"SkipSimplifiedLayerNormalization",
           "input T, skip T, gamma T, bias T?", outputs, "epsilon float",
           inferSkip});
  for (const char *domain : {"", "com.microsoft"})
    declare({"SimplifiedLayerNormalization", "X T, scale V",
             "Y V, "
             "inv_std_var U?",
             "axis int, epsilon float, stash_type int", inferSimplified,
             domain});
}

} // namespace attune::model
