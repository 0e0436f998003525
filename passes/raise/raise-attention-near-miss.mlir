// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-attention=remarks --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-NOT: attn.attention
func.func @other_axis(%q: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %0 = onnx.node "MatMul" since 13(%q, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  // expected-remark @+1 {{attention not raised: the softmax is not f32 along the last of three or four dimensions}}
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = 2 : i64}} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %2 = onnx.node "MatMul" since 13(%1, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  return %2 : tensor<1x2x3x3xf32>
}

// -----

func.func @weights_escape(%q: tensor<1x2x3x3xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) {
  %0 = onnx.node "MatMul" since 13(%q, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  // expected-remark @+1 {{attention not raised: the weights are used outside the product with the values}}
  %1 = onnx.node "Softmax" since 13(%0) : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %2 = onnx.node "MatMul" since 13(%1, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  return %1, %2 : tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>
}

// -----

func.func @scores_escape(%q: tensor<1x2x3x3xf32>) -> (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) {
  %0 = onnx.node "MatMul" since 13(%q, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  // expected-remark @+1 {{attention not raised: the scores are used outside the softmax}}
  %1 = onnx.node "Softmax" since 13(%0) : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %2 = onnx.node "MatMul" since 13(%1, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  return %0, %2 : tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>
}

// -----

func.func @values_first(%q: tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32> {
  %0 = onnx.node "MatMul" since 13(%q, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  // expected-remark @+1 {{attention not raised: the weights are not multiplied with values}}
  %1 = onnx.node "Softmax" since 13(%0) : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %2 = onnx.node "MatMul" since 13(%q, %1) : (tensor<1x2x3x3xf32>, tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  return %2 : tensor<1x2x3x3xf32>
}
