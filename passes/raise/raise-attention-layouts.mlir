// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-LABEL: func.func @matmul
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 1.000000e+00
func.func @matmul(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %3 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @roots_on_both_sides_and_joined_transpose
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: scale = 0.49999998
func.func @roots_on_both_sides_and_joined_transpose(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<0.707106769> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%q, %c0) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<f32>) -> tensor<1x2x?x4xf32>
  %c2 = arith.constant dense<[-1, 9, 4]> : tensor<3xi64>
  %3 = onnx.node "Reshape" since 14(%k, %c2) {dims = [["", "s", ""]]} : (tensor<1x2x?x4xf32>, tensor<3xi64>) -> tensor<2x?x4xf32>
  %4 = onnx.node "Transpose" since 13(%3) {node_attributes = {perm = array<i64: 0, 2, 1>}, dims = [["", "", "s"]]} : (tensor<2x?x4xf32>) -> tensor<2x4x?xf32>
  %c5 = arith.constant dense<[1, 2, 4, -1]> : tensor<4xi64>
  %6 = onnx.node "Reshape" since 14(%4, %c5) {dims = [["", "", "", "s"]]} : (tensor<2x4x?xf32>, tensor<4xi64>) -> tensor<1x2x4x?xf32>
  %7 = onnx.node "Mul" since 14(%6, %c0) {dims = [["", "", "", "s"]]} : (tensor<1x2x4x?xf32>, tensor<f32>) -> tensor<1x2x4x?xf32>
  %8 = onnx.node "MatMul" since 13(%1, %7) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %9 = onnx.node "Softmax" since 13(%8) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %10 = onnx.node "MatMul" since 13(%9, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %10 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @other_sizes_are_joined
// CHECK: onnx.node "Reshape"
// CHECK: %[[K:.*]] = onnx.node "Reshape"
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%[[K]]
func.func @other_sizes_are_joined(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<[1, -1, 8]> : tensor<3xi64>
  %1 = onnx.node "Reshape" since 14(%k, %c0) : (tensor<1x2x?x4xf32>, tensor<3xi64>) -> tensor<1x?x8xf32>
  %2 = onnx.node "Transpose" since 13(%1) {node_attributes = {perm = array<i64: 0, 2, 1>}, dims = [["", "", ""]]} : (tensor<1x?x8xf32>) -> tensor<1x8x?xf32>
  %c3 = arith.constant dense<[1, 2, 4, -1]> : tensor<4xi64>
  %4 = onnx.node "Reshape" since 14(%2, %c3) {dims = [["", "", "", "s"]]} : (tensor<1x8x?xf32>, tensor<4xi64>) -> tensor<1x2x4x?xf32>
  %5 = onnx.node "MatMul" since 13(%q, %4) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "Softmax" since 13(%5) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %7 = onnx.node "MatMul" since 13(%6, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %7 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @heads_after_the_length
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: key_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: output_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: value_layout = array<i64: 0, 2, 1, 3>
func.func @heads_after_the_length(%q: tensor<1x?x2x4xf32> {attune.dims = ["", "s", "", ""]}, %k: tensor<1x?x2x4xf32> {attune.dims = ["", "s", "", ""]}, %v: tensor<1x?x2x4xf32> {attune.dims = ["", "s", "", ""]}) -> tensor<1x?x2x4xf32> {
  %0 = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["", "", "s", ""]]} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
  %1 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 2, 3, 1>}, dims = [["", "", "", "s"]]} : (tensor<1x?x2x4xf32>) -> tensor<1x2x4x?xf32>
  %2 = onnx.node "Transpose" since 13(%v) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["", "", "s", ""]]} : (tensor<1x?x2x4xf32>) -> tensor<1x2x?x4xf32>
  %3 = onnx.node "MatMul" since 13(%0, %1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %2) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  %6 = onnx.node "Transpose" since 13(%5) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["", "s", "", ""]]} : (tensor<1x2x?x4xf32>) -> tensor<1x?x2x4xf32>
  return %6 : tensor<1x?x2x4xf32>
}

