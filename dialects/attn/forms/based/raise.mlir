// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-forms | FileCheck %s

// c x and c^2 / sqrt(2) of the products, unpacked in the file.
// CHECK-LABEL: func.func @taylor
// CHECK: %[[Q:.*]] = attn.features taylor2 %arg0 {scale = 0.707106{{.*}} : f64} : tensor<1x2x5x4xf32> -> tensor<1x2x5x15xf32>
// CHECK: %[[K:.*]] = attn.features taylor2 %arg1
// CHECK: attn.linear sum query(%[[Q]] : {{.*}}) key(%[[K]] : {{.*}}) value(%arg2 : {{.*}}) {causal}
// CHECK-NOT: onnx.node
// CHECK: return
func.func @taylor(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %ones = arith.constant dense<1.0> : tensor<1x2x5x1xf32>
  %c = arith.constant dense<0.70710678> : tensor<f32>
  %r = arith.constant dense<0.35355339> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %before = arith.constant dense<[-2]> : tensor<1xi64>
  %shape = arith.constant dense<[0, 0, 0, 16]> : tensor<4xi64>
  %qa = onnx.node "Unsqueeze" since 13(%q, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %qb = onnx.node "Unsqueeze" since 13(%q, %before) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1x4xf32>
  %qc = onnx.node "Mul" since 14(%qa, %qb) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x4xf32>) -> tensor<1x2x5x4x4xf32>
  %qd = onnx.node "Reshape" since 14(%qc, %shape) : (tensor<1x2x5x4x4xf32>, tensor<4xi64>) -> tensor<1x2x5x16xf32>
  %qe = onnx.node "Mul" since 14(%qd, %r) : (tensor<1x2x5x16xf32>, tensor<f32>) -> tensor<1x2x5x16xf32>
  %qs = onnx.node "Mul" since 14(%q, %c) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Concat" since 13(%ones, %qs, %qe) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x5x1xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x21xf32>
  %ka = onnx.node "Unsqueeze" since 13(%k, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %kb = onnx.node "Unsqueeze" since 13(%k, %before) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1x4xf32>
  %kc = onnx.node "Mul" since 14(%ka, %kb) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x4xf32>) -> tensor<1x2x5x4x4xf32>
  %kd = onnx.node "Reshape" since 14(%kc, %shape) : (tensor<1x2x5x4x4xf32>, tensor<4xi64>) -> tensor<1x2x5x16xf32>
  %ke = onnx.node "Mul" since 14(%kd, %r) : (tensor<1x2x5x16xf32>, tensor<f32>) -> tensor<1x2x5x16xf32>
  %ks = onnx.node "Mul" since 14(%k, %c) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Concat" since 13(%ones, %ks, %ke) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x5x1xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x21xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x21xf32>) -> tensor<1x2x21x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x21xf32>, tensor<1x2x21x5xf32>) -> tensor<1x2x5x5xf32>
  %w = onnx.node "Trilu" since 14(%a) {node_attributes = {upper = 0 : i64}} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// CHECK-LABEL: func.func @other_factor
// CHECK-NOT: attn.
func.func @other_factor(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %ones = arith.constant dense<1.0> : tensor<1x2x5x1xf32>
  %c = arith.constant dense<0.70710678> : tensor<f32>
  %r = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %before = arith.constant dense<[-2]> : tensor<1xi64>
  %shape = arith.constant dense<[0, 0, 0, 16]> : tensor<4xi64>
  %qa = onnx.node "Unsqueeze" since 13(%q, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %qb = onnx.node "Unsqueeze" since 13(%q, %before) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1x4xf32>
  %qc = onnx.node "Mul" since 14(%qa, %qb) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x4xf32>) -> tensor<1x2x5x4x4xf32>
  %qd = onnx.node "Reshape" since 14(%qc, %shape) : (tensor<1x2x5x4x4xf32>, tensor<4xi64>) -> tensor<1x2x5x16xf32>
  %qe = onnx.node "Mul" since 14(%qd, %r) : (tensor<1x2x5x16xf32>, tensor<f32>) -> tensor<1x2x5x16xf32>
  %qs = onnx.node "Mul" since 14(%q, %c) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Concat" since 13(%ones, %qs, %qe) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x5x1xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x21xf32>
  %ka = onnx.node "Unsqueeze" since 13(%k, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %kb = onnx.node "Unsqueeze" since 13(%k, %before) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1x4xf32>
  %kc = onnx.node "Mul" since 14(%ka, %kb) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x4xf32>) -> tensor<1x2x5x4x4xf32>
  %kd = onnx.node "Reshape" since 14(%kc, %shape) : (tensor<1x2x5x4x4xf32>, tensor<4xi64>) -> tensor<1x2x5x16xf32>
  %ke = onnx.node "Mul" since 14(%kd, %r) : (tensor<1x2x5x16xf32>, tensor<f32>) -> tensor<1x2x5x16xf32>
  %ks = onnx.node "Mul" since 14(%k, %c) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Concat" since 13(%ones, %ks, %ke) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x5x1xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x21xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x21xf32>) -> tensor<1x2x21x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x21xf32>, tensor<1x2x21x5xf32>) -> tensor<1x2x5x5xf32>
  %w = onnx.node "Trilu" since 14(%a) {node_attributes = {upper = 0 : i64}} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// CHECK-LABEL: func.func @no_ones
// CHECK-NOT: attn.
func.func @no_ones(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %ones = arith.constant dense<2.0> : tensor<1x2x5x1xf32>
  %c = arith.constant dense<0.70710678> : tensor<f32>
  %r = arith.constant dense<0.35355339> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %before = arith.constant dense<[-2]> : tensor<1xi64>
  %shape = arith.constant dense<[0, 0, 0, 16]> : tensor<4xi64>
  %qa = onnx.node "Unsqueeze" since 13(%q, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %qb = onnx.node "Unsqueeze" since 13(%q, %before) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1x4xf32>
  %qc = onnx.node "Mul" since 14(%qa, %qb) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x4xf32>) -> tensor<1x2x5x4x4xf32>
  %qd = onnx.node "Reshape" since 14(%qc, %shape) : (tensor<1x2x5x4x4xf32>, tensor<4xi64>) -> tensor<1x2x5x16xf32>
  %qe = onnx.node "Mul" since 14(%qd, %r) : (tensor<1x2x5x16xf32>, tensor<f32>) -> tensor<1x2x5x16xf32>
  %qs = onnx.node "Mul" since 14(%q, %c) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Concat" since 13(%ones, %qs, %qe) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x5x1xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x21xf32>
  %ka = onnx.node "Unsqueeze" since 13(%k, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x4x1xf32>
  %kb = onnx.node "Unsqueeze" since 13(%k, %before) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1x4xf32>
  %kc = onnx.node "Mul" since 14(%ka, %kb) : (tensor<1x2x5x4x1xf32>, tensor<1x2x5x1x4xf32>) -> tensor<1x2x5x4x4xf32>
  %kd = onnx.node "Reshape" since 14(%kc, %shape) : (tensor<1x2x5x4x4xf32>, tensor<4xi64>) -> tensor<1x2x5x16xf32>
  %ke = onnx.node "Mul" since 14(%kd, %r) : (tensor<1x2x5x16xf32>, tensor<f32>) -> tensor<1x2x5x16xf32>
  %ks = onnx.node "Mul" since 14(%k, %c) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Concat" since 13(%ones, %ks, %ke) {node_attributes = {axis = -1 : i64}} : (tensor<1x2x5x1xf32>, tensor<1x2x5x4xf32>, tensor<1x2x5x16xf32>) -> tensor<1x2x5x21xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x21xf32>) -> tensor<1x2x21x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x21xf32>, tensor<1x2x21x5xf32>) -> tensor<1x2x5x5xf32>
  %w = onnx.node "Trilu" since 14(%a) {node_attributes = {upper = 0 : i64}} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %n = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}
