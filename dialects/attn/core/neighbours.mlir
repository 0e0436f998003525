// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s | attune-opt | FileCheck %s --check-prefix=SAME
// RUN: attune-opt %s --attune-decompose-forms | FileCheck %s

// SAME-LABEL: func.func @layer_norm
// SAME: attn.layer_norm %arg0 scale(%arg1 : tensor<8xf32>) bias(%arg2 : tensor<8xf32>) {axis = 1 : i64, epsilon = 1.000000e-05 : f64} : tensor<4x8xf32>
// CHECK-LABEL: func.func @layer_norm
// CHECK-NOT: attn.
// The sum is over the second dimension; the mean is taken off before squares.
// CHECK: %[[SUM:.*]] = linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%arg0
// CHECK: %[[MEAN:.*]] = linalg.generic {{.*}} ins(%[[SUM]]
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%arg0, %[[MEAN]]
// CHECK: arith.subf
// CHECK: arith.mulf
// CHECK: arith.addf
// CHECK: math.sqrt
// CHECK: ins(%arg0, %[[MEAN]], %{{.*}}, %arg1, %arg2
func.func @layer_norm(%x: tensor<4x8xf32>, %s: tensor<8xf32>, %b: tensor<8xf32>) -> tensor<4x8xf32> {
  %y = attn.layer_norm %x scale(%s : tensor<8xf32>) bias(%b : tensor<8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// SAME-LABEL: func.func @rms_norm
// SAME: attn.rms_norm %arg0 scale(%arg1 : tensor<8xf32>) {axis = 1 : i64, epsilon = {{.*}} : f64} : tensor<4x8xf32>
// CHECK-LABEL: func.func @rms_norm
// CHECK-NOT: attn.
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction"]} ins(%arg0
// CHECK: arith.mulf
// CHECK: math.sqrt
// CHECK: ins(%arg0, %{{.*}}, %arg1
func.func @rms_norm(%x: tensor<4x8xf32>, %s: tensor<8xf32>) -> tensor<4x8xf32> {
  %y = attn.rms_norm %x scale(%s : tensor<8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-6 : f64} : tensor<4x8xf32>
  return %y : tensor<4x8xf32>
}

// The sums over two dimensions divide by the product of both sizes.
// CHECK-LABEL: func.func @two_dimensions
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "reduction", "reduction"]}
// CHECK: %[[D:.*]] = tensor.dim %arg0, %c1
// CHECK: arith.muli %[[D]], %c8
func.func @two_dimensions(%x: tensor<4x?x8xf32>, %s: tensor<?x8xf32>) -> tensor<4x?x8xf32> {
  %y = attn.rms_norm %x scale(%s : tensor<?x8xf32>)
      {axis = 1 : i64, epsilon = 1.0e-6 : f64} : tensor<4x?x8xf32>
  return %y : tensor<4x?x8xf32>
}

// SAME-LABEL: func.func @gelu
// SAME: attn.gelu %arg0 {tanh} : tensor<4x8xf32>
// SAME: attn.gelu %{{.*}} : tensor<4x8xf32>
// CHECK-LABEL: func.func @gelu
// CHECK: math.tanh
// CHECK: math.erf
func.func @gelu(%x: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %y = attn.gelu %x {tanh} : tensor<4x8xf32>
  %z = attn.gelu %y : tensor<4x8xf32>
  return %z : tensor<4x8xf32>
}

// SAME-LABEL: func.func @rotary
// SAME: attn.rotary %arg0 angles(%arg1, %arg2 : tensor<7x4xf32>) {angle_map = #{{.*}}} : tensor<1x2x7x8xf32>
// CHECK-LABEL: func.func @rotary
// CHECK: %[[P:.*]] = tensor.expand_shape %arg0 {{.*}} into tensor<1x2x7x2x4xf32>
// CHECK: linalg.generic {{.*}} ins(%[[P]], %[[P]], %arg1, %arg2
// CHECK: tensor.collapse_shape {{.*}} into tensor<1x2x7x8xf32>
func.func @rotary(%x: tensor<1x2x7x8xf32>, %c: tensor<7x4xf32>, %s: tensor<7x4xf32>) -> tensor<1x2x7x8xf32> {
  %y = attn.rotary %x angles(%c, %s : tensor<7x4xf32>)
      {angle_map = affine_map<(b, h, i) -> (i)>} : tensor<1x2x7x8xf32>
  return %y : tensor<1x2x7x8xf32>
}

// SAME-LABEL: func.func @interleaved
// SAME: interleaved
// CHECK-LABEL: func.func @interleaved
// CHECK: tensor.expand_shape %arg0 {{.*}} into tensor<3x4x2xf32>
func.func @interleaved(%x: tensor<3x8xf32>, %c: tensor<1x8xf32>, %s: tensor<1x8xf32>) -> tensor<3x8xf32> {
  %y = attn.rotary %x angles(%c, %s : tensor<1x8xf32>)
      {angle_map = affine_map<(i) -> (0)>, interleaved} : tensor<3x8xf32>
  return %y : tensor<3x8xf32>
}
