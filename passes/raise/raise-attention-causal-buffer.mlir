// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK: #[[LATER:.*]] = affine_set<(d0, d1)[s0] : (-d0 + d1 - 1 >= 0)>
// CHECK: #[[SHIFTED:.*]] = affine_set<(d0, d1)[s0] : (d0 - d1 + 1 >= 0)>

// CHECK-LABEL: func.func @buffer_with_a_hole
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @buffer_with_a_hole(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<[[true, false, false, false], [true, true, false, false], [true, false, true, false], [true, true, true, true]]> : tensor<4x4xi1>
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

// CHECK-LABEL: func.func @buffer_upside_down
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[LATER]]], mean_empty_rows
func.func @buffer_upside_down(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %11 = onnx.node "Where" since 16(%7, %c10, %9) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %12 = onnx.node "Softmax" since 13(%11) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "MatMul" since 13(%12, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %13 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @buffer_shifted
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[SHIFTED]]]
func.func @buffer_shifted(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<[[true, false, false, false], [true, true, false, false], [true, true, true, false], [true, true, true, true]]> : tensor<4x4xi1>
  %1 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %c2 = arith.constant dense<[1]> : tensor<1xi64>
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

// CHECK-LABEL: func.func @narrow_integers
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @narrow_integers(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %c2 = arith.constant dense<0> : tensor<i64>
  %c3 = arith.constant dense<1> : tensor<i64>
  %4 = onnx.node "Range" since 11(%c2, %1, %c3) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %5 = onnx.node "Cast" since 13(%4) {node_attributes = {to = 3 : i64}, dims = [["s"]]} : (tensor<?xi64>) -> tensor<?xi8>
  %c6 = arith.constant dense<[0]> : tensor<1xi64>
  %7 = onnx.node "Unsqueeze" since 13(%5, %c6) {dims = [["", "s"]]} : (tensor<?xi8>, tensor<1xi64>) -> tensor<1x?xi8>
  %8 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %9 = onnx.node "Squeeze" since 13(%8) : (tensor<1xi64>) -> tensor<i64>
  %c10 = arith.constant dense<0> : tensor<i64>
  %c11 = arith.constant dense<1> : tensor<i64>
  %12 = onnx.node "Range" since 11(%c10, %9, %c11) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %13 = onnx.node "Cast" since 13(%12) {node_attributes = {to = 3 : i64}, dims = [["s"]]} : (tensor<?xi64>) -> tensor<?xi8>
  %c14 = arith.constant dense<[1]> : tensor<1xi64>
  %15 = onnx.node "Unsqueeze" since 13(%13, %c14) {dims = [["s", ""]]} : (tensor<?xi8>, tensor<1xi64>) -> tensor<?x1xi8>
  %16 = onnx.node "Greater" since 13(%7, %15) {dims = [["s", "s"]]} : (tensor<1x?xi8>, tensor<?x1xi8>) -> tensor<?x?xi1>
  %17 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %18 = onnx.node "MatMul" since 13(%q, %17) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %20 = onnx.node "Where" since 16(%16, %c19, %18) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @zero_times_infinity
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @zero_times_infinity(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<1.0> : tensor<f32>
  %1 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %2 = onnx.node "Concat" since 13(%1, %1) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %3 = onnx.node "Expand" since 13(%c0, %2) {dims = [["s", "s"]]} : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %4 = onnx.node "Trilu" since 14(%3) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %c5 = arith.constant dense<1.0> : tensor<f32>
  %6 = onnx.node "Sub" since 14(%c5, %4) {dims = [["s", "s"]]} : (tensor<f32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %c7 = arith.constant dense<0xFF800000> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) {dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xf32>
  %9 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %10 = onnx.node "MatMul" since 13(%q, %9) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %11 = onnx.node "Add" since 14(%10, %8) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %12 = onnx.node "Softmax" since 13(%11) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "MatMul" since 13(%12, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %13 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @padding_in_one_mask
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-SAME: causal, nan_empty_rows
// CHECK: %[[SEEN:.*]] = arith.cmpi ne
// CHECK: arith.select %[[SEEN]], %{{.*}}, %{{.*}} : f32
func.func @padding_in_one_mask(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %p: tensor<1x1x1x?xi1> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %c2 = arith.constant dense<0> : tensor<i64>
  %c3 = arith.constant dense<1> : tensor<i64>
  %4 = onnx.node "Range" since 11(%c2, %1, %c3) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c5 = arith.constant dense<[0]> : tensor<1xi64>
  %6 = onnx.node "Unsqueeze" since 13(%4, %c5) {dims = [["", "s"]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %7 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %8 = onnx.node "Squeeze" since 13(%7) : (tensor<1xi64>) -> tensor<i64>
  %c9 = arith.constant dense<0> : tensor<i64>
  %c10 = arith.constant dense<1> : tensor<i64>
  %11 = onnx.node "Range" since 11(%c9, %8, %c10) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c12 = arith.constant dense<[1]> : tensor<1xi64>
  %13 = onnx.node "Unsqueeze" since 13(%11, %c12) {dims = [["s", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %14 = onnx.node "Greater" since 13(%6, %13) {dims = [["s", "s"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %15 = onnx.node "Or" since 7(%14, %p) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<1x1x1x?xi1>) -> tensor<1x1x?x?xi1>
  %c16 = arith.constant dense<0xFF800000> : tensor<f32>
  %17 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %18 = onnx.node "MatMul" since 13(%q, %17) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Where" since 16(%15, %c16, %18) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @lowest_beside_a_bias
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @lowest_beside_a_bias(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %c2 = arith.constant dense<0> : tensor<i64>
  %c3 = arith.constant dense<1> : tensor<i64>
  %4 = onnx.node "Range" since 11(%c2, %1, %c3) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c5 = arith.constant dense<[0]> : tensor<1xi64>
  %6 = onnx.node "Unsqueeze" since 13(%4, %c5) {dims = [["", "s"]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %7 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %8 = onnx.node "Squeeze" since 13(%7) : (tensor<1xi64>) -> tensor<i64>
  %c9 = arith.constant dense<0> : tensor<i64>
  %c10 = arith.constant dense<1> : tensor<i64>
  %11 = onnx.node "Range" since 11(%c9, %8, %c10) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c12 = arith.constant dense<[1]> : tensor<1xi64>
  %13 = onnx.node "Unsqueeze" since 13(%11, %c12) {dims = [["s", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %14 = onnx.node "Greater" since 13(%6, %13) {dims = [["s", "s"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %c15 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %18 = onnx.node "Where" since 16(%14, %c15, %17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Add" since 14(%18, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// A flag of more dimensions than the scores have is no part of them.
// CHECK-LABEL: func.func @flag_of_higher_rank
// CHECK: attn.attention query
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @flag_of_higher_rank(%q: tensor<1x4x8xf32>, %k: tensor<1x4x8xf32>, %v: tensor<1x4x8xf32>, %m: tensor<1x1x4x4xi1>) -> tensor<1x4x8xf32> {
  %lower = arith.constant dense<[[true, false, false, false], [true, true, false, false], [true, true, true, false], [true, true, true, true]]> : tensor<4x4xi1>
  %first = arith.constant dense<0> : tensor<1xi64>
  %none = arith.constant dense<0xFF800000> : tensor<f32>
  %0 = onnx.node "Squeeze" since 13(%m, %first) : (tensor<1x1x4x4xi1>, tensor<1xi64>) -> tensor<1x4x4xi1>
  %1 = onnx.node "And" since 7(%lower, %0) : (tensor<4x4xi1>, tensor<1x4x4xi1>) -> tensor<1x4x4xi1>
  %2 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 2, 1>}} : (tensor<1x4x8xf32>) -> tensor<1x8x4xf32>
  %3 = onnx.node "MatMul" since 13(%q, %2) : (tensor<1x4x8xf32>, tensor<1x8x4xf32>) -> tensor<1x4x4xf32>
  %4 = onnx.node "Where" since 16(%1, %3, %none) : (tensor<1x4x4xi1>, tensor<1x4x4xf32>, tensor<f32>) -> tensor<1x4x4xf32>
  %5 = onnx.node "Softmax" since 13(%4) {node_attributes = {axis = -1 : i64}} : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %6 = onnx.node "MatMul" since 13(%5, %v) : (tensor<1x4x4xf32>, tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return %6 : tensor<1x4x8xf32>
}
