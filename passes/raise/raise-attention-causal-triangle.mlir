// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-LABEL: func.func @lower_triangle_of_ones
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @lower_triangle_of_ones(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<1.0> : tensor<f32>
  %3 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %4 = onnx.node "Concat" since 13(%3, %3) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %5 = onnx.node "Expand" since 13(%c2, %4) {dims = [["s", "s"]]} : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %6 = onnx.node "Trilu" since 14(%5) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %c7 = arith.constant dense<0.0> : tensor<f32>
  %8 = onnx.node "Equal" since 13(%6, %c7) {dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %c9 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %c10 = arith.constant dense<0.0> : tensor<f32>
  %11 = onnx.node "Where" since 16(%8, %c9, %c10) {dims = [["s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %12 = onnx.node "Add" since 14(%1, %11) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "Softmax" since 13(%12) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %14 = onnx.node "MatMul" since 13(%13, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %14 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @lower_triangle_of_ones_with_infinity
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @lower_triangle_of_ones_with_infinity(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<1.0> : tensor<f32>
  %3 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %4 = onnx.node "Concat" since 13(%3, %3) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %5 = onnx.node "Expand" since 13(%c2, %4) {dims = [["s", "s"]]} : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %6 = onnx.node "Trilu" since 14(%5) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %c7 = arith.constant dense<0.0> : tensor<f32>
  %8 = onnx.node "Equal" since 13(%6, %c7) {dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %c9 = arith.constant dense<0xFF800000> : tensor<f32>
  %c10 = arith.constant dense<0.0> : tensor<f32>
  %11 = onnx.node "Where" since 16(%8, %c9, %c10) {dims = [["s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %12 = onnx.node "Add" since 14(%1, %11) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "Softmax" since 13(%12) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %14 = onnx.node "MatMul" since 13(%13, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %14 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @negated_triangle_of_booleans
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @negated_triangle_of_booleans(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<true> : tensor<i1>
  %1 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %2 = onnx.node "Concat" since 13(%1, %1) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %3 = onnx.node "Expand" since 13(%c0, %2) {dims = [["s", "s"]]} : (tensor<i1>, tensor<2xi64>) -> tensor<?x?xi1>
  %4 = onnx.node "Trilu" since 14(%3) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xi1>) -> tensor<?x?xi1>
  %5 = onnx.node "Not" since 1(%4) {dims = [["s", "s"]]} : (tensor<?x?xi1>) -> tensor<?x?xi1>
  %6 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %7 = onnx.node "MatMul" since 13(%q, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c8 = arith.constant dense<0xFF800000> : tensor<f32>
  %c9 = arith.constant dense<0.0> : tensor<f32>
  %10 = onnx.node "Where" since 16(%5, %c8, %c9) {dims = [["s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %11 = onnx.node "Add" since 14(%7, %10) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %12 = onnx.node "Softmax" since 13(%11) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "MatMul" since 13(%12, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %13 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @sliced_buffer
// CHECK: tensor.dim
// CHECK: cf.assert
// CHECK: cf.assert
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @sliced_buffer(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<[[true, false, false, false], [true, true, false, false], [true, true, true, false], [true, true, true, true]]> : tensor<4x4xi1>
  %1 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %c2 = arith.constant dense<[0]> : tensor<1xi64>
  %c3 = arith.constant dense<[0]> : tensor<1xi64>
  %4 = onnx.node "Slice" since 13(%c0, %c2, %1, %c3) {dims = [["", ""]]} : (tensor<4x4xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x4xi1>
  %c5 = arith.constant dense<[0]> : tensor<1xi64>
  %c6 = arith.constant dense<[1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%4, %c5, %1, %c6) {dims = [["", ""]]} : (tensor<?x4xi1>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xi1>
  %8 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %9 = onnx.node "MatMul" since 13(%q, %8) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c10 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %11 = onnx.node "Where" since 16(%7, %9, %c10) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %12 = onnx.node "Softmax" since 13(%11) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "MatMul" since 13(%12, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %13 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @upper_triangle_of_infinity
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @upper_triangle_of_infinity(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %3 = onnx.node "Concat" since 13(%2, %2) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %4 = onnx.node "ConstantOfShape" since 9(%3) {node_attributes = {value = dense<0xFF800000> : tensor<1xf32>}, dims = [["s", "s"]]} : (tensor<2xi64>) -> tensor<?x?xf32>
  %c5 = arith.constant dense<1> : tensor<i64>
  %6 = onnx.node "Trilu" since 14(%4, %c5) {node_attributes = {upper = 1 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  %7 = onnx.node "Add" since 14(%1, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %9 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @one_minus_triangle_times_lowest
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @one_minus_triangle_times_lowest(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<1.0> : tensor<f32>
  %1 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %2 = onnx.node "Concat" since 13(%1, %1) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %3 = onnx.node "Expand" since 13(%c0, %2) {dims = [["s", "s"]]} : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %4 = onnx.node "Trilu" since 14(%3) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %c5 = arith.constant dense<1.0> : tensor<f32>
  %6 = onnx.node "Sub" since 14(%c5, %4) {dims = [["s", "s"]]} : (tensor<f32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %c7 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) {dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xf32>
  %9 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %10 = onnx.node "MatMul" since 13(%q, %9) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %11 = onnx.node "Add" since 14(%10, %8) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %12 = onnx.node "Softmax" since 13(%11) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "MatMul" since 13(%12, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %13 : tensor<1x2x?x4xf32>
}
