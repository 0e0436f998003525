// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-plan-loops --split-input-file | FileCheck %s

// A size that is known before the loop: memory is asked for once, and buffers
// that do not live at the same time share it.
// CHECK-LABEL: func.func @known
// CHECK: %[[ALL:.*]] = memref.alloc() : memref<64xi8>
// CHECK: scf.for
// CHECK: memref.view %[[ALL]]
// CHECK: memref.view %[[ALL]]
// CHECK-NOT: kernel.workspace
func.func @known(%services: !llvm.ptr, %x: memref<4xf32>, %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %i = %zero to %n step %one {
    %0 = memref.alloc() : memref<4xf32>
    func.call @work(%services, %x, %0) : (!llvm.ptr, memref<4xf32>, memref<4xf32>) -> ()
    %1 = memref.alloc() : memref<4xf32>
    func.call @work(%services, %x, %1) : (!llvm.ptr, memref<4xf32>, memref<4xf32>) -> ()
  }
  return
}
func.func private @work(!llvm.ptr, memref<4xf32>, memref<4xf32>)

// -----

// A state that changes its size is kept in memory that outlives the trip; the
// rest is given back.
// CHECK-LABEL: func.func @growing
// CHECK: scf.for {{.*}} iter_args(%[[OLD:.*]] = %arg1)
// CHECK: %[[MARK:.*]] = kernel.mark of %arg0
// CHECK: %[[BYTES:.*]], %{{.*}} = kernel.workspace
// CHECK: %[[NEW:.*]] = memref.view %[[BYTES]]
// CHECK: func.call @grow(%arg0, %[[OLD]], %[[NEW]])
// CHECK: %[[PLACE:.*]], %{{.*}} = kernel.grow 0
// CHECK: %[[KEPT:.*]] = memref.view %[[PLACE]]
// CHECK: memref.copy %[[NEW]], %[[KEPT]]
// CHECK: kernel.release %[[MARK]]
// CHECK: scf.yield %[[KEPT]]
func.func @growing(%services: !llvm.ptr, %x: memref<?xf32>, %n: index) -> memref<?xf32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %0 = scf.for %i = %zero to %n step %one iter_args(%s = %x) -> (memref<?xf32>) {
    %dim = memref.dim %s, %zero : memref<?xf32>
    %more = arith.addi %dim, %one : index
    %1 = memref.alloc(%more) : memref<?xf32>
    func.call @grow(%services, %s, %1) : (!llvm.ptr, memref<?xf32>, memref<?xf32>) -> ()
    scf.yield %1 : memref<?xf32>
  }
  return %0 : memref<?xf32>
}
func.func private @grow(!llvm.ptr, memref<?xf32>, memref<?xf32>)

// -----

// What a branch gives on has memory of its own; the rest of both branches
// shares one piece, the larger one.
// CHECK-LABEL: func.func @branches
// CHECK: %[[SHARED:.*]] = memref.alloc() : memref<128xi8>
// CHECK: scf.if
// CHECK: memref.view %[[SHARED]]
// CHECK: kernel.workspace
// CHECK: else
// CHECK: memref.view %[[SHARED]]
func.func @branches(%services: !llvm.ptr, %c: i1, %x: memref<4xf32>) -> memref<4xf32> {
  %0 = scf.if %c -> (memref<4xf32>) {
    %1 = memref.alloc() : memref<4xf32>
    func.call @work(%services, %x, %1) : (!llvm.ptr, memref<4xf32>, memref<4xf32>) -> ()
    %2 = memref.alloc() : memref<4xf32>
    func.call @work(%services, %1, %2) : (!llvm.ptr, memref<4xf32>, memref<4xf32>) -> ()
    scf.yield %2 : memref<4xf32>
  } else {
    %1 = memref.alloc() : memref<32xf32>
    func.call @other(%services, %1) : (!llvm.ptr, memref<32xf32>) -> ()
    scf.yield %x : memref<4xf32>
  }
  return %0 : memref<4xf32>
}
func.func private @work(!llvm.ptr, memref<4xf32>, memref<4xf32>)
func.func private @other(!llvm.ptr, memref<32xf32>)

// -----

// A trip that calls no kernel asks whether the run should go on.
// CHECK-LABEL: func.func @endless
// CHECK: do
// CHECK: kernel.goes_on
// CHECK: scf.yield
func.func @endless(%services: !llvm.ptr, %flag: memref<i1>) {
  scf.while : () -> () {
    %0 = memref.load %flag[] : memref<i1>
    scf.condition(%0)
  } do {
    scf.yield
  }
  return
}
