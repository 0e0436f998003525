// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-forms --split-input-file | FileCheck %s

// CHECK-NOT: attn.linear_transformer

// Elu with another alpha is another map.
func.func @other_alpha(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) {node_attributes = {alpha = 0.5 : f32}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
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

// -----

// So is elu(x) + 2.
func.func @other_shift(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<2.0> : tensor<f32>
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

// -----

// The numerator's queries are not mapped.
func.func @no_map(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %s = onnx.node "MatMul" since 13(%kt, %v) : (tensor<1x2x4x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x4x3xf32>
  %n = onnx.node "MatMul" since 13(%q, %s) : (tensor<1x2x5x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x5x3xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) {node_attributes = {keepdims = 0 : i64}} : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x4xf32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %zc = onnx.node "Unsqueeze" since 13(%z, %last) : (tensor<1x2x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %d = onnx.node "MatMul" since 13(%fq, %zc) : (tensor<1x2x5x4xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x5x1xf32>
  %de = onnx.node "Add" since 14(%d, %eps) : (tensor<1x2x5x1xf32>, tensor<f32>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %de) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// -----

// The denominator sums something else than the numerator's keys.
func.func @other_keys(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
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
  %z = onnx.node "ReduceSum" since 13(%fq, %ax) {node_attributes = {keepdims = 0 : i64}} : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x4xf32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %zc = onnx.node "Unsqueeze" since 13(%z, %last) : (tensor<1x2x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %d = onnx.node "MatMul" since 13(%fq, %zc) : (tensor<1x2x5x4xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x5x1xf32>
  %de = onnx.node "Add" since 14(%d, %eps) : (tensor<1x2x5x1xf32>, tensor<f32>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %de) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// -----

// A denominator that eps can make zero.
func.func @negative_eps(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %eps = arith.constant dense<-1.0> : tensor<f32>
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

// -----

// The element-wise product's keys are summed along the width.
func.func @other_axis(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %ax = arith.constant dense<[3]> : tensor<1xi64>
  %last = arith.constant dense<[3]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %s = onnx.node "MatMul" since 13(%kt, %v) : (tensor<1x2x4x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x4x3xf32>
  %n = onnx.node "MatMul" since 13(%fq, %s) : (tensor<1x2x5x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x5x3xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %w = onnx.node "Mul" since 14(%fq, %z) : (tensor<1x2x5x4xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x4xf32>
  %d = onnx.node "ReduceSum" since 13(%w, %last) : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %d) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// -----

// eps is taken away.
func.func @subtracted(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
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
  %de = onnx.node "Sub" since 14(%d, %eps) : (tensor<1x2x5x1xf32>, tensor<f32>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %de) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// -----

// MatMul repeats the values' one head; attention groups heads otherwise.
func.func @broadcast_values(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x1x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %eps = arith.constant dense<1.0e-6> : tensor<f32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %s = onnx.node "MatMul" since 13(%kt, %v) : (tensor<1x2x4x5xf32>, tensor<1x1x5x3xf32>) -> tensor<1x2x4x3xf32>
  %n = onnx.node "MatMul" since 13(%fq, %s) : (tensor<1x2x5x4xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x5x3xf32>
  %z = onnx.node "ReduceSum" since 13(%fk, %ax) {node_attributes = {keepdims = 0 : i64}} : (tensor<1x2x5x4xf32>, tensor<1xi64>) -> tensor<1x2x4xf32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %zc = onnx.node "Unsqueeze" since 13(%z, %last) : (tensor<1x2x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %d = onnx.node "MatMul" since 13(%fq, %zc) : (tensor<1x2x5x4xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x5x1xf32>
  %de = onnx.node "Add" since 14(%d, %eps) : (tensor<1x2x5x1xf32>, tensor<f32>) -> tensor<1x2x5x1xf32>
  %o = onnx.node "Div" since 14(%n, %de) : (tensor<1x2x5x3xf32>, tensor<1x2x5x1xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// -----

// Batches of different names may be broadcast.
func.func @nameless_batch(%q: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %k: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %v: tensor<?x?x2x4xf32> {attune.dims = ["c", "s", "", ""]}) -> tensor<?x?x2x4xf32> {
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

// -----

// Without the division it is another form.
func.func @no_division(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
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
  return %n : tensor<1x2x5x3xf32>
}

// -----

// Weights are normalised over the queries.
func.func @other_sum(%q: tensor<1x2x5x4xf32>, %k: tensor<1x2x5x4xf32>, %v: tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32> {
  %one = arith.constant dense<1.0> : tensor<f32>
  %last = arith.constant dense<[2]> : tensor<1xi64>
  %fqe = onnx.node "Elu" since 6(%q) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fq = onnx.node "Add" since 14(%fqe, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %fke = onnx.node "Elu" since 6(%k) : (tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %fk = onnx.node "Add" since 14(%fke, %one) : (tensor<1x2x5x4xf32>, tensor<f32>) -> tensor<1x2x5x4xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x5x4xf32>) -> tensor<1x2x4x5xf32>
  %a = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x5x5xf32>
  %d = onnx.node "ReduceSum" since 13(%a, %last) : (tensor<1x2x5x5xf32>, tensor<1xi64>) -> tensor<1x2x1x5xf32>
  %w = onnx.node "Div" since 14(%a, %d) : (tensor<1x2x5x5xf32>, tensor<1x2x1x5xf32>) -> tensor<1x2x5x5xf32>
  %o = onnx.node "MatMul" since 13(%w, %v) : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  return %o : tensor<1x2x5x3xf32>
}

// -----

// A formula that is exponentially longer than its graph is not followed.
func.func @long_formula(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %y1 = onnx.node "Mul" since 14(%q, %q) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y2 = onnx.node "Mul" since 14(%y1, %y1) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y3 = onnx.node "Mul" since 14(%y2, %y2) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y4 = onnx.node "Mul" since 14(%y3, %y3) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y5 = onnx.node "Mul" since 14(%y4, %y4) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y6 = onnx.node "Mul" since 14(%y5, %y5) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y7 = onnx.node "Mul" since 14(%y6, %y6) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y8 = onnx.node "Mul" since 14(%y7, %y7) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y9 = onnx.node "Mul" since 14(%y8, %y8) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y10 = onnx.node "Mul" since 14(%y9, %y9) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y11 = onnx.node "Mul" since 14(%y10, %y10) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y12 = onnx.node "Mul" since 14(%y11, %y11) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y13 = onnx.node "Mul" since 14(%y12, %y12) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y14 = onnx.node "Mul" since 14(%y13, %y13) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y15 = onnx.node "Mul" since 14(%y14, %y14) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y16 = onnx.node "Mul" since 14(%y15, %y15) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y17 = onnx.node "Mul" since 14(%y16, %y16) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y18 = onnx.node "Mul" since 14(%y17, %y17) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y19 = onnx.node "Mul" since 14(%y18, %y18) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y20 = onnx.node "Mul" since 14(%y19, %y19) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y21 = onnx.node "Mul" since 14(%y20, %y20) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y22 = onnx.node "Mul" since 14(%y21, %y21) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y23 = onnx.node "Mul" since 14(%y22, %y22) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y24 = onnx.node "Mul" since 14(%y23, %y23) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y25 = onnx.node "Mul" since 14(%y24, %y24) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y26 = onnx.node "Mul" since 14(%y25, %y25) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y27 = onnx.node "Mul" since 14(%y26, %y26) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y28 = onnx.node "Mul" since 14(%y27, %y27) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y29 = onnx.node "Mul" since 14(%y28, %y28) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y30 = onnx.node "Mul" since 14(%y29, %y29) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y31 = onnx.node "Mul" since 14(%y30, %y30) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y32 = onnx.node "Mul" since 14(%y31, %y31) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y33 = onnx.node "Mul" since 14(%y32, %y32) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y34 = onnx.node "Mul" since 14(%y33, %y33) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y35 = onnx.node "Mul" since 14(%y34, %y34) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y36 = onnx.node "Mul" since 14(%y35, %y35) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y37 = onnx.node "Mul" since 14(%y36, %y36) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y38 = onnx.node "Mul" since 14(%y37, %y37) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y39 = onnx.node "Mul" since 14(%y38, %y38) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  %y40 = onnx.node "Mul" since 14(%y39, %y39) : (tensor<1x2x5x4xf32>, tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32>
  return %y40 : tensor<1x2x5x4xf32>
}
