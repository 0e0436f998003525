// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-unify-symbols --attune-raise-attention | FileCheck %s

// The transposes of the heads become layouts, the quotient the scale.
// CHECK-LABEL: func.func @bert
// CHECK: attn.attention query(%arg0
// CHECK-SAME: key_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: output_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: query_layout = array<i64: 0, 2, 1, 3>
// CHECK-SAME: scale = 5.000000e-01
// CHECK: arith.addf
// CHECK-NOT: Softmax
func.func @bert(%q: tensor<?x?x2x4xf32> {attune.dims = ["b", "s", "", ""]}, %mask: tensor<?x1x1x?xf32> {attune.dims = ["b", "", "", "s"]}) -> tensor<?x?x2x4xf32> {
  %c = arith.constant dense<2.0> : tensor<f32>
  %0 = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "", "s", ""]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x?x4xf32>
  %1 = onnx.node "Transpose" since 13(%q) {node_attributes = {perm = array<i64: 0, 2, 3, 1>}, dims = [["b", "", "", "s"]]} : (tensor<?x?x2x4xf32>) -> tensor<?x2x4x?xf32>
  %2 = onnx.node "MatMul" since 13(%0, %1) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x4xf32>, tensor<?x2x4x?xf32>) -> tensor<?x2x?x?xf32>
  %3 = onnx.node "Div" since 14(%2, %c) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>, tensor<f32>) -> tensor<?x2x?x?xf32>
  %4 = onnx.node "Add" since 14(%3, %mask) {dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>, tensor<?x1x1x?xf32>) -> tensor<?x2x?x?xf32>
  %5 = onnx.node "Softmax" since 13(%4) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", "s"]]} : (tensor<?x2x?x?xf32>) -> tensor<?x2x?x?xf32>
  %6 = onnx.node "MatMul" since 13(%5, %0) {dims = [["b", "", "s", ""]]} : (tensor<?x2x?x?xf32>, tensor<?x2x?x4xf32>) -> tensor<?x2x?x4xf32>
  %7 = onnx.node "Transpose" since 13(%6) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "s", "", ""]]} : (tensor<?x2x?x4xf32>) -> tensor<?x?x2x4xf32>
  return %7 : tensor<?x?x2x4xf32>
}

// A boolean hides keys, and a condition on rows that always holds does nothing.
// CHECK-LABEL: func.func @padding
// CHECK: %[[M:.*]] = onnx.node "Cast"{{.*}}(%arg3)
// CHECK: attn.attention query(%arg0
// CHECK-SAME: captures(%[[M]] : tensor<1x1x1x?xi8>)
// CHECK-SAME: mean_empty_rows
// CHECK: arith.select %{{.*}}, %arg4
func.func @padding(%q: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %k: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %v: tensor<1x2x?x4xf32> {attune.dims = ["", "", "s", ""]}, %m: tensor<1x1x1x?xi1> {attune.dims = ["", "", "", "s"]}) -> tensor<1x2x?x4xf32> {
  %c0 = arith.constant dense<0> : tensor<i64>
  %c1 = arith.constant dense<1> : tensor<i64>
  %last = arith.constant dense<1> : tensor<1xi64>
  %zero = arith.constant dense<0.0> : tensor<f32>
  %low = arith.constant dense<-3.40282347E+38> : tensor<f32>
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 2 : i64, end = 3 : i64}} : (tensor<1x2x?x4xf32>) -> tensor<1xi64>
  %1 = onnx.node "Squeeze" since 13(%0) : (tensor<1xi64>) -> tensor<i64>
  %2 = onnx.node "Range" since 11(%c0, %1, %c1) {dims = [["s"]]} : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %3 = onnx.node "Unsqueeze" since 13(%2, %last) {dims = [["s", ""]]} : (tensor<?xi64>, tensor<1xi64>) -> tensor<?x1xi64>
  %4 = onnx.node "GreaterOrEqual" since 16(%3, %c0) {dims = [["s", ""]]} : (tensor<?x1xi64>, tensor<i64>) -> tensor<?x1xi1>
  %5 = onnx.node "And" since 7(%4, %m) {dims = [["", "", "s", "s"]]} : (tensor<?x1xi1>, tensor<1x1x1x?xi1>) -> tensor<1x1x?x?xi1>
  %6 = onnx.node "Where" since 16(%5, %zero, %low) {dims = [["", "", "s", "s"]]} : (tensor<1x1x?x?xi1>, tensor<f32>, tensor<f32>) -> tensor<1x1x?x?xf32>
  %7 = onnx.node "Transpose" since 13(%k) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "", "s"]]} : (tensor<1x2x?x4xf32>) -> tensor<1x2x4x?xf32>
  %8 = onnx.node "MatMul" since 13(%q, %7) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x4xf32>, tensor<1x2x4x?xf32>) -> tensor<1x2x?x?xf32>
  %9 = onnx.node "Add" since 14(%8, %6) {dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>, tensor<1x1x?x?xf32>) -> tensor<1x2x?x?xf32>
  %10 = onnx.node "Softmax" since 13(%9) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", "s"]]} : (tensor<1x2x?x?xf32>) -> tensor<1x2x?x?xf32>
  %11 = onnx.node "MatMul" since 13(%10, %v) {dims = [["", "", "s", ""]]} : (tensor<1x2x?x?xf32>, tensor<1x2x?x4xf32>) -> tensor<1x2x?x4xf32>
  return %11 : tensor<1x2x?x4xf32>
}
