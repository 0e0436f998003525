// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-fold-nodes | FileCheck %s

// CHECK-LABEL: func.func @scale
// CHECK-DAG: %[[C:.*]] = arith.constant dense<0.353553385> : tensor<f32>
// CHECK-NOT: Sqrt
// CHECK: onnx.node "Mul" since 14(%arg0, %[[C]])
func.func @scale(%q: tensor<?x2x?x64xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<?x2x?x64xf32> {
  %0 = onnx.node "Shape" since 15(%q) : (tensor<?x2x?x64xf32>) -> tensor<4xi64>
  %c1 = arith.constant dense<[-1]> : tensor<1xi64>
  %c2 = arith.constant dense<[9223372036854775807]> : tensor<1xi64>
  %3 = onnx.node "Slice" since 13(%0, %c1, %c2) : (tensor<4xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %4 = onnx.node "Cast" since 13(%3) {node_attributes = {to = 1 : i64}} : (tensor<1xi64>) -> tensor<1xf32>
  %5 = onnx.node "Sqrt" since 13(%4) : (tensor<1xf32>) -> tensor<1xf32>
  %c6 = arith.constant dense<1.0> : tensor<1xf32>
  %7 = onnx.node "Div" since 14(%c6, %5) : (tensor<1xf32>, tensor<1xf32>) -> tensor<1xf32>
  %8 = onnx.node "Cast" since 13(%7) {node_attributes = {to = 1 : i64}} : (tensor<1xf32>) -> tensor<1xf32>
  %9 = onnx.node "Sqrt" since 13(%8) : (tensor<1xf32>) -> tensor<1xf32>
  %10 = onnx.node "Squeeze" since 13(%9) : (tensor<1xf32>) -> tensor<f32>
  %11 = onnx.node "Mul" since 14(%q, %10) : (tensor<?x2x?x64xf32>, tensor<f32>) -> tensor<?x2x?x64xf32>
  return %11 : tensor<?x2x?x64xf32>
}

// CHECK-LABEL: func.func @static_part_of_a_shape
// CHECK: %[[C:.*]] = arith.constant dense<[2, 4]> : tensor<2xi64>
// CHECK: return %[[C]]
func.func @static_part_of_a_shape(%q: tensor<?x2x?x4xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<2xi64> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 1 : i64}} : (tensor<?x2x?x4xf32>) -> tensor<3xi64>
  %c1 = arith.constant dense<[0, -1]> : tensor<2xi64>
  %2 = onnx.node "Gather" since 13(%0, %c1) : (tensor<3xi64>, tensor<2xi64>) -> tensor<2xi64>
  return %2 : tensor<2xi64>
}

// CHECK-LABEL: func.func @dynamic_part_of_a_shape
// CHECK: %[[S:.*]] = onnx.node "Shape"
// CHECK: onnx.node "Gather" since 13(%[[S]]
func.func @dynamic_part_of_a_shape(%q: tensor<?x2x?x4xf32> {attune.dims = ["b", "", "s", ""]}) -> tensor<i64> {
  %0 = onnx.node "Shape" since 15(%q) : (tensor<?x2x?x4xf32>) -> tensor<4xi64>
  %c1 = arith.constant dense<2> : tensor<i64>
  %2 = onnx.node "Gather" since 13(%0, %c1) : (tensor<4xi64>, tensor<i64>) -> tensor<i64>
  return %2 : tensor<i64>
}

// CHECK-LABEL: func.func @empty_part_of_a_shape
// CHECK: %[[C:.*]] = arith.constant dense<> : tensor<0xi64>
// CHECK: return %[[C]]
func.func @empty_part_of_a_shape(%q: tensor<2x3xf32>) -> tensor<0xi64> {
  %0 = onnx.node "Shape" since 15(%q) {node_attributes = {start = 1 : i64, end = 1 : i64}} : (tensor<2x3xf32>) -> tensor<0xi64>
  return %0 : tensor<0xi64>
}

// CHECK-LABEL: func.func @unknown_beside_known
// CHECK: %[[S:.*]] = onnx.node "Concat"
// CHECK: arith.constant dense<8> : tensor<1xi64>
func.func @unknown_beside_known(%q: tensor<?x4xf32> {attune.dims = ["b", ""]}) -> (tensor<2xi64>, tensor<1xi64>) {
  %0 = onnx.node "Shape" since 15(%q) : (tensor<?x4xf32>) -> tensor<2xi64>
  %c1 = arith.constant dense<[0]> : tensor<1xi64>
  %c2 = arith.constant dense<[1]> : tensor<1xi64>
  %3 = onnx.node "Gather" since 13(%0, %c1) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %4 = onnx.node "Gather" since 13(%0, %c2) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  %c5 = arith.constant dense<2> : tensor<1xi64>
  %6 = onnx.node "Mul" since 14(%4, %c5) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %7 = onnx.node "Concat" since 13(%3, %6) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>) -> tensor<2xi64>
  %8 = onnx.node "Gather" since 13(%7, %c2) : (tensor<2xi64>, tensor<1xi64>) -> tensor<1xi64>
  return %7, %8 : tensor<2xi64>, tensor<1xi64>
}

