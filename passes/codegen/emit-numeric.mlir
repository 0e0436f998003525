// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-emit-fft=lanes=4 --attune-emit-ordered --canonicalize | FileCheck %s

// 64 = 4^2 * 4 lanes: two passes over memory, each with two halvings, no pass
// with one; the last two halvings shuffle lanes.
// CHECK-LABEL: func.func @forward
// CHECK: kernel.parallel
// CHECK: scf.for {{.*}} iter_args(%[[QUARTER:.*]] = %c16) -> (index)
// CHECK: vector.load %arg0
// CHECK: arith.divui %[[QUARTER]], %c4
// CHECK-NOT: vector.load %arg0
// CHECK-COUNT-2: vector.shuffle %{{.*}} [2, 3, 0, 1]
// CHECK-COUNT-2: vector.shuffle %{{.*}} [1, 0, 3, 2]
// CHECK-NOT: vector.shuffle
// CHECK: return
func.func @forward(%t: memref<2x64xf32>, %re: memref<?x64xf32>, %im: memref<?x64xf32>) {
  kernel.fft twiddles(%t : memref<2x64xf32>) outs(%re, %im : memref<?x64xf32>, memref<?x64xf32>)
  return
}

// The inverse starts within vectors; 32 = 2 * 4 * 4 lanes needs one single
// halving in memory. f64 has half as many lanes.
// CHECK-LABEL: func.func @inverse
// CHECK: vector.shuffle %{{.*}} [1, 0] : vector<2xf64>
// CHECK: scf.for {{.*}} iter_args(%[[QUARTER:.*]] = %c2) -> (index)
// CHECK: vector.load %arg0
// CHECK: arith.muli %[[QUARTER]], %c4
func.func @inverse(%t: memref<2x32xf64>, %re: memref<?x32xf64>, %im: memref<?x32xf64>) {
  kernel.fft twiddles(%t : memref<2x32xf64>) outs(%re, %im : memref<?x32xf64>, memref<?x32xf64>) {inverse}
  return
}

// Without scratch memory for all items, the best so far are a heap.
// CHECK-LABEL: func.func @few
// CHECK: kernel.parallel
// CHECK-NOT: memref.store {{.*}} %arg2
// CHECK: scf.while
// CHECK: return
func.func @few(%x: memref<?x100x1xf32>, %p: memref<?x3xi64>, %s: memref<?x0xi64>) {
  kernel.sort keys(%x : memref<?x100x1xf32>) outs(%p, %s : memref<?x3xi64>, memref<?x0xi64>) {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.cmpf olt, %a, %b : f32
      kernel.yield %0 : i1
  }
  return
}

// With it, runs are merged there; the result is copied.
// CHECK-LABEL: func.func @all
// CHECK: memref.store {{.*}} %arg2
// CHECK: scf.while
// CHECK: arith.minsi
// CHECK: memref.store {{.*}} %arg2
// CHECK: %[[ITEM:.*]] = memref.load %arg2
// CHECK: memref.store %[[ITEM]], %arg1
func.func @all(%x: memref<?x100x1xf32>, %p: memref<?x100xi64>, %s: memref<?x200xi64>) {
  kernel.sort keys(%x : memref<?x100x1xf32>) outs(%p, %s : memref<?x100xi64>, memref<?x200xi64>) {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.cmpf olt, %a, %b : f32
      kernel.yield %0 : i1
  }
  return
}

// The pivot is the largest element; each swap turns the sign.
// CHECK-LABEL: func.func @determinant
// CHECK: kernel.parallel
// CHECK: math.absf
// CHECK: arith.cmpf ogt
// CHECK: arith.divf
// CHECK: arith.negf
// CHECK: memref.store %{{.*}}, %arg1
func.func @determinant(%x: memref<?x3x3xf32>, %y: memref<?xf32>) {
  kernel.determinant outs(%x, %y : memref<?x3x3xf32>, memref<?xf32>)
  return
}