// CHECK-LABEL: func.func @keys_lie_transposed
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: key_layout = array<i64: 0, 1, 3, 2>
func.func @keys_lie_transposed(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x4x?xf32> {attune.dims = ["", "", "", "s"]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "MatMul" since 13(%q, %k) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "MatMul" since 13(%1, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %2 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @einsum
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
func.func @einsum(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Einsum" since 12(%q, %k) {node_attributes = {equation = "bhid,bhjd->bhij"}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x?xf32>
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Einsum" since 12(%1, %v) {node_attributes = {equation = "bhij,bhjd->bhid"}, dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %2 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @einsum_of_lengths_first
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0 : {{[^)]*}}) key(%arg1 : {{[^)]*}}) value(%arg2 : {{[^)]*}})
// CHECK-SAME: key_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: output_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
func.func @einsum_of_lengths_first(%q: tensor<1x?x2x4xf32> {attune.dims = ["", "s", "", ""]}, %k: tensor<1x?x2x4xf32> {attune.dims = ["", "s", "", ""]}, %v: tensor<1x?x2x4xf32> {attune.dims = ["", "s", "", ""]}) -> tensor<1x?x2x4xf32> {
  %0 = onnx.node "Einsum" since 12(%q, %k) {node_attributes = {equation = "bqhd, bkhd -> bhqk"}, dims = [["", "", "s", "s"]]} : (tensor<1x?x2x4xf32>, tensor<1x?x2x4xf32>) -> tensor<1x2x?x?xf32>
  %1 = onnx.node "Softmax" since 13(%0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Einsum" since 12(%1, %v) {node_attributes = {equation = "bhqk,bkhd->bqhd"}, dims = [["", "s", "", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x?x2x4xf32>) -> tensor<1x?x2x4xf32>
  return %2 : tensor<1x?x2x4xf32>
}

// CHECK-LABEL: func.func @without_heads
// CHECK-NOT: onnx.node
// CHECK: %[[Q:.*]] = tensor.expand_shape %arg0 {{.*}} into tensor<2x1x?x4xf32>
// CHECK: %[[O:.*]] = attn.attention query(%[[Q]]
// CHECK: tensor.collapse_shape %[[O]] {{.*}} into tensor<2x?x4xf32>
func.func @without_heads(%q: tensor<2x?x4xf32> {attune.dims = ["", "s", ""]}, %k: tensor<2x?x4xf32> {attune.dims = ["", "s", ""]}, %v: tensor<2x?x4xf32> {attune.dims = ["", "s", ""]}) -> tensor<2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 2, 1>}, dims = [["", "", "s"]]} : (tensor<2x?x4xf32>) -> tensor<2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "s", "s"]]} : (tensor<2x?x4xf32>, tensor<2x4x?xf32>) -> tensor<2x?x?xf32>
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "s", "s"]]} : (tensor<2x?x?xf32>) -> tensor<2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "s", ""]]} : (tensor<2x?x?xf32>, tensor<2x?x4xf32>) -> tensor<2x?x4xf32>
  return %3 : tensor<2x?x4xf32>
}

// CHECK-LABEL: func.func @two_lengths_of_keys
// CHECK-DAG: %[[J:.*]] = tensor.dim %arg1
// CHECK-DAG: %[[V:.*]] = tensor.dim %arg2
// CHECK: arith.cmpi eq, %[[V]], %[[J]]
// CHECK: cf.assert
// CHECK: attn.attention
func.func @two_lengths_of_keys(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %3 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @lengths_are_known
// CHECK-NOT: cf.assert
// CHECK: attn.attention
func.func @lengths_are_known(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "MatMul" since 13(%2, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %3 : tensor<1x2x?x4xf32>
}
