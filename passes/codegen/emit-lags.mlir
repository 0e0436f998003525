// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-emit-lags="lanes=8 rows=2 vectors=1" --canonicalize | FileCheck %s

// 12 = 4 * 3: two passes forward, one over the rows' products, two back. Lanes
// are columns: nothing is shuffled.
// CHECK-LABEL: func.func @circulant
// CHECK: kernel.parallel
// CHECK: vector.maskedload %arg2
// CHECK-NOT: vector.shuffle
// CHECK-COUNT-8: vector.load %arg4
// CHECK-COUNT-6: vector.load %arg4
// CHECK: memref.load %arg0
// CHECK: vector.maskedstore %arg3
// CHECK: return
func.func @circulant(%s: memref<1x12x2x1xf32>, %w: memref<2x12xf32>, %x: memref<1x2x6x3xf32>, %y: memref<1x2x6x3xf32>, %p: memref<4x12x2x8xf32>) {
  kernel.circulant spectrum(%s : memref<1x12x2x1xf32>) twiddles(%w : memref<2x12xf32>) input(%x : memref<1x2x6x3xf32>) outs(%y, %p : memref<1x2x6x3xf32>, memref<4x12x2x8xf32>)
  return
}

// A causal tile sums what both of its rows see, then its border.
// CHECK-LABEL: func.func @causal
// CHECK: scf.for {{.*}} iter_args
// CHECK-COUNT-2: vector.fma
// CHECK: scf.for {{.*}} iter_args
// CHECK: arith.select
// CHECK: vector.maskedstore %arg2
func.func @causal(%t: memref<1x?xf32>, %x: memref<?x2x?x3xf32>, %y: memref<?x2x?x3xf32>) {
  kernel.lag_sum taps(%t : memref<1x?xf32>) input(%x : memref<?x2x?x3xf32>) outs(%y : memref<?x2x?x3xf32>) {causal}
  return
}
