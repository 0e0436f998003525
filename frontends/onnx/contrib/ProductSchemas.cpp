// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Schemas.h"

namespace attune::model {

using onnx::InferenceContext;
using onnx::TensorShapeProto;

/// A shape as the product sees it: the first dimension moved behind the other
/// ones of the batch, then the last two exchanged.
static std::vector<Size> turned(const TensorShapeProto &shape, bool batch,
                                bool matrix) {
  std::vector<Size> dims(shape.dim().begin(), shape.dim().end());
  // As they are documented, both do nothing to a vector.
  if (batch && dims.size() > 2)
    std::rotate(dims.begin(), dims.begin() + 1, dims.end() - 1);
  if (matrix && dims.size() > 1)
    std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  return dims;
}

/// The size of a batch's dimension that both operands have.
static Size joined(const Size &left, const Size &right) {
  if (left.dim_value() == 1)
    return right;
  if (right.dim_value() == 1 || left.dim_param() == right.dim_param())
    return left.has_dim_value() ? left : right;
  return left.has_dim_value() ? left : right.has_dim_value() ? right : Size();
}

static void inferFused(InferenceContext &context) {
  setElement(context, 0, 0);
  if (!onnx::hasNInputShapes(context, 2))
    return;
  auto flag = [&](const char *name) {
    return onnx::getAttribute(context, name, 0) != 0;
  };
  std::vector<Size> left = turned(onnx::getInputShape(context, 0),
                                  flag("transBatchA"), flag("transA"));
  std::vector<Size> right = turned(onnx::getInputShape(context, 1),
                                   flag("transBatchB"), flag("transB"));
  if (left.empty() || right.empty())
    fail_shape_inference("requires operands of rank 1 or more");
  bool isVector[] = {left.size() == 1, right.size() == 1};
  if (isVector[0])
    left.insert(left.begin(), dimOf(1));
  if (isVector[1])
    right.push_back(dimOf(1));
  TensorShapeProto shape;
  size_t rank = std::max(left.size(), right.size());
  for (size_t back = rank; back > 2; --back) {
    Size one = dimOf(1);
    *shape.add_dim() =
        joined(back <= left.size() ? left[left.size() - back] : one,
               back <= right.size() ? right[right.size() - back] : one);
  }
  if (!isVector[0])
    *shape.add_dim() = left[left.size() - 2];
  if (!isVector[1])
    *shape.add_dim() = right.back();
  setOutput(context, 0, 0, shape);
}

static void inferNBits(InferenceContext &context) {
  setElement(context, 0, 0);
  if (!onnx::hasInputShape(context, 0))
    return;
  TensorShapeProto shape = onnx::getInputShape(context, 0);
  if (shape.dim_size() < 1)
    fail_shape_inference("requires an input of rank 1 or more");
  *shape.mutable_dim(shape.dim_size() - 1) =
      dimOf(onnx::getAttribute(context, "N", -1));
  setOutput(context, 0, 0, shape);
}

void declareProducts() {
  declare({"FusedMatMul", "A T, B T", "Y T",
           "alpha float, transA int, transB int, transBatchA int, "
           "transBatchB int",
           inferFused});
  declare({"MatMulNBits",
           "A T, B B, scales T, zero_points A?, g_idx M?, bias T?", "Y T",
           "K int!, N int!, bits int, block_size int!, accuracy_level int, "
           "weight_prepacked int",
           inferNBits});
}

} // namespace attune::model
