// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-open-functions | FileCheck %s

// CHECK-LABEL: func.func @norms
// CHECK: attn.poly inverse_sqrt {{.*}}site = "/Norm"
// CHECK: attn.poly gelu_tanh {{.*}}site = "/Gelu"
// CHECK: attn.poly inverse_sqrt {{.*}}site = "/Norm#2"
// CHECK: attn.poly gelu {{.*}}site = "/Gelu"
// CHECK-NOT: math.
func.func @norms(%x: tensor<4x8xf32>, %w: tensor<8xf32>) -> tensor<4x8xf32> {
  %0 = attn.layer_norm %x scale(%w : tensor<8xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32> loc("/Norm")
  %1 = attn.gelu %0 {tanh} : tensor<4x8xf32> loc("/Gelu")
  %2 = attn.rms_norm %1 scale(%w : tensor<8xf32>) {axis = 1 : i64, epsilon = 1.0e-5 : f64} : tensor<4x8xf32> loc("/Norm")
  %3 = attn.gelu %2 : tensor<4x8xf32> loc("/Gelu")
  return %3 : tensor<4x8xf32>
}

// Names that are there stay.
// CHECK-LABEL: func.func @named
// CHECK: attn.poly exp {{.*}}site = "/Softmax"
// CHECK: attn.poly inverse {{.*}}site = "/Softmax"
func.func @named(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = attn.poly exp %x {site = "/Softmax"} : tensor<4xf32>
  %1 = attn.poly inverse %0 {site = "/Softmax"} : tensor<4xf32>
  return %1 : tensor<4xf32>
}
