// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-DAG: #[[$I:.*]] = affine_map<(d0, d1, d2) -> (d2)>
// CHECK-DAG: #[[$B:.*]] = affine_map<(d0, d1, d2) -> (d0, 0, d2)>
// CHECK-DAG: #[[$T:.*]] = affine_map<(d0, d1, d2) -> (d0, 0, d1)>

// CHECK-LABEL: func.func @slices
// CHECK-NOT: Concat
// CHECK: attn.rotary %arg0 angles(%arg1, %arg2 : tensor<?x8xf32>) {angle_map = #[[$I]]
// CHECK-NOT: Concat
func.func @slices(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c4 = arith.constant dense<[4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%x, %c4, %c5, %c6) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %8 = onnx.node "Neg" since 13(%7) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%8, %3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @split_and_factors_the_other_way
// CHECK-NOT: Concat
// CHECK: attn.rotary %arg0 angles(%arg1, %arg2 : tensor<?x8xf32>) {angle_map = #[[$I]]
// CHECK-NOT: Concat
func.func @split_and_factors_the_other_way(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %0:2 = onnx.node "Split" since 18(%x) {node_attributes = {axis = -1 : i64, num_outputs = 2 : i64}} : (tensor<2x3x?x8xf32>) -> (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>)
  %1 = onnx.node "Neg" since 13(%0#1) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %2 = onnx.node "Concat" since 13(%1, %0#0) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %3 = onnx.node "Mul" since 14(%cos, %x) {dims = [["", "", "s", ""]]} : (tensor<?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  %4 = onnx.node "Mul" since 14(%sin, %2) {dims = [["", "", "s", ""]]} : (tensor<?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  %5 = onnx.node "Add" since 14(%4, %3) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %5 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @start_from_the_end
// CHECK-NOT: Concat
// CHECK: attn.rotary %arg0 angles(%arg1, %arg2 : tensor<?x8xf32>) {angle_map = #[[$I]]
// CHECK-NOT: Concat
func.func @start_from_the_end(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c4 = arith.constant dense<[-4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%x, %c4, %c5, %c6) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %8 = onnx.node "Neg" since 13(%7) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%8, %3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @angles_of_each_batch
// CHECK-NOT: Concat
// CHECK: attn.rotary %arg0 angles(%arg1, %arg2 : tensor<?x1x?x8xf32>) {angle_map = #[[$B]]
func.func @angles_of_each_batch(%x: tensor<?x3x?x8xf32> {attune.dims = ["b", "", "s", ""]}, %cos: tensor<?x1x?x8xf32> {attune.dims = ["b", "", "s", ""]}, %sin: tensor<?x1x?x8xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<?x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x?x4xf32>
  %c4 = arith.constant dense<[4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%x, %c4, %c5, %c6) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x?x4xf32>
  %8 = onnx.node "Neg" since 13(%7) : (tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%8, %3) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", ""]]} : (tensor<?x3x?x4xf32>, tensor<?x3x?x4xf32>) -> tensor<?x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<?x1x?x8xf32>) -> tensor<?x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<?x1x?x8xf32>) -> tensor<?x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<?x3x?x8xf32>) -> tensor<?x3x?x8xf32>
  return %12 : tensor<?x3x?x8xf32>
}

// CHECK-LABEL: func.func @before_the_transpose
// CHECK-NOT: Concat
// CHECK: %[[R:.*]] = attn.rotary %arg0 angles(%arg1, %arg2 : tensor<?x1x?x8xf32>) {angle_map = #[[$T]]
// CHECK: onnx.node "Transpose" since 13(%[[R]])
func.func @before_the_transpose(%x: tensor<?x?x3x8xf32> {attune.dims = ["b", "s", "", ""]}, %cos: tensor<?x1x?x8xf32> {attune.dims = ["b", "", "s", ""]}, %sin: tensor<?x1x?x8xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<?x3x?x8xf32> {
  %0 = onnx.node "Transpose" since 13(%x) {node_attributes = {perm = array<i64: 0, 2, 1, 3>}, dims = [["b", "", "s", ""]]} : (tensor<?x?x3x8xf32>) -> tensor<?x3x?x8xf32>
  %c1 = arith.constant dense<[0]> : tensor<1xi64>
  %c2 = arith.constant dense<[4]> : tensor<1xi64>
  %c3 = arith.constant dense<[-1]> : tensor<1xi64>
  %4 = onnx.node "Slice" since 13(%0, %c1, %c2, %c3) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x?x4xf32>
  %c5 = arith.constant dense<[4]> : tensor<1xi64>
  %c6 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c7 = arith.constant dense<[-1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%0, %c5, %c6, %c7) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x3x?x4xf32>
  %9 = onnx.node "Neg" since 13(%8) : (tensor<?x3x?x4xf32>) -> tensor<?x3x?x4xf32>
  %10 = onnx.node "Concat" since 13(%9, %4) {node_attributes = {axis = -1 : i64}, dims = [["b", "", "s", ""]]} : (tensor<?x3x?x4xf32>, tensor<?x3x?x4xf32>) -> tensor<?x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%0, %cos) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<?x1x?x8xf32>) -> tensor<?x3x?x8xf32>
  %12 = onnx.node "Mul" since 14(%10, %sin) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<?x1x?x8xf32>) -> tensor<?x3x?x8xf32>
  %13 = onnx.node "Add" since 14(%11, %12) {dims = [["b", "", "s", ""]]} : (tensor<?x3x?x8xf32>, tensor<?x3x?x8xf32>) -> tensor<?x3x?x8xf32>
  return %13 : tensor<?x3x?x8xf32>
}

// CHECK-LABEL: func.func @after_a_transpose_of_the_width
// CHECK: %[[X:.*]] = onnx.node "Transpose"
// CHECK: attn.rotary %[[X]]
// CHECK-NOT: Transpose
func.func @after_a_transpose_of_the_width(%x: tensor<2x3x8x?xf32> {attune.dims = ["", "", "", "s"]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %0 = onnx.node "Transpose" since 13(%x) {node_attributes = {perm = array<i64: 0, 1, 3, 2>}, dims = [["", "", "s", ""]]} : (tensor<2x3x8x?xf32>) -> tensor<2x3x?x8xf32>
  %c1 = arith.constant dense<[0]> : tensor<1xi64>
  %c2 = arith.constant dense<[4]> : tensor<1xi64>
  %c3 = arith.constant dense<[-1]> : tensor<1xi64>
  %4 = onnx.node "Slice" since 13(%0, %c1, %c2, %c3) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c5 = arith.constant dense<[4]> : tensor<1xi64>
  %c6 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c7 = arith.constant dense<[-1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%0, %c5, %c6, %c7) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Neg" since 13(%8) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %10 = onnx.node "Concat" since 13(%9, %4) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%0, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Mul" since 14(%10, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %13 = onnx.node "Add" since 14(%11, %12) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %13 : tensor<2x3x?x8xf32>
}
