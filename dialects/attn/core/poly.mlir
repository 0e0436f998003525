// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-decompose-forms | FileCheck %s

// Products, sums and differences are all that is left: 12 steps are 24 products.
// CHECK-LABEL: func.func @inverse
// CHECK-NOT: arith.div
// CHECK: linalg.generic
// CHECK-COUNT-24: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: linalg.yield
func.func @inverse(%x: tensor<?x4xf32>) -> tensor<?x4xf32> {
  %y = attn.poly inverse %x {range = array<f64: 0.015625, 1.0>, steps = 12 : i64} : tensor<?x4xf32>
  return %y : tensor<?x4xf32>
}

// CHECK-LABEL: func.func @inverse_sqrt
// CHECK-NOT: math.
// CHECK: linalg.generic
// CHECK-COUNT-5: arith.mulf
// CHECK-NEXT: arith.subf
// CHECK-NEXT: linalg.yield
func.func @inverse_sqrt(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = attn.poly inverse_sqrt %x {range = array<f64: 0.25, 4.0>, steps = 1 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// CHECK-LABEL: func.func @gelu
// CHECK-NOT: math.
// CHECK-NOT: arith.cmpf
// CHECK-NOT: arith.select
// CHECK: linalg.generic
// CHECK-COUNT-9: arith.mulf
// CHECK-NOT: arith.mulf
// CHECK: linalg.yield
func.func @gelu(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = attn.poly gelu %x {range = array<f64: -4.0, 4.0>, degree = 8 : i64} : tensor<4xf32>
  return %y : tensor<4xf32>
}

// Halves are computed in f32, and f64 in f64.
// CHECK-LABEL: func.func @types
// CHECK: arith.extf {{.*}} : f16 to f32
// CHECK: arith.mulf {{.*}} : f32
// CHECK: arith.truncf {{.*}} : f32 to f16
// CHECK: arith.mulf {{.*}} : f64
func.func @types(%x: tensor<4xf16>, %z: tensor<4xf64>) -> (tensor<4xf16>, tensor<4xf64>) {
  %y = attn.poly tanh %x {range = array<f64: -4.0, 4.0>, degree = 3 : i64} : tensor<4xf16>
  %w = attn.poly tanh %z {range = array<f64: -4.0, 4.0>, degree = 3 : i64} : tensor<4xf64>
  return %y, %w : tensor<4xf16>, tensor<4xf64>
}

// Without a range it is the function.
// CHECK-LABEL: func.func @function
// CHECK: math.sqrt
// CHECK: arith.divf
// CHECK: math.tanh
func.func @function(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = attn.poly inverse_sqrt %x : tensor<4xf32>
  %z = attn.poly gelu_tanh %y {site = "/layer.0/Gelu"} : tensor<4xf32>
  return %z : tensor<4xf32>
}
