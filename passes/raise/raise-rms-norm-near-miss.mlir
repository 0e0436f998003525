// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-raise-neighbours | FileCheck %s

// CHECK-LABEL: func.func @other_axis
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @other_axis(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %0 = onnx.node "Mul" since 14(%x, %x) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %c1 = arith.constant dense<[1]> : tensor<1xi64>
  %2 = onnx.node "ReduceMean" since 18(%0, %c1) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x1x8xf32>
  %3 = onnx.node "Sqrt" since 13(%2) : (tensor<?x1x8xf32>) -> tensor<?x1x8xf32>
  %4 = onnx.node "Div" since 14(%x, %3) : (tensor<?x3x8xf32>, tensor<?x1x8xf32>) -> tensor<?x3x8xf32>
  %5 = onnx.node "Mul" since 14(%w, %4) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %5 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @two_axes
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @two_axes(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %0 = onnx.node "Mul" since 14(%x, %x) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %c1 = arith.constant dense<[1, 2]> : tensor<2xi64>
  %2 = onnx.node "ReduceMean" since 18(%0, %c1) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<2xi64>) -> tensor<?x1x1xf32>
  %3 = onnx.node "Sqrt" since 13(%2) : (tensor<?x1x1xf32>) -> tensor<?x1x1xf32>
  %4 = onnx.node "Div" since 14(%x, %3) : (tensor<?x3x8xf32>, tensor<?x1x1xf32>) -> tensor<?x3x8xf32>
  %5 = onnx.node "Mul" since 14(%w, %4) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %5 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @dropped_dimension
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @dropped_dimension(%x: tensor<8x8xf32>, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<8x8xf32> {
  %0 = onnx.node "Mul" since 14(%x, %x) : (tensor<8x8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  %c1 = arith.constant dense<[-1]> : tensor<1xi64>
  %2 = onnx.node "ReduceMean" since 18(%0, %c1) {node_attributes = {keepdims = 0 : i64}} : (tensor<8x8xf32>, tensor<1xi64>) -> tensor<8xf32>
  %3 = onnx.node "Sqrt" since 13(%2) : (tensor<8xf32>) -> tensor<8xf32>
  %4 = onnx.node "Div" since 14(%x, %3) : (tensor<8x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
  %5 = onnx.node "Mul" since 14(%w, %4) : (tensor<8xf32>, tensor<8x8xf32>) -> tensor<8x8xf32>
  return %5 : tensor<8x8xf32>
}

// CHECK-LABEL: func.func @other_x_in_the_root
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @other_x_in_the_root(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %y: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%y, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @product_of_two
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @product_of_two(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %y: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}) -> tensor<?x3x8xf32> {
  %0 = onnx.node "Mul" since 14(%x, %y) : (tensor<?x3x8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %c1 = arith.constant dense<[-1]> : tensor<1xi64>
  %2 = onnx.node "ReduceMean" since 18(%0, %c1) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c3 = arith.constant dense<1.0e-05> : tensor<f32>
  %4 = onnx.node "Add" since 14(%2, %c3) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %5 = onnx.node "Sqrt" since 13(%4) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Div" since 14(%x, %5) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %7 = onnx.node "Mul" since 14(%w, %6) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %7 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @other_power
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @other_power(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<3.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %4 = onnx.node "Sqrt" since 13(%3) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %5 = onnx.node "Div" since 14(%x, %4) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %6 = onnx.node "Mul" since 14(%w, %5) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %6 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @negative_epsilon
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @negative_epsilon(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<-1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @epsilon_outside_the_root
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @epsilon_outside_the_root(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %4 = onnx.node "Sqrt" since 13(%3) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %c5 = arith.constant dense<1.0e-05> : tensor<f32>
  %6 = onnx.node "Add" since 14(%4, %c5) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @root_divided_by_x
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @root_divided_by_x(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%6, %x) : (tensor<?x3x1xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @two_divided
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @two_divided(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %c1 = arith.constant dense<2.0> : tensor<f32>
  %2 = onnx.node "Pow" since 15(%x, %c1) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c3 = arith.constant dense<[-1]> : tensor<1xi64>
  %4 = onnx.node "ReduceMean" since 18(%2, %c3) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c5 = arith.constant dense<1.0e-05> : tensor<f32>
  %6 = onnx.node "Add" since 14(%4, %c5) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Sqrt" since 13(%6) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %8 = onnx.node "Div" since 14(%c0, %7) : (tensor<f32>, tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %9 = onnx.node "Mul" since 14(%x, %8) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %10 = onnx.node "Mul" since 14(%w, %9) : (tensor<8xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %10 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @scale_of_another_size
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @scale_of_another_size(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<1xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<1xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @scale_of_rows
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @scale_of_rows(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<3x1xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  %8 = onnx.node "Mul" since 14(%w, %7) : (tensor<3x1xf32>, tensor<?x3x8xf32>) -> tensor<?x3x8xf32>
  return %8 : tensor<?x3x8xf32>
}

// CHECK-LABEL: func.func @no_scale
// CHECK-NOT: RMSNormalization
// CHECK: ReduceMean
// CHECK-NOT: RMSNormalization
func.func @no_scale(%x: tensor<?x3x8xf32> {attune.dims = ["b", "", ""]}, %w: tensor<8xf32>, %v: tensor<8xf32>) -> tensor<?x3x8xf32> {
  %c0 = arith.constant dense<2.0> : tensor<f32>
  %1 = onnx.node "Pow" since 15(%x, %c0) : (tensor<?x3x8xf32>, tensor<f32>) -> tensor<?x3x8xf32>
  %c2 = arith.constant dense<[-1]> : tensor<1xi64>
  %3 = onnx.node "ReduceMean" since 18(%1, %c2) {node_attributes = {keepdims = 1 : i64}} : (tensor<?x3x8xf32>, tensor<1xi64>) -> tensor<?x3x1xf32>
  %c4 = arith.constant dense<1.0e-05> : tensor<f32>
  %5 = onnx.node "Add" since 14(%3, %c4) : (tensor<?x3x1xf32>, tensor<f32>) -> tensor<?x3x1xf32>
  %6 = onnx.node "Sqrt" since 13(%5) : (tensor<?x3x1xf32>) -> tensor<?x3x1xf32>
  %7 = onnx.node "Div" since 14(%x, %6) : (tensor<?x3x8xf32>, tensor<?x3x1xf32>) -> tensor<?x3x8xf32>
  return %7 : tensor<?x3x8xf32>
}
