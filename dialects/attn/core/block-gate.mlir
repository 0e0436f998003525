// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s | attune-opt | FileCheck %s --check-prefix=SAME
// RUN: attune-opt %s --attune-decompose-forms | FileCheck %s

// SAME-LABEL: func.func @threshold
// SAME: attn.block_gate query(%arg0 : tensor<1x4x5x8xf32>) key(%arg1 : tensor<1x2x5x8xf32>) {block = 64 : i64, causal, last_dense = 2 : i64, own_block, scale = 3.500000e-01 : f64, threshold = 2.000000e-03 : f64} -> tensor<1x4x5x5xi1>
// CHECK-LABEL: func.func @threshold
// Heads of keys are repeated, then it is one product, and a softmax by rows.
// CHECK: arith.divui
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction"]
// CHECK: math.exp
// CHECK-NOT: kernel.sort
// CHECK: arith.cmpf ogt
// CHECK-NOT: attn.
// CHECK: return
func.func @threshold(%q: tensor<1x4x5x8xf32>, %k: tensor<1x2x5x8xf32>) -> tensor<1x4x5x5xi1> {
  %m = attn.block_gate query(%q : tensor<1x4x5x8xf32>) key(%k : tensor<1x2x5x8xf32>)
      {block = 64 : i64, scale = 0.35 : f64, threshold = 2.0e-3 : f64, causal,
       own_block, last_dense = 2 : i64} -> tensor<1x4x5x5xi1>
  return %m : tensor<1x4x5x5xi1>
}

// SAME-LABEL: func.func @ratio
// SAME: offset %arg1 {block = 64 : i64, causal, ratio = 1.000000e-01 : f64, scale = 3.500000e-01 : f64}
// CHECK-LABEL: func.func @ratio
// How many are chosen follows from the number of blocks.
// CHECK: arith.mulf %{{.*}}, %{{.*}} : f64
// CHECK: arith.fptosi
// CHECK: kernel.sort
func.func @ratio(%q: tensor<1x4x?x8xf32>, %n: index) -> tensor<1x4x?x?xi1> {
  %m = attn.block_gate query(%q : tensor<1x4x?x8xf32>) key(%q : tensor<1x4x?x8xf32>) offset %n
      {block = 64 : i64, scale = 0.35 : f64, ratio = 0.1 : f64, causal} -> tensor<1x4x?x?xi1>
  return %m : tensor<1x4x?x?xi1>
}
