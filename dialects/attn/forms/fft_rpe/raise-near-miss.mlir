// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-forms --split-input-file | FileCheck %s

// CHECK-NOT: attn.fft_rpe

// An element off the diagonal.
func.func @no_toeplitz(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %t = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 1.0, 2.0, 3.0], [6.0, 5.0, 1.0, 2.0], [7.0, 6.0, 5.0, 9.0]]> : tensor<4x4xf32>
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

// -----

// Negative taps have no logarithm.
func.func @negative(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %t = arith.constant dense<[[1.0, -2.0, 3.0, 4.0], [5.0, 1.0, -2.0, 3.0], [6.0, 5.0, 1.0, -2.0], [7.0, 6.0, 5.0, 1.0]]> : tensor<4x4xf32>
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

// -----

// The sum of the products without taps is no sum of the weights.
func.func @other_sum(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
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
  %z = onnx.node "ReduceSum" since 13(%s, %last) : (tensor<1x2x4x4xf32>, tensor<1xi64>) -> tensor<1x2x4x1xf32>
  %n = onnx.node "MatMul" since 13(%a, %v) : (tensor<1x2x4x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32>
  %o = onnx.node "Div" since 14(%n, %z) : (tensor<1x2x4x5xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x4x5xf32>
  return %o : tensor<1x2x4x5xf32>
}

// -----

// The sum over queries.
func.func @columns(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
  %t = arith.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 1.0, 2.0, 3.0], [6.0, 5.0, 1.0, 2.0], [7.0, 6.0, 5.0, 1.0]]> : tensor<4x4xf32>
  %ax = arith.constant dense<[2]> : tensor<1xi64>
  %qs = onnx.node "Mul" since 14(%q, %half) : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %fq = onnx.node "Exp" since 13(%qs) : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %ks = onnx.node "Mul" since 14(%k, %half) : (tensor<1x2x4x3xf32>, tensor<f32>) -> tensor<1x2x4x3xf32>
  %fk = onnx.node "Exp" since 13(%ks) : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %kt = onnx.node "Transpose" since 13(%fk) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x4x3xf32>) -> tensor<1x2x3x4xf32>
  %s = onnx.node "MatMul" since 13(%fq, %kt) : (tensor<1x2x4x3xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x4x4xf32>
  %a = onnx.node "Mul" since 14(%s, %t) : (tensor<1x2x4x4xf32>, tensor<4x4xf32>) -> tensor<1x2x4x4xf32>
  %z0 = onnx.node "ReduceSum" since 13(%a, %ax) : (tensor<1x2x4x4xf32>, tensor<1xi64>) -> tensor<1x2x1x4xf32>
  %z = onnx.node "Transpose" since 13(%z0) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}} : (tensor<1x2x1x4xf32>) -> tensor<1x2x4x1xf32>
  %n = onnx.node "MatMul" since 13(%a, %v) : (tensor<1x2x4x4xf32>, tensor<1x2x4x5xf32>) -> tensor<1x2x4x5xf32>
  %o = onnx.node "Div" since 14(%n, %z) : (tensor<1x2x4x5xf32>, tensor<1x2x4x1xf32>) -> tensor<1x2x4x5xf32>
  return %o : tensor<1x2x4x5xf32>
}

// -----

// Taps that are known at run time only.
func.func @inputs(%q: tensor<1x2x4x3xf32>, %k: tensor<1x2x4x3xf32>, %v: tensor<1x2x4x5xf32>, %t: tensor<4x4xf32>) -> tensor<1x2x4x5xf32> {
  %half = arith.constant dense<0.5> : tensor<f32>
  %last = arith.constant dense<[-1]> : tensor<1xi64>
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
