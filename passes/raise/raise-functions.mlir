// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-functions | FileCheck %s

// CHECK-LABEL: func.func @activations
// CHECK: %[[T:.*]] = attn.poly tanh %arg0 {attune.dims = {{\[\[}}"b", ""{{\]\]}}, site = "/Tanh"}
// CHECK: %[[S:.*]] = attn.poly sigmoid %[[T]] {site = "/Sigmoid"}
// CHECK: %[[E:.*]] = attn.poly exp %[[S]]
// CHECK: attn.poly erf %[[E]]
// CHECK-NOT: onnx.node
func.func @activations(%x: tensor<?x4xf32> {attune.dims = ["b", ""]}) -> tensor<?x4xf32> {
  %0 = onnx.node "Tanh" since 13 (%x) {node_name = "/Tanh"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = onnx.node "Sigmoid" since 13 (%0) {node_name = "/Sigmoid"} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %2 = onnx.node "Exp" since 13 (%1) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %3 = onnx.node "Erf" since 13 (%2) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  return %3 : tensor<?x4xf32>
}

// A product with one's own sigmoid is one function.
// CHECK-LABEL: func.func @silu
// CHECK-NEXT: attn.poly silu %arg0 {site = "/Mul"}
// CHECK-NEXT: return
func.func @silu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Sigmoid" since 13 (%x) {node_name = "/Sigmoid"} : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.node "Mul" since 14 (%0, %x) {node_name = "/Mul"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @swish
// CHECK: %[[A:.*]] = arith.constant dense<1.500000e+00> : tensor<f32>
// CHECK: %[[P:.*]] = onnx.node "Mul" since 14(%arg0, %[[A]])
// CHECK: %[[S:.*]] = attn.poly sigmoid %[[P]]
// CHECK: onnx.node "Mul" since 14(%arg0, %[[S]])
func.func @swish(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Swish" since 24 (%x) {node_attributes = {alpha = 1.5 : f32}} : (tensor<4xf32>) -> tensor<4xf32>
  return %0 : tensor<4xf32>
}

// CHECK-LABEL: func.func @quotients
// CHECK: %[[I:.*]] = attn.poly inverse %arg1 {site = "/Div"}
// CHECK: %[[Q:.*]] = onnx.node "Mul" since 14(%arg0, %[[I]])
// CHECK: %[[R:.*]] = attn.poly inverse_sqrt %arg1 {site = "/Norm"}
// CHECK: onnx.node "Mul" since 14(%[[Q]], %[[R]])
// CHECK-NOT: "Sqrt"
func.func @quotients(%x: tensor<4xf32>, %y: tensor<4xf32>) -> tensor<4xf32> {
  %0 = onnx.node "Div" since 14 (%x, %y) {node_name = "/Div"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.node "Sqrt" since 13 (%y) {node_name = "/Sqrt"} : (tensor<4xf32>) -> tensor<4xf32>
  %2 = onnx.node "Div" since 14 (%0, %1) {node_name = "/Norm"} : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// What weights and sizes alone give stays.
// CHECK-LABEL: func.func @public
// CHECK: onnx.node "Sqrt"
// CHECK: onnx.node "Div"
// CHECK-NOT: attn.poly
func.func @public(%x: tensor<4xf32>) -> tensor<4xf32> {
  %w = arith.constant dense<2.0> : tensor<4xf32>
  %c = arith.constant dense<8.0> : tensor<f32>
  %0 = onnx.node "Sqrt" since 13 (%w) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.node "Div" since 14 (%x, %c) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = onnx.node "Add" since 14 (%0, %1) : (tensor<4xf32>, tensor<4xf32>) -> tensor<4xf32>
  return %2 : tensor<4xf32>
}

// x^5 = (x^2)^2 x, and a negative power is one of the inverse.
// CHECK-LABEL: func.func @powers
// CHECK: %[[S:.*]] = onnx.node "Mul" since 14(%arg0, %arg0)
// CHECK: %[[F:.*]] = onnx.node "Mul" since 14(%[[S]], %[[S]])
// CHECK: %[[P:.*]] = onnx.node "Mul" since 14(%[[F]], %arg0)
// CHECK: %[[I:.*]] = attn.poly inverse %[[P]]
// CHECK: onnx.node "Mul" since 14(%[[I]], %[[I]])
func.func @powers(%x: tensor<4xf32>) -> tensor<4xf32> {
  %5 = arith.constant dense<5.0> : tensor<f32>
  %m = arith.constant dense<-2.0> : tensor<f32>
  %0 = onnx.node "Pow" since 15 (%x, %5) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %1 = onnx.node "Pow" since 15 (%0, %m) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  return %1 : tensor<4xf32>
}

// CHECK-LABEL: func.func @softmax
// CHECK: %[[E:.*]] = attn.poly exp %arg0 {site = "/Softmax"}
// CHECK: %[[S:.*]] = onnx.node "ReduceSum" since 11(%[[E]]) {{.*}}axes = array<i64: 1>, keepdims = 1
// CHECK: %[[I:.*]] = attn.poly inverse %[[S]] {site = "/Softmax"}
// CHECK: onnx.node "Mul" since 14(%[[E]], %[[I]])
func.func @softmax(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %0 = onnx.node "Softmax" since 13 (%x) {node_name = "/Softmax", node_attributes = {axis = -1 : i64}} : (tensor<3x4xf32>) -> tensor<3x4xf32>
  return %0 : tensor<3x4xf32>
}

// Of a softmax before opset 13 the axis is the second one if none is named, and
// all from there on are one dimension: none of the polynomials' softmaxes.
// CHECK-LABEL: func.func @softmax_of_old
// CHECK-NEXT: onnx.node "Softmax" since 11(%arg0)
// CHECK-NEXT: return
func.func @softmax_of_old(%x: tensor<3x4x5xf32>) -> tensor<3x4x5xf32> {
  %0 = onnx.node "Softmax" since 11 (%x) : (tensor<3x4x5xf32>) -> tensor<3x4x5xf32>
  return %0 : tensor<3x4x5xf32>
}

// CHECK-LABEL: func.func @roots_and_others
// CHECK: %[[R:.*]] = attn.poly inverse_sqrt %arg0
// CHECK: onnx.node "Mul" {{.*}}(%arg0, %[[R]])
// CHECK: attn.poly inverse_sqrt
// CHECK: attn.poly softplus
// CHECK: attn.poly mish
// CHECK: attn.poly inverse
// CHECK-NOT: onnx.node "{{Sqrt|Pow|Softplus|Mish|Reciprocal}}"
// CHECK: return
func.func @roots_and_others(%x: tensor<4xf32>) -> tensor<4xf32> {
  %e = arith.constant dense<-0.5> : tensor<f32>
  %0 = onnx.node "Sqrt" since 13 (%x) : (tensor<4xf32>) -> tensor<4xf32>
  %1 = onnx.node "Pow" since 15 (%0, %e) : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
  %2 = onnx.node "Softplus" since 22 (%1) : (tensor<4xf32>) -> tensor<4xf32>
  %3 = onnx.node "Mish" since 22 (%2) : (tensor<4xf32>) -> tensor<4xf32>
  %4 = onnx.node "Reciprocal" since 13 (%3) : (tensor<4xf32>) -> tensor<4xf32>
  return %4 : tensor<4xf32>
}
