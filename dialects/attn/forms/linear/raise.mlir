// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-forms | FileCheck %s
// RUN: attune-opt %s --attune-raise-forms=reversed | FileCheck %s

// CHECK-NOT: onnx.node

// The product with the keys' sum as the denominator.
// CHECK-LABEL: func.func @products
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-NOT: onnx.node
// CHECK: return
func.func @products(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %s = onnx.node "MatMul" since 13(%kt, %v) : (tensor<1x2x4x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x4x3xf32>
  %n = onnx.node "MatMul" since 13(%fq, %s) : (tensor<1x2x5x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x5x3xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) {node_attributes = {keepdims = 0 : i64}} : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x4xf32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %zc = onnx.node "Unsqueeze" since 13(%z, %last) : (tensor<1x2x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %d = onnx.node "MatMul" since 13(%fq, %zc) : (tensor<1x2x5x4xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x5x1xf32>
  %de = onnx.node "Add" since 14(%d, %eps) : (tensor<1x2x5x1xf32>, tensor<f32>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %de) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// The sum of an element-wise product as the denominator, and no eps.
// CHECK-LABEL: func.func @sums
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: eps = 0.000000e+00
// CHECK-NOT: onnx.node
// CHECK: return
func.func @sums(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %last = arith.constant dense<[3]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %s = onnx.node "MatMul" since 13(%kt, %v) : (tensor<1x2x4x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x4x3xf32>
  %n = onnx.node "MatMul" since 13(%fq, %s) : (tensor<1x2x5x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x5x3xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x1x4xf32>
  %w = onnx.node "Mul" since 14(%fq, %z) : (tensor<1x2x5x4xf32>, tensor<1x2x1x4xf32>) -> tensor<1x2x5x4xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// Weights first, as dense attention has them.
// CHECK-LABEL: func.func @quadratic
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: eps = 0.000000e+00
// CHECK-NOT: onnx.node
// CHECK: return
func.func @quadratic(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%a, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %w = onnx.node "Div" since 14(%a, %d) : (tensor<1x2x5x5xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x5xf32>
  %o = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// One formula an Einsum; heads lie behind positions.
// CHECK-LABEL: func.func @einsum
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: key_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: output_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: value_layout = array<i64: 0, 2, 1, 3>
// CHECK-NOT: onnx.node
// CHECK: return
func.func @einsum(%q: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %k: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %v: tensor<?x?x2x3xf32> {attune.dims = ["b", "s", "", ""]}) -> tensor<?x?x2x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %ax = arith.constant dense<[1]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) {dims = [["b", "s", "", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x?x2x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) {dims = [["b", "s", "", ""]]} : (tensor<?x?x2x4xf32>, tensor<f32>) -> tensor<?x?x2x4xf32>
  %fke = onnx.node "Elu" since 6(%k) {dims = [["b", "s", "", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x?x2x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) {dims = [["b", "s", "", ""]]} : (tensor<?x?x2x4xf32>, tensor<f32>) -> tensor<?x?x2x4xf32>
  %s = onnx.node "Einsum" since 12(%fk, %v) {node_attributes = {equation = "nshd, nshm -> nhmd"}, dims = [["b", "", "", ""]]} : (tensor<?x?x2x4xf32>, tensor<?x?x2x3xf32>) -> tensor<?x2x3x4xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) {node_attributes = {keepdims = 0 : i64}, dims = [["b", "", ""]]} : (tensor<?x?x2x4xf32>, tensor<1xi64>) -> tensor<?x2x4xf32>
  %d = onnx.node "Einsum" since 12(%fq, %z) {node_attributes = {equation = "nlhd,nhd->nlh"}, dims = [["b", "s", ""]]} : (tensor<?x?x2x4xf32>, tensor<?x2x4xf32>) -> tensor<?x?x2xf32>
  %de = onnx.node "Add" since 14(%d, %eps) {dims = [["b", "s", ""]]} : (tensor<?x?x2xf32>, tensor<f32>) -> tensor<?x?x2xf32>
  %r = onnx.node "Reciprocal" since 13(%de) {dims = [["b", "s", ""]]} : (tensor<?x?x2xf32>) -> tensor<?x?x2xf32>
  %o = onnx.node "Einsum" since 12(%fq, %s, %r) {node_attributes = {equation = "nlhd,nhmd,nlh->nlhm"}, dims = [["b", "s", "", ""]]} : (tensor<?x?x2x4xf32>, tensor<?x2x3x4xf32>, tensor<?x?x2xf32>) -> tensor<?x?x2x3xf32>
  return %o : tensor<?x?x2x3xf32>
}

// Transposes before the map, and the one that follows, become layouts.
// CHECK-LABEL: func.func @layouts
// CHECK: attn.linear_transformer query(%arg0 :
// CHECK-SAME: key(%arg1 :
// CHECK-SAME: value(%arg2 :
// CHECK-SAME: eps = 0.000000e+00
// CHECK-SAME: key_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: output_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: value_layout = array<i64: 0, 2, 1, 3>
// CHECK-NOT: onnx.node
// CHECK: return
func.func @layouts(%q: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %k: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %v: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}) -> tensor<?x?x2x4xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %hq = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "", "s", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %hk = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "", "s", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %hv = onnx.node "Transpose" since 13(%v) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "", "s", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %eq = onnx.node "Elu" since 6(%hq) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %fq = onnx.node "Add" since 14(%one, %eq) {dims = [["b", "", "s", ""]]} : (tensor<f32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %ek = onnx.node "Elu" since 6(%hk) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %fk = onnx.node "Add" since 14(%one, %ek) {dims = [["b", "", "s", ""]]} : (tensor<f32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["b", "", "", "s"]]} : (tensor<?x2x?x4xf32>) -> tensor<?x2x4x?xf32>
  %s = onnx.node "MatMul" since 13(%kt, %hv) {dims = [["b", "", "", ""]]} : (tensor<?x2x4x?xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x4x4xf32>
  %n = onnx.node "MatMul" since 13(%fq, %s) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x4xf32>, tensor<?x2x4x4xf32>) -> tensor<?x2x?x4xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) {dims = [["b", "", "", ""]]} : (tensor<?x2x?x4xf32>, tensor<1xi64>) -> tensor<?x2x1x4xf32>
  %zt = onnx.node "Transpose" since 13(%z) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["b", "", "", ""]]} : (tensor<?x2x1x4xf32>) -> tensor<?x2x4x1xf32>
  %d = onnx.node "MatMul" since 13(%fq, %zt) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x4xf32>, tensor<?x2x4x1xf32>) -> tensor<?x2x?x1xf32>
  %dv = onnx.node "Div" since 14(%n, %d) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x4xf32>, tensor<?x2x?x1xf32>) -> tensor<?x2x?x4xf32>
  %o = onnx.node "Transpose" since 13(%dv) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "s", "", ""]]} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  return %o : tensor<?x?x2x4xf32>
}
