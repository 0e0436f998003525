// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-emit-recurrence="lanes=4" --canonicalize | FileCheck %s

// Batch items are a range of work. The time loop counts from the end; it stops
// at the item's own length, and what is after it becomes 0. The new hidden state
// lies in the output until all units have read the old one.
// CHECK-LABEL: func.func @backwards
// CHECK-NOT: memref.alloc
// CHECK: kernel.parallel
// CHECK: scf.for %[[ITEM:.*]] =
// CHECK: %[[LENGTH:.*]] = memref.load %arg3[%[[ITEM]]]
// CHECK: %[[COUNT:.*]] = arith.index_cast %[[LENGTH]]
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %[[COUNT]]
// CHECK: %[[LAST:.*]] = arith.subi %[[COUNT]], %{{.*}}
// CHECK: %[[STEP:.*]] = arith.subi %[[LAST]], %[[I]]
// CHECK: vector.maskedload %arg0[%[[STEP]], %[[ITEM]],
// CHECK: scf.for {{.*}} -> (vector<4xf32>)
// CHECK: memref.load %arg5[%[[ITEM]],
// CHECK: vector.maskedload %arg1
// CHECK: math.tanh %{{.*}} : vector<4xf32>
// CHECK: vector.maskedstore %arg4[%[[STEP]], %[[ITEM]],
// CHECK: vector.maskedstore %arg5[%[[ITEM]],
// CHECK: scf.for %[[REST:.*]] = %[[COUNT]] to
// CHECK: vector.maskedstore %arg4[%[[REST]], %[[ITEM]],
func.func @backwards(%x: memref<?x?x5xf32>, %w: memref<5x5xf32>, %h0: memref<?x5xf32>,
                     %lengths: memref<?xi32>, %y: memref<?x?x5xf32>, %h: memref<?x5xf32>) {
  kernel.recurrence input(%x : memref<?x?x5xf32>) weights(%w : memref<5x5xf32>)
      states(%h0 : memref<?x5xf32>) lengths(%lengths : memref<?xi32>)
      outs(%y, %h : memref<?x?x5xf32>, memref<?x5xf32>)
      attributes {gates = 1 : i64, parameter_count = 0 : i64, reverse}
      early {} cell {
    ^bb0(%in: f32, %product: f32, %before: f32):
      %sum = arith.addf %in, %product : f32
      %next = math.tanh %sum : f32
      kernel.yield %next : f32
  }
  return
}