// CHECK-LABEL: func.func @row_of_a_matrix
// CHECK: onnx.node "Gather"
// CHECK: onnx.node "Mul"
func.func @row_of_a_matrix() -> tensor<3xi64> {
  %c0 = arith.constant dense<[[1, 2, 3], [4, 5, 6]]> : tensor<2x3xi64>
  %c1 = arith.constant dense<0> : tensor<i64>
  %2 = onnx.node "Gather" since 13(%c0, %c1) : (tensor<2x3xi64>, tensor<i64>) -> tensor<3xi64>
  %c3 = arith.constant dense<[1, 1, 1]> : tensor<3xi64>
  %4 = onnx.node "Mul" since 14(%2, %c3) : (tensor<3xi64>, tensor<3xi64>) -> tensor<3xi64>
  return %4 : tensor<3xi64>
}

// CHECK-LABEL: func.func @nothing_changes
// CHECK-NOT: onnx.node
// CHECK: return %arg0 : tensor<?x4xf32>
func.func @nothing_changes(%x: tensor<?x4xf32> {attune.dims = ["b", ""]}) -> tensor<?x4xf32> {
  %0 = onnx.node "Cast" since 13(%x) {node_attributes = {to = 1 : i64}} : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %1 = onnx.node "Identity" since 16(%0) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %c2 = arith.constant dense<0.5> : tensor<f32>
  %c3 = arith.constant dense<false> : tensor<i1>
  %4 = onnx.node "Dropout" since 13(%1) : (tensor<?x4xf32>) -> tensor<?x4xf32>
  %5 = onnx.node "Dropout" since 13(%4, %c2, %c3) : (tensor<?x4xf32>, tensor<f32>, tensor<i1>) -> tensor<?x4xf32>
  return %5 : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @something_changes
// CHECK: onnx.node "Cast"
// CHECK: onnx.node "Dropout"
// CHECK: onnx.node "Dropout"
func.func @something_changes(%x: tensor<4xf32>, %t: tensor<i1>) -> tensor<4xf32> {
  %0 = onnx.node "Cast" since 13(%x) {node_attributes = {to = 11 : i64}} : (tensor<4xf32>) -> tensor<4xf64>
  %1 = onnx.node "Cast" since 13(%0) {node_attributes = {to = 1 : i64}} : (tensor<4xf64>) -> tensor<4xf32>
  %c2 = arith.constant dense<0.5> : tensor<f32>
  %c3 = arith.constant dense<true> : tensor<i1>
  %4 = onnx.node "Dropout" since 13(%1, %c2, %c3) : (tensor<4xf32>, tensor<f32>, tensor<i1>) -> tensor<4xf32>
  %5 = onnx.node "Dropout" since 13(%4, %c2, %t) : (tensor<4xf32>, tensor<f32>, tensor<i1>) -> tensor<4xf32>
  return %5 : tensor<4xf32>
}

// CHECK-LABEL: func.func @mask_of_dropout_is_used
// CHECK: onnx.node "Dropout"
func.func @mask_of_dropout_is_used(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>) {
  %0:2 = onnx.node "Dropout" since 13(%x) : (tensor<4xf32>) -> (tensor<4xf32>, tensor<4xi1>)
  return %0#0, %0#1 : tensor<4xf32>, tensor<4xi1>
}

// CHECK-LABEL: func.func @division_of_integers_drops_the_rest
// CHECK: arith.constant dense<[-3, 3]> : tensor<2xi64>
func.func @division_of_integers_drops_the_rest() -> tensor<2xi64> {
  %c0 = arith.constant dense<[-7, 7]> : tensor<2xi64>
  %c1 = arith.constant dense<[2, 2]> : tensor<2xi64>
  %2 = onnx.node "Div" since 14(%c0, %c1) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi64>
  return %2 : tensor<2xi64>
}

// CHECK-LABEL: func.func @division_by_zero
// CHECK: onnx.node "Div"
func.func @division_by_zero() -> tensor<i64> {
  %c0 = arith.constant dense<1> : tensor<i64>
  %c1 = arith.constant dense<0> : tensor<i64>
  %2 = onnx.node "Div" since 14(%c0, %c1) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %2 : tensor<i64>
}

// CHECK-LABEL: func.func @product_beyond_64_bits
// CHECK: onnx.node "Mul"
func.func @product_beyond_64_bits() -> tensor<i64> {
  %c0 = arith.constant dense<4611686018427387904> : tensor<i64>
  %c1 = arith.constant dense<2> : tensor<i64>
  %2 = onnx.node "Mul" since 14(%c0, %c1) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %2 : tensor<i64>
}

// CHECK-LABEL: func.func @product_beyond_32_bits
// CHECK: onnx.node "Mul"
func.func @product_beyond_32_bits() -> tensor<i32> {
  %c0 = arith.constant dense<65536> : tensor<i32>
  %c1 = arith.constant dense<65536> : tensor<i32>
  %2 = onnx.node "Mul" since 14(%c0, %c1) : (tensor<i32>, tensor<i32>) -> tensor<i32>
  return %2 : tensor<i32>
}

// CHECK-LABEL: func.func @product_beyond_exact_doubles
// CHECK: onnx.node "Mul"
func.func @product_beyond_exact_doubles() -> tensor<i64> {
  %c0 = arith.constant dense<3037000499> : tensor<i64>
  %c1 = arith.constant dense<3037000499> : tensor<i64>
  %2 = onnx.node "Mul" since 14(%c0, %c1) : (tensor<i64>, tensor<i64>) -> tensor<i64>
  return %2 : tensor<i64>
}

// CHECK-LABEL: func.func @maximum_keeps_nan
// CHECK: arith.constant dense<0x7FC00000> : tensor<2xf32>
func.func @maximum_keeps_nan() -> tensor<2xf32> {
  %c0 = arith.constant dense<[0x7FC00000, 1.0]> : tensor<2xf32>
  %c1 = arith.constant dense<[1.0, 0x7FC00000]> : tensor<2xf32>
  %2 = onnx.node "Max" since 13(%c0, %c1) : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %2 : tensor<2xf32>
}

// CHECK-LABEL: func.func @quotient_of_zeros
// CHECK: arith.constant dense<0x{{[7F]}}FC00000> : tensor<f32>
func.func @quotient_of_zeros() -> tensor<f32> {
  %c0 = arith.constant dense<0.0> : tensor<f32>
  %c1 = arith.constant dense<0.0> : tensor<f32>
  %2 = onnx.node "Div" since 14(%c0, %c1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %2 : tensor<f32>
}

// CHECK-LABEL: func.func @unsigned
// CHECK: onnx.node "Sub"
func.func @unsigned() -> tensor<ui32> {
  %c0 = arith.constant dense<1> : tensor<ui32>
  %c1 = arith.constant dense<2> : tensor<ui32>
  %2 = onnx.node "Sub" since 14(%c0, %c1) : (tensor<ui32>, tensor<ui32>) -> tensor<ui32>
  return %2 : tensor<ui32>
}

// CHECK-LABEL: func.func @comparison
// CHECK: arith.constant dense<[true, false]> : tensor<2xi1>
func.func @comparison() -> tensor<2xi1> {
  %c0 = arith.constant dense<[1, 2]> : tensor<2xi64>
  %c1 = arith.constant dense<[2, 2]> : tensor<2xi64>
  %2 = onnx.node "Less" since 13(%c0, %c1) : (tensor<2xi64>, tensor<2xi64>) -> tensor<2xi1>
  return %2 : tensor<2xi1>
}

// CHECK-LABEL: func.func @rounds_to_f32
// CHECK: arith.constant dense<0.333333343> : tensor<f32>
func.func @rounds_to_f32() -> tensor<f32> {
  %c0 = arith.constant dense<1.0> : tensor<f32>
  %c1 = arith.constant dense<3.0> : tensor<f32>
  %2 = onnx.node "Div" since 14(%c0, %c1) : (tensor<f32>, tensor<f32>) -> tensor<f32>
  return %2 : tensor<f32>
}

// CHECK-LABEL: func.func @cast_of_nan_to_an_integer
// CHECK: onnx.node "Cast"
func.func @cast_of_nan_to_an_integer() -> tensor<i64> {
  %c0 = arith.constant dense<0x7FC00000> : tensor<f32>
  %1 = onnx.node "Cast" since 13(%c0) {node_attributes = {to = 7 : i64}} : (tensor<f32>) -> tensor<i64>
  return %1 : tensor<i64>
}

// CHECK-LABEL: func.func @cast_to_a_narrow_integer
// CHECK: onnx.node "Cast"
func.func @cast_to_a_narrow_integer() -> tensor<i8> {
  %c0 = arith.constant dense<300> : tensor<i64>
  %1 = onnx.node "Cast" since 13(%c0) {node_attributes = {to = 3 : i64}} : (tensor<i64>) -> tensor<i8>
  return %1 : tensor<i8>
}

// CHECK-LABEL: func.func @other_domain
// CHECK: onnx.node "Sqrt" since 1(
func.func @other_domain() -> tensor<f32> {
  %c0 = arith.constant dense<4.0> : tensor<f32>
  %1 = onnx.node "Sqrt" since 1(%c0) {domain = "com.example"} : (tensor<f32>) -> tensor<f32>
  return %1 : tensor<f32>
}

// An output that nothing uses has no type; the node just goes.
// CHECK-LABEL: func.func @unused_output
// CHECK-NOT: onnx.node
// CHECK: return %arg0
func.func @unused_output(%q: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %0 = onnx.node "Shape" since 15(%q) : (tensor<2x3xf32>) -> none
  return %q : tensor<2x3xf32>
}

// Whether the node may run at all is not known here.
// CHECK-LABEL: func.func @no_elements
// CHECK: onnx.node "Range"
func.func @no_elements() -> tensor<0xi64> {
  %c0 = arith.constant dense<0> : tensor<i64>
  %c1 = arith.constant dense<5> : tensor<i64>
  %2 = onnx.node "Range" since 11(%c0, %c1, %c0) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<0xi64>
  return %2 : tensor<0xi64>
}
