// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-emit-append | FileCheck %s

// The rows that are there are copied only into other memory.
// CHECK-LABEL: func.func @append
// CHECK-DAG: %[[FROM:.*]] = memref.extract_aligned_pointer_as_index %[[S:.*]] :
// CHECK-DAG: %[[TO:.*]] = memref.extract_aligned_pointer_as_index %[[I:.*]] :
// CHECK: %[[MOVED:.*]] = arith.cmpi ne, %[[FROM]], %[[TO]]
// CHECK: %[[COUNT:.*]] = arith.select %[[MOVED]], %[[LENGTH:.*]], %{{.*}} : index
// CHECK: kernel.parallel %[[COUNT]]
// CHECK: kernel.parallel
// CHECK: arith.addi %[[LENGTH]]
func.func @append(%s: memref<?x4xf32>, %r: memref<?x4xf32>, %i: memref<?x4xf32>) {
  kernel.append %s : memref<?x4xf32> rows %r : memref<?x4xf32> outs(%i : memref<?x4xf32>)
  return
}
