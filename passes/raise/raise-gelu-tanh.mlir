// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-LABEL: func.func @by_power
// CHECK-NOT: Tanh
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "tanh"
// CHECK-NOT: Mul
func.func @by_power(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<3.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.044715> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @by_products
// CHECK-NOT: Tanh
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "tanh"
// CHECK-NOT: Mul
func.func @by_products(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %2 = onnx.node "Mul" since 14(%1, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<0.044715> : tensor<f32>
  %4 = onnx.node "Mul" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Add" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.797884583> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %8 = onnx.node "Tanh" since 13(%7) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c9 = arith.constant dense<1.0> : tensor<f32>
  %10 = onnx.node "Add" since 14(%8, %c9) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %11 = onnx.node "Mul" since 14(%x, %10) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%c0, %11) : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @constant_inside_the_product
// CHECK-NOT: Tanh
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "tanh"
// CHECK-NOT: Mul
func.func @constant_inside_the_product(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<0.044715> : tensor<f32>
  %3 = onnx.node "Mul" since 14(%c2, %x) : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %4 = onnx.node "Mul" since 14(%x, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%3, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @square_times_x
// CHECK-NOT: Tanh
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "tanh"
// CHECK-NOT: Mul
func.func @square_times_x(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<2.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %4 = onnx.node "Mul" since 14(%3, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c5 = arith.constant dense<0.044715> : tensor<f32>
  %6 = onnx.node "Mul" since 14(%4, %c5) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %7 = onnx.node "Add" since 14(%x, %6) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c8 = arith.constant dense<0.797884583> : tensor<f32>
  %9 = onnx.node "Mul" since 14(%7, %c8) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %10 = onnx.node "Tanh" since 13(%9) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c11 = arith.constant dense<1.0> : tensor<f32>
  %12 = onnx.node "Add" since 14(%10, %c11) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %13 = onnx.node "Mul" since 14(%1, %12) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %13 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_power
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @other_power(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<2.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.044715> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @four_factors
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @four_factors(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Mul" since 14(%x, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.node "Mul" since 14(%2, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %4 = onnx.node "Mul" since 14(%3, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c5 = arith.constant dense<0.044715> : tensor<f32>
  %6 = onnx.node "Mul" since 14(%4, %c5) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %7 = onnx.node "Add" since 14(%x, %6) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c8 = arith.constant dense<0.797884583> : tensor<f32>
  %9 = onnx.node "Mul" since 14(%7, %c8) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %10 = onnx.node "Tanh" since 13(%9) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c11 = arith.constant dense<1.0> : tensor<f32>
  %12 = onnx.node "Add" since 14(%10, %c11) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %13 = onnx.node "Mul" since 14(%1, %12) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %13 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_small_constant
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @other_small_constant(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<3.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.04> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_large_constant
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @other_large_constant(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<3.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.044715> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.8> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_sum
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @other_sum(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<3.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.044715> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<0.5> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_x_inside
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @other_x_inside(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}, %y: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<3.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.044715> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%y, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_x_outside
// CHECK-NOT: Gelu
// CHECK: Tanh
// CHECK-NOT: Gelu
func.func @other_x_outside(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}, %y: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%y, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<3.0> : tensor<f32>
  %3 = onnx.node "Pow" since 15(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.044715> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Add" since 14(%x, %5) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c7 = arith.constant dense<0.797884583> : tensor<f32>
  %8 = onnx.node "Mul" since 14(%6, %c7) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %9 = onnx.node "Tanh" since 13(%8) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c10 = arith.constant dense<1.0> : tensor<f32>
  %11 = onnx.node "Add" since 14(%9, %c10) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %12 = onnx.node "Mul" since 14(%1, %11) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %12 : tensor<?x8xf32>
}
