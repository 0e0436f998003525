// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-attention=remarks --split-input-file --verify-diagnostics | FileCheck %s

// CHECK-LABEL: func.func @bias_of_another_length
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @bias_of_another_length(%q: tensor<1x2x3x4xf32>, %m: tensor<1x1x1x2xf32>) -> tensor<1x2x3x4xf32> {
  %0 = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x3x4xf32>) -> tensor<1x2x4x3xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) : (tensor<1x2x3x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x3x3xf32>
  %2 = onnx.node "Add" since 14(%1, %m) : (tensor<1x2x3x3xf32>, tensor<1x1x1x2xf32>) -> tensor<1x2x3x3xf32>
  // expected-remark @+1 {{attention not raised: a size of a tensor that meets the scores is not theirs}}
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x3x3xf32>) -> tensor<1x2x3x3xf32>
  %4 = onnx.node "MatMul" since 13(%3, %q) : (tensor<1x2x3x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
  return %4 : tensor<1x2x3x4xf32>
}

// -----

// CHECK-LABEL: func.func @choice_by_score
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @choice_by_score(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x2x?x?xf32> {attune.dims = ["", "", "s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Cast" since 13(%1) {node_attributes = {to = 9 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xi1>
  %3 = onnx.node "Where" since 16(%2, %m, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xi1>, tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are no product of queries and keys}}
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @score_times_itself
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @score_times_itself(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Mul" since 14(%1, %1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are used outside the softmax}}
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @score_in_both_branches
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @score_in_both_branches(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x?x?xi1> {attune.dims = ["", "", "s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Neg" since 13(%1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "Where" since 16(%m, %1, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xi1>, tensor<1x2x?x?xf32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are used outside the softmax}}
  %4 = onnx.node "Softmax" since 13(%3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @repeated_scores
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @repeated_scores(%q: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x1x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x2x1x1xf32>) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x1x?x4xf32>) -> tensor<1x1x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x4xf32>, tensor<1x1x4x?xf32>) -> tensor<1x1x?x?xf32>
  %2 = onnx.node "Add" since 14(%1, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are no product of queries and keys}}
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @exponential_between
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @exponential_between(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Exp" since 13(%1) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the scores are no product of queries and keys}}
  %3 = onnx.node "Softmax" since 13(%2) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %4 = onnx.node "MatMul" since 13(%3, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %4 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @nan_becomes_one
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @nan_becomes_one(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the weights are used outside the product with the values}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "IsNaN" since 13(%2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xi1>
  %c4 = arith.constant dense<1.0> : tensor<f32>
  %5 = onnx.node "Where" since 16(%3, %c4, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %6 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @numbers_become_zero
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @numbers_become_zero(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the weights are used outside the product with the values}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "IsNaN" since 13(%2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xi1>
  %c4 = arith.constant dense<0.0> : tensor<f32>
  %5 = onnx.node "Where" since 16(%3, %2, %c4) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %6 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @nan_of_another
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @nan_of_another(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %n: tensor<1x2x?x?xf32> {attune.dims = ["", "", "s", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the weights are not multiplied with values}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %3 = onnx.node "IsNaN" since 13(%n) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xi1>
  %c4 = arith.constant dense<0.0> : tensor<f32>
  %5 = onnx.node "Where" since 16(%3, %c4, %2) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %6 : tensor<1x2x?x4xf32>
}

// -----

// CHECK-LABEL: func.func @weights_change_after
// CHECK-NOT: attn.attention
// CHECK: Softmax
func.func @weights_change_after(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  // expected-remark @+1 {{attention not raised: the weights are not multiplied with values}}
  %2 = onnx.node "Softmax" since 13(%1) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %c3 = arith.constant dense<0.5> : tensor<f32>
  %4 = onnx.node "Mul" since 14(%2, %c3) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %5 = onnx.node "MatMul" since 13(%4, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %5 : tensor<1x2x?x4xf32>
}
