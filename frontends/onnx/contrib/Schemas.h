// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operators of com.microsoft, which optimizers of transformers write. What they
// mean is documented with ONNX Runtime; ExpandContrib turns them into nodes of
// ai.onnx.

#ifndef ATTUNE_FRONTENDS_ONNX_CONTRIB_SCHEMAS_H
#define ATTUNE_FRONTENDS_ONNX_CONTRIB_SCHEMAS_H

#include "onnx/defs/schema.h"
#include "onnx/defs/shape_inference.h"

namespace attune::model {

/// Makes the schemas known to the ONNX library: to its checks, its inference
/// and `schemaOf`. Only the first call does something.
void registerContribSchemas();

/// A schema, version 1, in few words. Inputs, outputs and attributes are lists
/// of "name type": types T and V (floats), U (f32 or f64), M (i32), L (i64), B
/// (u8) and A (any of these), with `?` behind what may be left out; attributes
/// are of type int, float, ints or string, with `!` behind what must be given.
struct ContribSchema {
  const char *name;
  const char *inputs;
  const char *outputs;
  const char *attributes;
  onnx::InferenceFunction infer;
  const char *domain = "com.microsoft";
};
void declare(const ContribSchema &schema);

// One family a file: each declares its operators.
void declareAttention();
void declareElementwise();
void declareEmbedding();
void declareNormalization();
void declareProducts();

/// The shape of input `index`, which must have `rank` dimensions (or one of
/// two numbers of them); null where the input or its shape is missing.
const onnx::TensorShapeProto *shapeOf(onnx::InferenceContext &context,
                                      size_t index, int rank,
                                      int otherRank = -1);
/// Gives output `index`, if the node has it, the type of an input and a shape.
void setOutput(onnx::InferenceContext &context, size_t index, size_t typeOf,
               const onnx::TensorShapeProto &shape);
/// Gives an output the element type of an input, and no shape.
void setElement(onnx::InferenceContext &context, size_t index, size_t typeOf);

using Size = onnx::TensorShapeProto::Dimension;
onnx::TensorShapeProto shapeOf(std::initializer_list<Size> dims);
/// A dimension of a known size; an unknown one if `size` is negative.
Size dimOf(int64_t size);

} // namespace attune::model

#endif // ATTUNE_FRONTENDS_ONNX_CONTRIB_SCHEMAS_H
