// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-LABEL: func.func @halves_swapped
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @halves_swapped(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c4 = arith.constant dense<[4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%x, %c4, %c5, %c6) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %8 = onnx.node "Neg" since 13(%3) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%8, %7) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @sign_missing
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @sign_missing(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c4 = arith.constant dense<[4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%x, %c4, %c5, %c6) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %8 = onnx.node "Concat" since 13(%7, %3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %9 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%8, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Add" since 14(%9, %10) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %11 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @sign_on_the_first_half
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @sign_on_the_first_half(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c4 = arith.constant dense<[4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%x, %c4, %c5, %c6) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %8 = onnx.node "Neg" since 13(%3) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%7, %8) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @other_x
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @other_x(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}, %y: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%y, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c4 = arith.constant dense<[4]> : tensor<1xi64>
  %c5 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c6 = arith.constant dense<[-1]> : tensor<1xi64>
  %7 = onnx.node "Slice" since 13(%y, %c4, %c5, %c6) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %8 = onnx.node "Neg" since 13(%7) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%8, %3) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @halves_of_two
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @halves_of_two(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}, %y: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[4]> : tensor<1xi64>
  %c1 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%y, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %4 = onnx.node "Neg" since 13(%3) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %c5 = arith.constant dense<[0]> : tensor<1xi64>
  %c6 = arith.constant dense<[4]> : tensor<1xi64>
  %c7 = arith.constant dense<[-1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%x, %c5, %c6, %c7) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%4, %8) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @one_half_twice
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @one_half_twice(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[4]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %4 = onnx.node "Neg" since 13(%3) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %c5 = arith.constant dense<[0]> : tensor<1xi64>
  %c6 = arith.constant dense<[4]> : tensor<1xi64>
  %c7 = arith.constant dense<[-1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%x, %c5, %c6, %c7) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Concat" since 13(%4, %8) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @angles_of_two_shapes
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @angles_of_two_shapes(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<1x8xf32>) -> tensor<2x3x?x8xf32> {
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
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @angles_of_unknown_length
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @angles_of_unknown_length(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["t", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["t", ""]}) -> tensor<2x3x?x8xf32> {
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

// CHECK-LABEL: func.func @one_angle_for_a_row
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @one_angle_for_a_row(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x1xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x1xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
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
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x1xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x1xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @halves_of_the_heads
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @halves_of_the_heads(%x: tensor<2x8x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x8x?x8xf32> {
  %c0 = arith.constant dense<[4]> : tensor<1xi64>
  %c1 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c2 = arith.constant dense<[1]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2) {dims = [["", "", "s", ""]]} : (tensor<2x8x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x4x?x8xf32>
  %4 = onnx.node "Neg" since 13(%3) : (tensor<2x4x?x8xf32>) -> tensor<2x4x?x8xf32>
  %c5 = arith.constant dense<[0]> : tensor<1xi64>
  %c6 = arith.constant dense<[4]> : tensor<1xi64>
  %c7 = arith.constant dense<[1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%x, %c5, %c6, %c7) {dims = [["", "", "s", ""]]} : (tensor<2x8x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x4x?x8xf32>
  %9 = onnx.node "Concat" since 13(%4, %8) {node_attributes = {axis = 1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x4x?x8xf32>, tensor<2x4x?x8xf32>) -> tensor<2x8x?x8xf32>
  %10 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x8x?x8xf32>, tensor<?x8xf32>) -> tensor<2x8x?x8xf32>
  %11 = onnx.node "Mul" since 14(%9, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x8x?x8xf32>, tensor<?x8xf32>) -> tensor<2x8x?x8xf32>
  %12 = onnx.node "Add" since 14(%10, %11) {dims = [["", "", "s", ""]]} : (tensor<2x8x?x8xf32>, tensor<2x8x?x8xf32>) -> tensor<2x8x?x8xf32>
  return %12 : tensor<2x8x?x8xf32>
}

// CHECK-LABEL: func.func @every_other_element
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @every_other_element(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %c0 = arith.constant dense<[0]> : tensor<1xi64>
  %c1 = arith.constant dense<[8]> : tensor<1xi64>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %c3 = arith.constant dense<[2]> : tensor<1xi64>
  %4 = onnx.node "Slice" since 13(%x, %c0, %c1, %c2, %c3) : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c5 = arith.constant dense<[4]> : tensor<1xi64>
  %c6 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c7 = arith.constant dense<[-1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%x, %c5, %c6, %c7) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Neg" since 13(%8) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %10 = onnx.node "Concat" since 13(%9, %4) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%x, %cos) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Mul" since 14(%10, %sin) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %13 = onnx.node "Add" since 14(%11, %12) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %13 : tensor<2x3x?x8xf32>
}

// CHECK-LABEL: func.func @difference
// CHECK-NOT: attn.rotary
// CHECK: Concat
// CHECK-NOT: attn.rotary
func.func @difference(%x: tensor<2x3x?x8xf32> {attune.dims = ["", "", "s", ""]}, %cos: tensor<?x8xf32> {attune.dims = ["s", ""]}, %sin: tensor<?x8xf32> {attune.dims = ["s", ""]}) -> tensor<2x3x?x8xf32> {
  %0 = onnx.node "Mul" since 14(%x, %cos) : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %c1 = arith.constant dense<[0]> : tensor<1xi64>
  %c2 = arith.constant dense<[4]> : tensor<1xi64>
  %c3 = arith.constant dense<[-1]> : tensor<1xi64>
  %4 = onnx.node "Slice" since 13(%x, %c1, %c2, %c3) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %c5 = arith.constant dense<[4]> : tensor<1xi64>
  %c6 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %c7 = arith.constant dense<[-1]> : tensor<1xi64>
  %8 = onnx.node "Slice" since 13(%x, %c5, %c6, %c7) {dims = [["", "", "s", ""]]} : (tensor<2x3x?x8xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<2x3x?x4xf32>
  %9 = onnx.node "Neg" since 13(%8) : (tensor<2x3x?x4xf32>) -> tensor<2x3x?x4xf32>
  %10 = onnx.node "Concat" since 13(%9, %4) {node_attributes = {axis = -1 : i64}, dims = [["", "", "s", ""]]} : (tensor<2x3x?x4xf32>, tensor<2x3x?x4xf32>) -> tensor<2x3x?x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %sin) : (tensor<2x3x?x8xf32>, tensor<?x8xf32>) -> tensor<2x3x?x8xf32>
  %12 = onnx.node "Sub" since 14(%0, %11) : (tensor<2x3x?x8xf32>, tensor<2x3x?x8xf32>) -> tensor<2x3x?x8xf32>
  return %12 : tensor<2x3x?x8xf32>
}
