// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-lower-onnx | FileCheck %s

// Values of the input's own type are not copied, but used as they are.
// CHECK-LABEL: func.func @same
// CHECK-SAME: %{{.+}}: tensor<2x4xf32>, %[[SCALE:[^:]+]]: tensor<4xf32>, %[[BIAS:[^:]+]]: tensor<4xf32>
// CHECK-NOT: ins(%[[SCALE]] :
// CHECK-NOT: ins(%[[BIAS]] :
// CHECK: return
func.func @same(%x: tensor<2x4xf32>, %scale: tensor<4xf32>, %bias: tensor<4xf32>, %mean: tensor<4xf32>,
    %variance: tensor<4xf32>) -> tensor<2x4xf32> {
  %0 = onnx.node "BatchNormalization" since 15 (%x, %scale, %bias, %mean, %variance)
      : (tensor<2x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @wider
// CHECK: arith.extf
func.func @wider(%x: tensor<2x4xf64>, %scale: tensor<4xf32>, %bias: tensor<4xf32>, %mean: tensor<4xf32>,
    %variance: tensor<4xf32>) -> tensor<2x4xf64> {
  %0 = onnx.node "BatchNormalization" since 15 (%x, %scale, %bias, %mean, %variance)
      : (tensor<2x4xf64>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x4xf64>
  return %0 : tensor<2x4xf64>
}
