// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-forms | FileCheck %s
// RUN: attune-opt %s --attune-raise-forms=reversed | FileCheck %s

// The logarithms of taps of e^bias; features stay as they are.
// CHECK-LABEL: func.func @taps
// CHECK-DAG: %[[B:.*]] = arith.constant dense<{{\[\[}}1.94591{{.*}}, 1.7917{{.*}}, 1.609{{.*}}, 0.000000e+00, 0.693{{.*}}, 1.098{{.*}}, 1.386{{.*}}]]> : tensor<1x7xf32>
// CHECK-DAG: %[[Q:.*]] = onnx.node "Exp"
// CHECK-DAG: %[[K:.*]] = onnx.node "Exp"
// CHECK: attn.fft_rpe query(%[[Q]] : {{.*}} key(%[[K]] : {{.*}} value(%arg2 : {{.*}} bias(%[[B]] : tensor<1x7xf32>) {nan_empty_rows
// CHECK-NOT: causal
// CHECK: return
func.func @taps(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %t = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 1.0, 2.0, 3.0], [6.0, 5.0, 1.0, 2.0], [7.0, 6.0, 5.0, 1.0]]> : tensor<4x4xf32>
  %qs = onnx.node "Mul" since 14(%q, %half) : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %fq = onnx.node "Exp" since 13(%qs) : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %ks = onnx.node "Mul" since 14(%k, %half) : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %fk = onnx.node "Exp" since 13(%ks) : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x4x3xf32>) -> tensor<1x2x3x4xf32>
  %s = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x4x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x4x4xf32>
  %a = onnx.node "Mul" since 14(%s, %t) : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %z = onnx.node "ReduceSum" since 13(%a, %last) : (tensor<1x2x4x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %n = onnx.node "MatMul" since 13(%a, %v) : (tensor<1x2x4x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32>
  %o = onnx.node "Div" since 14(%n, %z) : (tensor<1x2x4x5xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x4x5xf32>
  return %o : tensor<1x2x4x5xf32>
}

// A bias whose exponential the graph takes, by head, and a causal mask that is
// a factor of its own; weights are divided before the product with values.
// CHECK-LABEL: func.func @exponents
// CHECK: arith.constant dense<{{\[\[}}7.000000e+00, 6.000000e+00, 5.000000e+00, 1.000000e+00, 0xFF800000, 0xFF800000, 0xFF800000], [8.000000e+00,
// CHECK: attn.fft_rpe {{.*}} bias({{.*}} : tensor<2x7xf32>) {causal, nan_empty_rows
// CHECK: return
func.func @exponents(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %b = arith.constant dense<[[[[1.0, 2.0, 3.0, 4.0], [5.0, 1.0, 2.0, 3.0], [6.0, 5.0, 1.0, 2.0], [7.0, 6.0, 5.0, 1.0]], [[1.0, 2.0, 3.0, 4.0], [5.0, 1.0, 2.0, 3.0], [6.0, 5.0, 1.0, 2.0], [8.0, 6.0, 5.0, 1.0]]]]> : tensor<1x2x4x4xf32>
  %m = arith.constant dense<[[1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]]> : tensor<4x4xf32>
  %t = onnx.node "Exp" since 13(%b) : (tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %qs = onnx.node "Mul" since 14(%q, %half) : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %fq = onnx.node "Exp" since 13(%qs) : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %ks = onnx.node "Mul" since 14(%k, %half) : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %fk = onnx.node "Exp" since 13(%ks) : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x4x3xf32>) -> tensor<1x2x3x4xf32>
  %s = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x4x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x4x4xf32>
  %u = onnx.node "Mul" since 14(%s, %t) : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
  %a = onnx.node "Mul" since 14(%u, %m) : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %z = onnx.node "ReduceSum" since 13(%a, %last) : (tensor<1x2x4x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %p = onnx.node "Div" since 14(%a, %z) : (tensor<1x2x4x4xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x4x4xf32>
  %o = onnx.node "MatMul" since 13(%p, %v) : (tensor<1x2x4x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32>
  return %o : tensor<1x2x4x5xf32>
}
