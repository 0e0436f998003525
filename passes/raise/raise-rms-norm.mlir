// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-LABEL: func.func @by_reciprocal
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "RMSNormalization" since 23(%arg0, %arg1) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Mul
func.func @by_reciprocal(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Reciprocal" since 13(%6) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %8 = onnx.node "Mul" since 14(%x, %7) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %9 = onnx.node "Mul" since 14(%8, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %9 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @by_one_divided
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "RMSNormalization" since 23(%arg0, %arg1) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Mul
func.func @by_one_divided(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %0 = onnx.node "Mul" since 14(%x, %x) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %c1 = arith.constant dense<[-1]> : tensor<1xi64>
  %2 = onnx.node "ReduceMean" since 18(%0, %c1) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c3 = arith.constant dense<1.0e-05> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %5 = onnx.node "Sqrt" since 13(%4) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %c6 = arith.constant dense<1.0> : tensor<f32>
  %7 = onnx.node "Div" since 14(%c6, %5) : (tensor<f32>, tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %8 = onnx.node "Mul" since 14(%7, %x) : (tensor<?x3x1xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %9 = onnx.node "Mul" since 14(%w, %8) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %9 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @by_quotient
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "RMSNormalization" since 23(%arg0, %arg1) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Mul
func.func @by_quotient(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%c4, %3) : (tensor<f32>, tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @by_power_of_a_half
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "RMSNormalization" since 23(%arg0, %arg1) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Mul
func.func @by_power_of_a_half(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %c6 = arith.constant dense<0.5> : tensor<f32>
  %7 = onnx.node "Pow" since 15(%5, %c6) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %8 = onnx.node "Div" since 14(%x, %7) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %9 = onnx.node "Mul" since 14(%w, %8) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %9 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @positive_axis
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "RMSNormalization" since 23(%arg0, %arg1) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Mul
func.func @positive_axis(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[2]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @without_epsilon
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "RMSNormalization" since 23(%arg0, %arg1) {{.*}}axis = -1 : i64, epsilon = 0.000000e+00 : f32
// CHECK-NOT: Mul
func.func @without_epsilon(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %4 = onnx.node "Sqrt" since 13(%3) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %5 = onnx.node "Div" since 14(%x, %4) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %6 = onnx.node "Mul" since 14(%w, %5) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %6 : tensor<?x3x8xf32>
}
