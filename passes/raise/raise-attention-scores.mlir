// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-DAG: #[[$J:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, 0, 0, d3)>
// CHECK-DAG: #[[$IJ:.*]] = affine_map<(d0, d1, d2, d3) -> (d2, d3)>
// CHECK-DAG: #[[$H:.*]] = affine_map<(d0, d1, d2, d3) -> (d1, 0, 0)>

// CHECK-LABEL: func.func @bias_of_keys
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: captures(%arg3 : tensor<1x1x1x?xf32>)
// CHECK-SAME: capture_maps = [#[[$J]]]
// CHECK: ^bb0(%[[S:.*]]: f32, %[[C:.*]]: f32):
// CHECK-NEXT: arith.addf %[[S]], %[[C]]
func.func @bias_of_keys(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @bias_first_and_of_heads
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: captures(%arg3 : tensor<2x1x1xf32>)
// CHECK-SAME: capture_maps = [#[[$H]]]
// CHECK: ^bb0(%[[S:.*]]: f32, %[[C:.*]]: f32):
// CHECK-NEXT: arith.addf %[[C]], %[[S]]
func.func @bias_first_and_of_heads(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<2x1x1xf32>) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%m, %1) {dims = [["", "", "s", "s"]]} : (tensor<2x1x1xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @bias_minus_score
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: capture_maps = [#[[$IJ]]]
// CHECK: ^bb0(%[[S:.*]]: f32, %[[C:.*]]: f32):
// CHECK-NEXT: arith.subf %[[C]], %[[S]]
func.func @bias_minus_score(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<?x?xf32> {attune.dims = ["s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Sub" since 14(%m, %1) {dims = [["", "", "s", "s"]]} : (tensor<?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @boolean_keeps
// CHECK: %[[B:.*]] = onnx.node "Cast"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: captures(%[[B]] : tensor<1x1x?x?xi8>)
// CHECK: ^bb0(%[[S:.*]]: f32, %[[C:.*]]: i8):
// CHECK: %[[K:.*]] = arith.cmpi ne, %[[C]]
// CHECK: arith.select %[[K]], %[[S]], %
func.func @boolean_keeps(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x?x?xi1> {attune.dims = ["", "", "s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %3 = onnx.node "Where" since 16(%m, %1, %c2) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @boolean_drops
// CHECK: attn.attention
// CHECK: ^bb0(%[[S:.*]]: f32, %[[C:.*]]: i8):
// CHECK: %[[K:.*]] = arith.cmpi ne, %[[C]]
// CHECK: arith.select %[[K]], %{{.*}}, %[[S]]
func.func @boolean_drops(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xi1> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<0xFF800000> : tensor<f32>
  %1 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %2 = onnx.node "MatMul" since 13(%q, %1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Where" since 16(%m, %c0, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x1x1x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @expanded_mask
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: captures(%arg3 : tensor<?x?xf32>)
// CHECK-SAME: capture_maps = [#[[$IJ]]]
func.func @expanded_mask(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<?x?xf32> {attune.dims = ["s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<[1, 2, 9, 9]> : tensor<4xi64>
  %3 = onnx.node "Expand" since 13(%m, %c2) {dims = [["", "", "s", "s"]]} : (tensor<?x?xf32>, tensor<4xi64>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Add" since 14(%1, %3) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "Softmax" since 13(%4) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %6 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @soft_cap
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 2.000000e-02
// CHECK: ^bb0(%[[S:.*]]: f32):
// CHECK: %[[T:.*]] = math.tanh %[[S]]
// CHECK: arith.mulf %[[T]], %
func.func @soft_cap(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<50.0> : tensor<f32>
  %3 = onnx.node "Div" since 14(%1, %c2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Tanh" since 13(%3) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %c5 = arith.constant dense<50.0> : tensor<f32>
  %6 = onnx.node "Mul" since 14(%4, %c5) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %7 = onnx.node "Softmax" since 13(%6) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "MatMul" since 13(%7, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %8 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @factors_multiply
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 7.500000e-01
// CHECK-NOT: arith.mulf
func.func @factors_multiply(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %2 = onnx.node "MatMul" since 13(%q, %1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Mul" since 14(%c0, %2) {dims = [["", "", "s", "s"]]} : (tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %c4 = arith.constant dense<2.0> : tensor<f32>
  %5 = onnx.node "Div" since 14(%3, %c4) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %c6 = arith.constant dense<3.0> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %9 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @factor_of_queries
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 2.500000e-01
func.func @factor_of_queries(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<0.25> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%q, %c0) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<f32>) -> tensor<1x2x?x4xf32>
  %2 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %3 = onnx.node "MatMul" since 13(%1, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @factor_after_the_bias
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 1.000000e+00
// CHECK: %[[A:.*]] = arith.addf
// CHECK: arith.mulf %[[A]]
func.func @factor_after_the_bias(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %c3 = arith.constant dense<0.5> : tensor<f32>
  %4 = onnx.node "Mul" since 14(%2, %c3) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "Softmax" since 13(%4) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %6 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @constant_divided_by_score
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 1.000000e+00
// CHECK: ^bb0(%[[S:.*]]: f32):
// CHECK: arith.divf %{{.*}}, %[[S]]
func.func @constant_divided_by_score(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %2 = onnx.node "MatMul" since 13(%q, %1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Div" since 14(%c0, %2) {dims = [["", "", "s", "s"]]} : (tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @quotient_of_zero
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 1.000000e+00
// CHECK: arith.divf
func.func @quotient_of_zero(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<0.0> : tensor<f32>
  %3 = onnx.node "Div" since 14(%1, %c2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @maximum_of_one
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK: ^bb0(%[[S:.*]]: f32):
// CHECK-NEXT: attn.yield %[[S]]
func.func @maximum_of_one(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Max" since 13(%1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @maximum_of_three
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK: ^bb0(%[[S:.*]]: f32, %[[C:.*]]: f32):
// CHECK: %[[M:.*]] = arith.maximumf %[[S]], %[[C]]
// CHECK: arith.maximumf %[[M]], %
func.func @maximum_of_three(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<-5.0> : tensor<f32>
  %3 = onnx.node "Max" since 13(%1, %m, %c2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @nan_becomes_zero
// CHECK-NOT: IsNaN
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-NOT: nan_empty_rows
func.func @nan_becomes_zero(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "IsNaN" since 13(%3) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xi1>
  %c5 = arith.constant dense<0.0> : tensor<f32>
  %6 = onnx.node "Where" since 16(%4, %c5, %3) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %7 = onnx.node "MatMul" since 13(%6, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %7 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @nan_stays
// CHECK-NOT: Softmax
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: nan_empty_rows
func.func @nan_stays(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @scores_in_both_branches
// CHECK: %[[R:.*]] = onnx.node "MatMul"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}}) captures(%{{.*}}, %[[R]] : tensor<1x1x?x?xi8>, tensor<1x2x?x?xf32>)
// CHECK: ^bb0(%[[S:.*]]: f32, %[[M:.*]]: i8, %[[C:.*]]: f32):
// CHECK: arith.select %{{.*}}, %[[S]], %[[C]]
func.func @scores_in_both_branches(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %r: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x?x?xi1> {attune.dims = ["", "", "s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%r) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %3 = onnx.node "MatMul" since 13(%q, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Where" since 16(%m, %3, %1) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xi1>, tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "Softmax" since 13(%4) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %6 : tensor<1x2x?x4xf32>
}
