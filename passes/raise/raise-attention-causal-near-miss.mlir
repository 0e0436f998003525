// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-DAG: #[[LATER:.*]] = affine_set<(d0, d1)[s0] : (-d0 + d1 - 1 >= 0)>
// CHECK-DAG: #[[NEXT_KEY_TOO:.*]] = affine_set<(d0, d1)[s0] : (d0 - d1 + 1 >= 0)>
// CHECK-DAG: #[[EARLIER_KEYS_HIDDEN:.*]] = affine_set<(d0, d1)[s0] : (-d0 + d1 >= 0)>
// CHECK-DAG: #[[DIAGONAL_OF_INFINITY:.*]] = affine_set<(d0, d1)[s0] : (d0 - d1 - 1 >= 0)>

// CHECK-LABEL: func.func @keys_of_the_past_may_lack
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal, mean_empty_rows
func.func @keys_of_the_past_may_lack(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %2 = onnx.node "Shape" since 15(%k) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %3 = onnx.node "Squeeze" since 13(%2) : (tensor<1xi64>) -> tensor<i64>
  %4 = onnx.node "Sub" since 14(%3, %1) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  %c5 = arith.constant dense<0> : tensor<i64>
  %c6 = arith.constant dense<1> : tensor<i64>
  %7 = onnx.node "Range" since 11(%c5, %1, %c6) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %8 = onnx.node "Add" since 14(%7, %4) {dims = [["s"]]} : (tensor<?xi64>, tensor<i64>) -> tensor<?xi64>
  %c9 = arith.constant dense<[1]> : tensor<1xi64>
  %10 = onnx.node "Unsqueeze" since 13(%8, %c9) {dims = [["s", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %c11 = arith.constant dense<0> : tensor<i64>
  %c12 = arith.constant dense<1> : tensor<i64>
  %13 = onnx.node "Range" since 11(%c11, %3, %c12) {dims = [["t"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c14 = arith.constant dense<[0]> : tensor<1xi64>
  %15 = onnx.node "Unsqueeze" since 13(%13, %c14) {dims = [["", "t"]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %16 = onnx.node "Greater" since 13(%15, %10) {dims = [["s", "t"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %17 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "t"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %18 = onnx.node "MatMul" since 13(%q, %17) {dims = [["", "", "s", "t"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %20 = onnx.node "Where" since 16(%16, %c19, %18) {dims = [["", "", "s", "t"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "t"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @next_key_too
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[NEXT_KEY_TOO]]]
func.func @next_key_too(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<1.0> : tensor<f32>
  %3 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %4 = onnx.node "Concat" since 13(%3, %3) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %5 = onnx.node "Expand" since 13(%c2, %4) {dims = [["s", "s"]]} : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %c6 = arith.constant dense<1> : tensor<i64>
  %7 = onnx.node "Trilu" since 14(%5, %c6) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  %c8 = arith.constant dense<0.0> : tensor<f32>
  %9 = onnx.node "Equal" since 13(%7, %c8) {dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %c10 = arith.constant dense<0xFF800000> : tensor<f32>
  %c11 = arith.constant dense<0.0> : tensor<f32>
  %12 = onnx.node "Where" since 16(%9, %c10, %c11) {dims = [["s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %13 = onnx.node "Add" since 14(%1, %12) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %14 = onnx.node "Softmax" since 13(%13) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %15 = onnx.node "MatMul" since 13(%14, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %15 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @own_key_hidden
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[DIAGONAL_OF_INFINITY]]], mean_empty_rows
func.func @own_key_hidden(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %14 = onnx.node "GreaterOrEqual" since 16(%6, %13) {dims = [["s", "s"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %15 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %16 = onnx.node "MatMul" since 13(%q, %15) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c17 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %18 = onnx.node "Where" since 16(%14, %c17, %16) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @earlier_keys_hidden
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[EARLIER_KEYS_HIDDEN]]]
func.func @earlier_keys_hidden(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %14 = onnx.node "Less" since 13(%6, %13) {dims = [["s", "s"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %15 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %16 = onnx.node "MatMul" since 13(%q, %15) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c17 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %18 = onnx.node "Where" since 16(%14, %c17, %16) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @only_lower
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @only_lower(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c2 = arith.constant dense<1.0> : tensor<f32>
  %3 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %4 = onnx.node "Concat" since 13(%3, %3) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %5 = onnx.node "Expand" since 13(%c2, %4) {dims = [["s", "s"]]} : (tensor<f32>, tensor<2xi64>) -> tensor<?x?xf32>
  %6 = onnx.node "Trilu" since 14(%5) {node_attributes = {upper = 0 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>) -> tensor<?x?xf32>
  %c7 = arith.constant dense<0.0> : tensor<f32>
  %8 = onnx.node "Equal" since 13(%6, %c7) {dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<f32>) -> tensor<?x?xi1>
  %c9 = arith.constant dense<-1.000000e+04> : tensor<f32>
  %c10 = arith.constant dense<0.0> : tensor<f32>
  %11 = onnx.node "Where" since 16(%8, %c9, %c10) {dims = [["s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<?x?xf32>
  %12 = onnx.node "Add" since 14(%1, %11) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %13 = onnx.node "Softmax" since 13(%12) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %14 = onnx.node "MatMul" since 13(%13, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %14 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @lower_by_a_billion
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @lower_by_a_billion(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %15 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %16 = onnx.node "MatMul" since 13(%q, %15) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c17 = arith.constant dense<-1.000000e+09> : tensor<f32>
  %18 = onnx.node "Where" since 16(%14, %c17, %16) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @branches_swapped
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[LATER]]], mean_empty_rows
func.func @branches_swapped(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %15 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %16 = onnx.node "MatMul" since 13(%q, %15) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c17 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %18 = onnx.node "Where" since 16(%14, %16, %c17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @diagonal_of_infinity
// CHECK: attn.attention query(%arg0
// CHECK-NOT: causal
// CHECK-SAME: mask = [#[[DIAGONAL_OF_INFINITY]]]
func.func @diagonal_of_infinity(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %1 = onnx.node "MatMul" since 13(%q, %0) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %2 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %3 = onnx.node "Concat" since 13(%2, %2) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %4 = onnx.node "ConstantOfShape" since 9(%3) {node_attributes = {value = dense<0xFF800000> : tensor<1xf32>}, dims = [["s", "s"]]} : (tensor<2xi64>) -> tensor<?x?xf32>
  %c5 = arith.constant dense<0> : tensor<i64>
  %6 = onnx.node "Trilu" since 14(%4, %c5) {node_attributes = {upper = 1 : i64}, dims = [["s", "s"]]} : (tensor<?x?xf32>, tensor<i64>) -> tensor<?x?xf32>
  %7 = onnx.node "Add" since 14(%1, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<?x?xf32>) -> tensor<1x2x?x?xf32>
  %8 = onnx.node "Softmax" since 13(%7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %9 = onnx.node "MatMul" since 13(%8, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %9 : tensor<1x2x?x4xf32>
}
