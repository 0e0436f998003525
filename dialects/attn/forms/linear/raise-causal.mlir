// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-forms | FileCheck %s
// RUN: attune-opt %s --attune-raise-forms=reversed | FileCheck %s

// CHECK-NOT: onnx.node

// CHECK-LABEL: func.func @trilu
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: {causal, eps = 0.000000e+00 : f64}
// CHECK-NOT: onnx.node
// CHECK: return
func.func @trilu(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x5x5xf32>
  %w = onnx.node "Trilu" since 14(%a) {node_attributes = {upper = 0 : i64}} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// CHECK-LABEL: func.func @triangle_of_ones
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: {causal, eps = 0.000000e+00 : f64}
// CHECK-NOT: onnx.node
// CHECK: return
func.func @triangle_of_ones(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x5x5xf32>
  %m = arith.constant dense<[[1.0, 0.0, 0.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0], [1.0, 1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0]]> : tensor<5x5xf32>
  %w = onnx.node "Mul" since 14(%a, %m) : (tensor<1x2x5x5xf32>, tensor<5x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// CHECK-LABEL: func.func @hidden_above
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: {causal, eps = 0.000000e+00 : f64}
// CHECK-NOT: onnx.node
// CHECK: return
func.func @hidden_above(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x5x5xf32>
  %m = arith.constant dense<[[false, true, true, true, true], [false, false, true, true, true], [false, false, false, true, true], [false, false, false, false, true], [false, false, false, false, false]]> : tensor<5x5xi1>
  %w = onnx.node "Where" since 16(%m, %zero, %a) : (tensor<5x5xi1>, tensor<f32>, tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// CHECK-LABEL: func.func @kept_below
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: {causal, eps = 0.000000e+00 : f64}
// CHECK-NOT: onnx.node
// CHECK: return
func.func @kept_below(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x5x5xf32>
  %m = arith.constant dense<[[true, false, false, false, false], [true, true, false, false, false], [true, true, true, false, false], [true, true, true, true, false], [true, true, true, true, true]]> : tensor<5x5xi1>
  %w = onnx.node "Where" since 16(%m, %a, %zero) : (tensor<5x5xi1>, tensor<1x2x5x5xf32>, tensor<f32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// CHECK-LABEL: func.func @running_sums
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: {causal, eps = 0.000000e+00 : f64}
// CHECK-NOT: onnx.node
// CHECK: return
func.func @running_sums(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %axis = arith.constant dense<2> : tensor<i64>
  %two = arith.constant dense<[3]> : tensor<1xi64>
  %fk5 = onnx.node "Unsqueeze" since 13(%fk, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %v5 = onnx.node "Unsqueeze" since 13(%v, %two) : (tensor<1x2x5x3xf32>, tensor<1xi64>) -> tensor<1x2x5x1x3xf32>
  %kv = onnx.node "Mul" since 14(%fk5, %v5) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x3xf32>) -> tensor<1x2x5x4x3xf32>
  %s = onnx.node "CumSum" since 14(%kv, %axis) {node_attributes = {}} : (tensor<1x2x5x4x3xf32>, tensor<i64>) -> tensor<1x2x5x4x3xf32>
  %n = onnx.node "Einsum" since 12(%fq, %s) {node_attributes = {equation = "bhld,bhlde->bhle"}} : (tensor<1x2x5x4xf32>, tensor<1x2x5x4x3xf32>) -> tensor<1x2x5x3xf32>
  %z = onnx.node "CumSum" since 14(%fk, %axis) {node_attributes = {}} : (tensor<1x2x5x4xf32>, tensor<i64>) -> tensor<1x2x5x4xf32>
  %w = onnx.node "Mul" since 14(%fq, %z) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// Features max(x, 0) have no form of their own. Rows and keys are not known to be
// as many: j <= i as it is written.
// CHECK-LABEL: func.func @relu_of_other_lengths
// CHECK: %[[Q:.*]] = attn.features relu %arg0
// CHECK: %[[K:.*]] = attn.features relu %arg1
// CHECK: attn.linear sum query(%[[Q]] :
// CHECK-SAME: key(%[[K]] :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: causal
// CHECK-SAME: top_left
// CHECK-NOT: onnx.node
// CHECK: return
func.func @relu_of_other_lengths(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x7x4xf32>, %v: tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32> {
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fq = onnx.node "Relu" since 14(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Relu" since 14(%k) : (tensor<1x2x7x4xf32>) -> tensor<1x2x7x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x7x4xf32>) -> tensor<1x2x4x7xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x7xf32>) -> tensor<1x2x5x7xf32>
  %w = onnx.node "Trilu" since 14(%a) {node_attributes = {upper = 0 : i64}} : (tensor<1x2x5x7xf32>) -> tensor<1x2x5x7xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x7xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x7xf32>, tensor<1x2x7x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}
