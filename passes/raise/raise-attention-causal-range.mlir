// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// CHECK-LABEL: func.func @later_keys_dropped
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @later_keys_dropped(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %18 = onnx.node "Where" since 16(%14, %c17, %16) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @earlier_keys_kept
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @earlier_keys_kept(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %14 = onnx.node "LessOrEqual" since 16(%6, %13) {dims = [["s", "s"]]} : (tensor<1x?xi64>, tensor<?x1xi64>) -> tensor<?x?xi1>
  %15 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %16 = onnx.node "MatMul" since 13(%q, %15) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c17 = arith.constant dense<0xFF800000> : tensor<f32>
  %18 = onnx.node "Where" since 16(%14, %16, %c17) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %19 = onnx.node "Softmax" since 13(%18) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "MatMul" since 13(%19, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %20 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @queries_first
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @queries_first(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %14 = onnx.node "GreaterOrEqual" since 16(%13, %6) {dims = [["s", "s"]]} : (tensor<?x1xi64>, tensor<1x?xi64>) -> tensor<?x?xi1>
  %15 = onnx.node "Cast" since 13(%14) {node_attributes = {to = 9 : i64}, dims = [["s", "s"]]} : (tensor<?x?xi1>) -> tensor<?x?xi1>
  %16 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %17 = onnx.node "MatMul" since 13(%q, %16) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c18 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %19 = onnx.node "Where" since 16(%15, %17, %c18) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @ranges_of_floats
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @ranges_of_floats(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %c2 = arith.constant dense<0> : tensor<i64>
  %c3 = arith.constant dense<1> : tensor<i64>
  %4 = onnx.node "Range" since 11(%c2, %1, %c3) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %5 = onnx.node "Cast" since 13(%4) {node_attributes = {to = 1 : i64}, dims = [["s"]]} : (tensor<?xi64>) -> tensor<?xf32>
  %c6 = arith.constant dense<[0]> : tensor<1xi64>
  %7 = onnx.node "Unsqueeze" since 13(%5, %c6) {dims = [["", "s"]]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<1x?xf32>
  %8 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %9 = onnx.node "Squeeze" since 13(%8) : (tensor<1xi64>) -> tensor<i64>
  %c10 = arith.constant dense<0> : tensor<i64>
  %c11 = arith.constant dense<1> : tensor<i64>
  %12 = onnx.node "Range" since 11(%c10, %9, %c11) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %13 = onnx.node "Cast" since 13(%12) {node_attributes = {to = 1 : i64}, dims = [["s"]]} : (tensor<?xi64>) -> tensor<?xf32>
  %c14 = arith.constant dense<[1]> : tensor<1xi64>
  %15 = onnx.node "Unsqueeze" since 13(%13, %c14) {dims = [["s", ""]]} : (tensor<?xf32>, tensor<1xi64>) -> tensor<?x1xf32>
  %16 = onnx.node "Greater" since 13(%7, %15) {dims = [["s", "s"]]} : (tensor<1x?xf32>, tensor<?x1xf32>) -> tensor<?x?xi1>
  %17 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %18 = onnx.node "MatMul" since 13(%q, %17) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %20 = onnx.node "Where" since 16(%16, %c19, %18) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @ranges_of_32_bits
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @ranges_of_32_bits(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %c2 = arith.constant dense<0> : tensor<i64>
  %c3 = arith.constant dense<1> : tensor<i64>
  %4 = onnx.node "Range" since 11(%c2, %1, %c3) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %5 = onnx.node "Cast" since 13(%4) {node_attributes = {to = 6 : i64}, dims = [["s"]]} : (tensor<?xi64>) -> tensor<?xi32>
  %c6 = arith.constant dense<[0]> : tensor<1xi64>
  %7 = onnx.node "Unsqueeze" since 13(%5, %c6) {dims = [["", "s"]]} : (tensor<?xi32>, tensor<1xi64>) -> tensor<1x?xi32>
  %8 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %9 = onnx.node "Squeeze" since 13(%8) : (tensor<1xi64>) -> tensor<i64>
  %c10 = arith.constant dense<0> : tensor<i64>
  %c11 = arith.constant dense<1> : tensor<i64>
  %12 = onnx.node "Range" since 11(%c10, %9, %c11) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %13 = onnx.node "Cast" since 13(%12) {node_attributes = {to = 6 : i64}, dims = [["s"]]} : (tensor<?xi64>) -> tensor<?xi32>
  %c14 = arith.constant dense<[1]> : tensor<1xi64>
  %15 = onnx.node "Unsqueeze" since 13(%13, %c14) {dims = [["s", ""]]} : (tensor<?xi32>, tensor<1xi64>) -> tensor<?x1xi32>
  %16 = onnx.node "Greater" since 13(%7, %15) {dims = [["s", "s"]]} : (tensor<1x?xi32>, tensor<?x1xi32>) -> tensor<?x?xi1>
  %17 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %18 = onnx.node "MatMul" since 13(%q, %17) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %c19 = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %20 = onnx.node "Where" since 16(%16, %c19, %18) {dims = [["", "", "s", "s"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @scale_after_the_mask
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
// CHECK-SAME: scale = 1.250000e-01
func.func @scale_after_the_mask(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c19 = arith.constant dense<0.125> : tensor<f32>
  %20 = onnx.node "Mul" since 14(%18, %c19) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<f32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @infinity_beside_a_bias
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(%arg3 : tensor<1x1x1x?xf32>)
// CHECK-SAME: causal
func.func @infinity_beside_a_bias(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xf32> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
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
  %19 = onnx.node "Add" since 14(%18, %m) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x1x?xf32>) -> tensor<1x2x?x?xf32>
  %20 = onnx.node "Softmax" since 13(%19) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "MatMul" since 13(%20, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %21 : tensor<1x2x?x4xf32>
}

// CHECK-LABEL: func.func @keys_of_the_past
// CHECK-NOT: onnx.node
// CHECK: attn.attention query(%arg0
// CHECK-NOT: captures
// CHECK-SAME: causal
func.func @keys_of_the_past(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "t", ""]}) -> tensor<1x2x?x4xf32> {
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
  %c19 = arith.constant dense<0xFF800000> : tensor<f32>
  %20 = onnx.node "Where" since 16(%16, %c19, %18) {dims = [["", "", "s", "t"]]} : (tensor<?x?xi1>, tensor<f32>, tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %21 = onnx.node "Softmax" since 13(%20) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "t"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %22 = onnx.node "MatMul" since 13(%21, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %22 : tensor<1x2x?x4xf32>
}
