// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-LABEL: func.func @lowest_after_a_bias
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @lowest_after_a_bias(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
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
  %18 = onnx.node "Add" since 14(%17, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Where" since 16(%14, %c15, %18) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @tanh_shows_them
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @tanh_shows_them(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c15 = arith.constant dense<0xFF800000> : tensor<f32>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %18 = onnx.node "Where" since 16(%14, %c15, %17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Tanh" since 13(%18) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @maximum_shows_them
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @maximum_shows_them(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c15 = arith.constant dense<0xFF800000> : tensor<f32>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %18 = onnx.node "Where" since 16(%14, %c15, %17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<-5.0> : tensor<f32>
  %20 = onnx.node "Max" since 13(%18, %c19) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @sign_shows_them
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @sign_shows_them(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c15 = arith.constant dense<0xFF800000> : tensor<f32>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %18 = onnx.node "Where" since 16(%14, %c15, %17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<-1.0> : tensor<f32>
  %20 = onnx.node "Mul" since 14(%18, %c19) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @negation_shows_them
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @negation_shows_them(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c15 = arith.constant dense<0xFF800000> : tensor<f32>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %18 = onnx.node "Where" since 16(%14, %c15, %17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Neg" since 13(%18) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @small_factor_shows_them
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @small_factor_shows_them(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c19 = arith.constant dense<1.0e-20> : tensor<f32>
  %20 = onnx.node "Mul" since 14(%18, %c19) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @choice_shows_them
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @choice_shows_them(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xi1> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
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
  %c15 = arith.constant dense<0xFF800000> : tensor<f32>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %18 = onnx.node "Where" since 16(%14, %c15, %17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<1.0> : tensor<f32>
  %20 = onnx.node "Where" since 16(%m, %18, %c19) {dims = [["", "", "s", "s"]]} : (tensor<1x1x1x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @first_keys_of_more
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(
// CHECK-NOT: causal
func.func @first_keys_of_more(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %c2 = arith.constant dense<0> : tensor<i64>
  %c3 = arith.constant dense<1> : tensor<i64>
  %4 = onnx.node "Range" since 11(%c2, %1, %c3) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c5 = arith.constant dense<[1]> : tensor<1xi64>
  %6 = onnx.node "Unsqueeze" since 13(%4, %c5) {dims = [["s", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %7 = onnx.node "Shape" since 15(%k) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %8 = onnx.node "Squeeze" since 13(%7) : (tensor<1xi64>) -> tensor<i64>
  %c9 = arith.constant dense<0> : tensor<i64>
  %c10 = arith.constant dense<1> : tensor<i64>
  %11 = onnx.node "Range" since 11(%c9, %8, %c10) {dims = [["t"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %c12 = arith.constant dense<[0]> : tensor<1xi64>
  %13 = onnx.node "Unsqueeze" since 13(%11, %c12) {dims = [["", "t"]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<1x?xi64>
  %14 = onnx.node "Greater" since 13(%13, %6) {dims = [["s", "t"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %15 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "t"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %16 = onnx.node "MatMul" since 13(%q, %15) {dims = [["", "", "s", "t"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c17 = arith.constant dense<0xFF800000> : tensor<f32>
  %18 = onnx.node "Where" since 16(%14, %c17, %16) {dims = [["", "", "s", "t"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "t"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}
