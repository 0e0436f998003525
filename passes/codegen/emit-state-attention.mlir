// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-emit-state-attention="lanes=4" --canonicalize | FileCheck %s

// Steps go one after another; each passes over the rows of the state twice,
// first to see what it holds of the key, then to change it. No loop is nested in
// a loop over other steps, and nothing is allocated.
// CHECK-LABEL: func.func @delta
// CHECK-NOT: memref.alloc
// CHECK: kernel.parallel
// CHECK: scf.for %[[ITEM:.*]] =
// CHECK: scf.for
// CHECK: vector.maskedstore %arg6
// CHECK: scf.for %[[STEP:.*]] =
// CHECK: %[[KNOWN:.*]] = scf.for {{.*}} -> (vector<4xf32>)
// CHECK: vector.maskedload %arg6
// CHECK: memref.load %arg1[%{{.*}}, %[[STEP]],
// CHECK: vector.fma
// CHECK: arith.subf %{{.*}}, %[[KNOWN]]
// CHECK: %[[SUMS:.*]]:2 = scf.for {{.*}} -> (vector<4xf32>, vector<4xf32>)
// CHECK: vector.maskedstore %arg6
// CHECK: vector.maskedstore %arg5[%{{.*}}, %[[STEP]],
// CHECK: vector.maskedstore %arg5[%{{.*}}, %[[STEP]],
// CHECK-NOT: memref.alloc
func.func @delta(%q: memref<2x?x16xf32>, %k: memref<2x?x8xf32>, %v: memref<2x?x12xf32>,
                 %past: memref<2x2x4x6xf32>, %rate: memref<2x?x2xf32>,
                 %out: memref<2x?x24xf32>, %state: memref<2x2x4x6xf32>) {
  kernel.state_attention query(%q : memref<2x?x16xf32>) key(%k : memref<2x?x8xf32>)
      value(%v : memref<2x?x12xf32>) past(%past : memref<2x2x4x6xf32>)
      rate(%rate : memref<2x?x2xf32>)
      outs(%out, %state : memref<2x?x24xf32>, memref<2x2x4x6xf32>)
      {heads = 4 : i64, key_heads = 2 : i64, scale = 0.5 : f64}
  return
}
