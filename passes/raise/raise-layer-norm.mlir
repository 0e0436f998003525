// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-LABEL: func.func @with_bias
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "LayerNormalization" since 17(%arg0, %arg1, %arg2) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Add
func.func @with_bias(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %12 = onnx.node "Add" since 14(%11, %v) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %12 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @bias_first_and_square_by_product
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "LayerNormalization" since 17(%arg0, %arg1, %arg2) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Add
func.func @bias_first_and_square_by_product(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %3 = onnx.node "Mul" since 14(%2, %2) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %c4 = arith.constant dense<[-1]> : tensor<1xi64>
  %5 = onnx.node "ReduceMean" since 18(%3, %c4) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c6 = arith.constant dense<1.0e-05> : tensor<f32>
  %7 = onnx.node "Add" since 14(%5, %c6) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %8 = onnx.node "Sqrt" since 13(%7) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Div" since 14(%2, %8) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %10 = onnx.node "Mul" since 14(%9, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Add" since 14(%v, %10) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %11 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @by_reciprocal
// CHECK-NOT: ReduceMean
// CHECK: onnx.node "LayerNormalization" since 17(%arg0, %arg1, %arg2) {{.*}}axis = -1 : i64, epsilon = 9.99999974E-6 : f32
// CHECK-NOT: Add
func.func @by_reciprocal(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Reciprocal" since 13(%9) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %11 = onnx.node "Mul" since 14(%2, %10) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %12 = onnx.node "Mul" since 14(%w, %11) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %13 = onnx.node "Add" since 14(%12, %v) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %13 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @without_bias
// CHECK-NOT: ReduceMean
// CHECK: %[[N:.*]] = onnx.node "LayerNormalization" since 17(%arg0, %arg1) {
// CHECK: return %[[N]]
func.func @without_bias(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %11 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @residual_is_no_bias
// CHECK-NOT: ReduceMean
// CHECK: %[[N:.*]] = onnx.node "LayerNormalization" since 17(%arg0, %arg1) {
// CHECK: onnx.node "Add" since 14(%[[N]], %arg0)
func.func @residual_is_no_bias(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %12 = onnx.node "Add" since 14(%11, %x) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %12 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @used_besides_the_bias
// CHECK-NOT: ReduceMean
// CHECK: %[[N:.*]] = onnx.node "LayerNormalization" since 17(%arg0, %arg1) {
// CHECK: %[[S:.*]] = onnx.node "Add" since 14(%[[N]], %arg2)
// CHECK: onnx.node "Add" since 14(%[[S]], %[[N]])
func.func @used_besides_the_bias(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %12 = onnx.node "Add" since 14(%11, %v) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %13 = onnx.node "Add" since 14(%12, %11) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %13 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @bias_of_another_size
// CHECK-NOT: ReduceMean
// CHECK: %[[N:.*]] = onnx.node "LayerNormalization" since 17(%arg0, %arg1) {
// CHECK: onnx.node "Add" since 14(%[[N]], %arg2)
func.func @bias_of_another_size(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<1xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %12 = onnx.node "Add" since 14(%11, %v) : (tensor<?x3x8xf32>, tensor<1xf32>) -> tensor<?x3x8xf32>
  return %12 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @added_to_itself
// CHECK-NOT: ReduceMean
// CHECK: %[[N:.*]] = onnx.node "LayerNormalization" since 17(%arg0, %arg1) {
// CHECK: onnx.node "Add" since 14(%[[N]], %[[N]])
func.func @added_to_itself(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  %12 = onnx.node "Add" since 14(%11, %11) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %12 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @mean_of_another
// CHECK-NOT: LayerNormalization
// CHECK: onnx.node "RMSNormalization"
// CHECK-NOT: LayerNormalization
func.func @mean_of_another(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %y: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%y, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %11 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @mean_of_another_axis
// CHECK-NOT: LayerNormalization
// CHECK: onnx.node "RMSNormalization"
// CHECK-NOT: LayerNormalization
func.func @mean_of_another_axis(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x1x8xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x1x8xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %11 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @variance_of_the_input
// CHECK-NOT: LayerNormalization
// CHECK: ReduceMean
// CHECK-NOT: LayerNormalization
func.func @variance_of_the_input(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%x, %1) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%x, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %11 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @mean_minus_input
// CHECK-NOT: LayerNormalization
// CHECK: onnx.node "RMSNormalization"
// CHECK-NOT: LayerNormalization
func.func @mean_minus_input(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<[-1]> : tensor<1xi64>
  %1 = onnx.node "ReduceMean" since 18(%x, %c0) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %2 = onnx.node "Sub" since 14(%1, %x) : (tensor<?x3x1xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<2.0> : tensor<f32>
  %4 = onnx.node "Pow" since 15(%2, %c3) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c5 = arith.constant dense<[-1]> : tensor<1xi64>
  %6 = onnx.node "ReduceMean" since 18(%4, %c5) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c7 = arith.constant dense<1.0e-05> : tensor<f32>
  %8 = onnx.node "Add" since 14(%6, %c7) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %10 = onnx.node "Div" since 14(%2, %9) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %11 = onnx.node "Mul" since 14(%10, %w) : (tensor<?x3x8xf32>, tensor<8xf32>) -> tensor<?x3x8xf32>
  return %11 : tensor<?x3x8xf32>
}
