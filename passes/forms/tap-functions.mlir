// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-tap-functions | FileCheck %s

// What weights alone give is not tapped, nor what has a range.
// CHECK-LABEL: func.func @model
// CHECK-SAME: -> (tensor<4xf16>,
// CHECK-SAME: tensor<f32> {attune.dims = [], attune.name = "attune.low exp /Softmax"},
// CHECK-SAME: tensor<f32> {attune.dims = [], attune.name = "attune.high exp /Softmax"})
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]
// CHECK: arith.extf
// CHECK: arith.minimumf
// CHECK: linalg.generic {{.*}}iterator_types = ["reduction"]
// CHECK: arith.maximumf
// CHECK-NOT: arith.minimumf
func.func @model(%x: tensor<4xf16>) -> tensor<4xf16> {
  %w = arith.constant dense<2.0> : tensor<4xf16>
  %0 = attn.poly exp %x {site = "/Softmax"} : tensor<4xf16>
  %1 = attn.poly inverse %w {site = "/Softmax"} : tensor<4xf16>
  %2 = attn.poly tanh %0 {range = array<f64: 0.0, 1.0>, degree = 3 : i64, site = "/Tanh"} : tensor<4xf16>
  %3 = linalg.add ins(%1, %2 : tensor<4xf16>, tensor<4xf16>) outs(%2 : tensor<4xf16>) -> tensor<4xf16>
  return %3 : tensor<4xf16>
}
