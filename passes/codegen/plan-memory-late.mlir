// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-plan-memory | FileCheck %s

func.func private @fill(!llvm.ptr, memref<?xf32>)
func.func private @copy(!llvm.ptr, memref<?xf32>, memref<?xf32>)
func.func private @count(!llvm.ptr, memref<i64>)

// Sizes of inputs are known at the start, what a tensor says is known after it
// was computed: its buffers ask there, and share one place if they can.
// CHECK-LABEL: func.func @late
// CHECK: %[[EARLY:.*]], %{{.*}} = kernel.workspace
// CHECK: call @count
// CHECK: %[[COUNT:.*]] = arith.index_cast
// CHECK: %[[LATE:.*]], %{{.*}} = kernel.workspace
// CHECK: memref.view %[[LATE]][%{{.*}}][%[[COUNT]]]
// CHECK: kernel.output 0[%[[COUNT]]]
// CHECK: call @copy
// CHECK-NOT: memref.copy
func.func @late(%services: !llvm.ptr) -> memref<?xf32> {
  %n = memref.alloc() : memref<i64>
  call @count(%services, %n) : (!llvm.ptr, memref<i64>) -> ()
  %0 = memref.load %n[] : memref<i64>
  %size = arith.index_cast %0 : i64 to index
  %x = memref.alloc(%size) : memref<?xf32>
  call @fill(%services, %x) : (!llvm.ptr, memref<?xf32>) -> ()
  %y = memref.alloc(%size) : memref<?xf32>
  call @copy(%services, %x, %y) : (!llvm.ptr, memref<?xf32>, memref<?xf32>) -> ()
  return %y : memref<?xf32>
}

// CHECK-LABEL: func.func @shared
// CHECK-COUNT-2: kernel.workspace
// CHECK-NOT: kernel.workspace
func.func @shared(%services: !llvm.ptr) {
  %n = memref.alloc() : memref<i64>
  call @count(%services, %n) : (!llvm.ptr, memref<i64>) -> ()
  %0 = memref.load %n[] : memref<i64>
  %size = arith.index_cast %0 : i64 to index
  %x = memref.alloc(%size) : memref<?xf32>
  call @fill(%services, %x) : (!llvm.ptr, memref<?xf32>) -> ()
  %y = memref.alloc(%size) : memref<?xf32>
  call @fill(%services, %y) : (!llvm.ptr, memref<?xf32>) -> ()
  return
}
