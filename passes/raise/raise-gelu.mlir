// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-LABEL: func.func @half_last
// CHECK-NOT: Erf
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "none"
// CHECK-NOT: Mul
func.func @half_last(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @half_first
// CHECK-NOT: Erf
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "none"
// CHECK-NOT: Mul
func.func @half_first(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %c1 = arith.constant dense<1.41421354> : tensor<f32>
  %2 = onnx.node "Div" since 14(%x, %c1) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %3 = onnx.node "Erf" since 13(%2) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<1.0> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Mul" since 14(%5, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %7 = onnx.node "Mul" since 14(%c0, %6) : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @half_on_the_term
// CHECK-NOT: Erf
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "none"
// CHECK-NOT: Mul
func.func @half_on_the_term(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %c1 = arith.constant dense<1.41421354> : tensor<f32>
  %2 = onnx.node "Div" since 14(%x, %c1) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %3 = onnx.node "Erf" since 13(%2) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<1.0> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %6 = onnx.node "Mul" since 14(%c0, %5) : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %7 = onnx.node "Mul" since 14(%x, %6) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @half_on_x
// CHECK-NOT: Erf
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "none"
// CHECK-NOT: Mul
func.func @half_on_x(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<0.707106769> : tensor<f32>
  %3 = onnx.node "Mul" since 14(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %4 = onnx.node "Erf" since 13(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c5 = arith.constant dense<1.0> : tensor<f32>
  %6 = onnx.node "Add" since 14(%4, %c5) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %7 = onnx.node "Mul" since 14(%1, %6) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @x_divided_by_two
// CHECK-NOT: Erf
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "none"
// CHECK-NOT: Mul
func.func @x_divided_by_two(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<1.41421354> : tensor<f32>
  %3 = onnx.node "Div" since 14(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %4 = onnx.node "Erf" since 13(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c5 = arith.constant dense<1.0> : tensor<f32>
  %6 = onnx.node "Add" since 14(%4, %c5) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %7 = onnx.node "Mul" since 14(%1, %6) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @one_before_erf
// CHECK-NOT: Erf
// CHECK: onnx.node "Gelu" since 20(%arg0) {{.*}}approximate = "none"
// CHECK-NOT: Mul
func.func @one_before_erf(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%c3, %2) : (tensor<f32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%4, %x) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @half_of_x_is_used_elsewhere
// CHECK-NOT: Erf
// CHECK: %[[H:.*]] = onnx.node "Mul"
// CHECK: %[[G:.*]] = onnx.node "Gelu" since 20(%arg0)
// CHECK: onnx.node "Add" since 14(%[[G]], %[[H]])
func.func @half_of_x_is_used_elsewhere(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<0.5> : tensor<f32>
  %1 = onnx.node "Mul" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %c2 = arith.constant dense<1.41421354> : tensor<f32>
  %3 = onnx.node "Div" since 14(%x, %c2) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %4 = onnx.node "Erf" since 13(%3) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c5 = arith.constant dense<1.0> : tensor<f32>
  %6 = onnx.node "Add" since 14(%4, %c5) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %7 = onnx.node "Mul" since 14(%1, %6) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %8 = onnx.node "Add" since 14(%7, %1) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %8 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_root
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @other_root(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.5> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @no_root
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @no_root(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %0 = onnx.node "Erf" since 13(%x) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c1 = arith.constant dense<1.0> : tensor<f32>
  %2 = onnx.node "Add" since 14(%0, %c1) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %3 = onnx.node "Mul" since 14(%x, %2) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.5> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %5 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_half
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @other_half(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.25> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @no_half
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @no_half(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %5 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_one
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @other_one(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @without_one
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @without_one(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %3 = onnx.node "Mul" since 14(%x, %2) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c4 = arith.constant dense<0.5> : tensor<f32>
  %5 = onnx.node "Mul" since 14(%3, %c4) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %5 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @other_x
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @other_x(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}, %y: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%y, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  return %7 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @third_factor
// CHECK: %[[G:.*]] = onnx.node "Gelu" since 20(%arg0)
// CHECK: onnx.node "Mul" since 14(%[[G]], %arg1)
func.func @third_factor(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}, %y: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %8 = onnx.node "Mul" since 14(%7, %y) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  return %8 : tensor<?x8xf32>
}

// CHECK-LABEL: func.func @x_is_broadcast
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @x_is_broadcast(%x: tensor<?x8xf32> {attune.dims = ["b", ""]}) -> tensor<1x?x8xf32> {
  %c0 = arith.constant dense<1.41421354> : tensor<f32>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<?x8xf32>) -> tensor<?x8xf32>
  %c3 = arith.constant dense<1.0> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x8xf32>, tensor<f32>) -> tensor<?x8xf32>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<?x8xf32>, tensor<?x8xf32>) -> tensor<?x8xf32>
  %c6 = arith.constant dense<0.5> : tensor<1x1x1xf32>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<?x8xf32>, tensor<1x1x1xf32>) -> tensor<1x?x8xf32>
  return %7 : tensor<1x?x8xf32>
}

// CHECK-LABEL: func.func @double
// CHECK-NOT: Gelu
// CHECK: Erf
// CHECK-NOT: Gelu
func.func @double(%x: tensor<2xf64>) -> tensor<2xf64> {
  %c0 = arith.constant dense<1.4142135623730951> : tensor<f64>
  %1 = onnx.node "Div" since 14(%x, %c0) : (tensor<2xf64>, tensor<f64>) -> tensor<2xf64>
  %2 = onnx.node "Erf" since 13(%1) : (tensor<2xf64>) -> tensor<2xf64>
  %c3 = arith.constant dense<1.0> : tensor<f64>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<2xf64>, tensor<f64>) -> tensor<2xf64>
  %5 = onnx.node "Mul" since 14(%x, %4) : (tensor<2xf64>, tensor<2xf64>) -> tensor<2xf64>
  %c6 = arith.constant dense<0.5> : tensor<f64>
  %7 = onnx.node "Mul" since 14(%5, %c6) : (tensor<2xf64>, tensor<f64>) -> tensor<2xf64>
  return %7 : tensor<2xf64>
}
