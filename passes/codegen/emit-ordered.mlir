// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-emit-ordered --canonicalize | FileCheck %s

// Lines are a range of work; along a line the total is carried.
// CHECK-LABEL: func.func @exclusive_from_the_end
// CHECK: kernel.parallel
// CHECK: scf.for
// CHECK: scf.for {{.*}} iter_args(%[[TOTAL:.*]] = %{{.*}}) -> (f32)
// CHECK: %[[ELEMENT:.*]] = memref.load %arg0
// CHECK: %[[NEXT:.*]] = arith.addf %[[TOTAL]], %[[ELEMENT]]
// CHECK: memref.store %[[TOTAL]], %arg1
// CHECK: scf.yield %[[NEXT]]
func.func @exclusive_from_the_end(%x: memref<3x?xf32>, %y: memref<3x?xf32>) {
  kernel.scan ins(%x : memref<3x?xf32>) outs(%y : memref<3x?xf32>)
      attributes {axis = 1 : i64, start = 0.0 : f32, exclusive, reverse} {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %a, %b : f32
      kernel.yield %0 : f32
  }
  return
}

// Updates may meet at one place, so they go one after another.
// CHECK-LABEL: func.func @rows
// CHECK-NOT: kernel.parallel
// CHECK: scf.for %[[I:.*]] =
// CHECK: scf.for %[[J:.*]] =
// CHECK: %[[INDEX:.*]] = memref.load %arg0[%[[I]], %{{.*}}]
// CHECK: %[[ROW:.*]] = arith.index_cast %[[INDEX]]
// CHECK: memref.load %arg2[%[[ROW]], %[[J]]]
// CHECK: memref.store %{{.*}}, %arg2[%[[ROW]], %[[J]]]
func.func @rows(%i: memref<?x1xi64>, %u: memref<?x4xf32>, %y: memref<9x4xf32>) {
  kernel.scatter indices(%i : memref<?x1xi64>) updates(%u : memref<?x4xf32>) outs(%y : memref<9x4xf32>)
      attributes {positions = [affine_map<(a, b) -> (a, 0)>, affine_map<(a, b) -> (b)>],
                  indexed = array<i1: true, false>} {
    ^bb0(%a: f32, %b: f32):
      %0 = arith.addf %a, %b : f32
      kernel.yield %0 : f32
  }
  return
}
