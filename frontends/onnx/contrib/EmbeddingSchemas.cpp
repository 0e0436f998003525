// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Schemas.h"

namespace attune::model {

using onnx::InferenceContext;
using onnx::TensorShapeProto;

static void inferEmbedding(InferenceContext &context) {
  setElement(context, 0, 2);
  setElement(context, 1, 0);
  setElement(context, 2, 2);
  const TensorShapeProto *ids = shapeOf(context, 0, 2);
  const TensorShapeProto *words = shapeOf(context, 2, 2);
  if (ids)
    setOutput(context, 1, 0, shapeOf({ids->dim(0)}));
  if (!ids || !words)
    return;
  TensorShapeProto sum = shapeOf({ids->dim(0), ids->dim(1), words->dim(1)});
  setOutput(context, 0, 2, sum);
  setOutput(context, 2, 2, sum);
}

void declareEmbedding() {
  declare({"EmbedLayerNormalization",
           "input_ids M, segment_ids M?, word_embedding T, "
           "position_embedding T, segment_embedding T?, gamma T, beta T, "
           "mask M?, position_ids M?",
           "output T, mask_index M?, embedding_sum T?",
           "epsilon float, mask_index_type int", inferEmbedding});
}

} // namespace attune::model
