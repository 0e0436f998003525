// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s | attune-opt | FileCheck %s --check-prefix=SAME
// RUN: attune-opt %s --attune-decompose-forms | FileCheck %s

// SAME-LABEL: func.func @merge
// SAME: attn.merge results(%arg0, %arg1 : tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>) sums(%arg2, %arg3 : tensor<2x4x9xf32>, tensor<2x4x9xf32>) -> tensor<2x4x9x8xf32>, tensor<2x4x9xf32>
// CHECK-LABEL: func.func @merge
// One exponential a row, none an element.
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel"]
// CHECK-COUNT-2: math.exp
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "parallel"]
// CHECK-NOT: math.exp
// CHECK: return
func.func @merge(%a: tensor<2x4x9x8xf32>, %b: tensor<2x4x9x8xf32>, %la: tensor<2x4x9xf32>, %lb: tensor<2x4x9xf32>) -> (tensor<2x4x9x8xf32>, tensor<2x4x9xf32>) {
  %o, %l = attn.merge results(%a, %b : tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>)
      sums(%la, %lb : tensor<2x4x9xf32>, tensor<2x4x9xf32>)
      -> tensor<2x4x9x8xf32>, tensor<2x4x9xf32>
  return %o, %l : tensor<2x4x9x8xf32>, tensor<2x4x9xf32>
}

// SAME-LABEL: func.func @pool
// SAME: attn.pool ["max", "min", "avg"] %arg0 {block = 4 : i64} : tensor<2x4x?x8xf32> -> tensor<2x4x?x24xf32>
// CHECK-LABEL: func.func @pool
// One pass over the input for all kinds; the width is the inner loop.
// CHECK: linalg.generic {{.*}}iterator_types = ["parallel", "parallel", "parallel", "reduction", "parallel"]
// CHECK-COUNT-1: tensor.extract %arg0
// CHECK-NOT: tensor.extract %arg0
// CHECK: tensor.concat dim(3)
func.func @pool(%x: tensor<2x4x?x8xf32>) -> tensor<2x4x?x24xf32> {
  %y = attn.pool ["max", "min", "avg"] %x {block = 4 : i64}
      : tensor<2x4x?x8xf32> -> tensor<2x4x?x24xf32>
  return %y : tensor<2x4x?x24xf32>
}

// SAME-LABEL: func.func @select
// SAME: attn.select %arg0 {top = 3 : i64}
// SAME: attn.select %arg0 count %arg1 :
// SAME: attn.select %arg0 {threshold = 5.000000e-01 : f64}
// CHECK-LABEL: func.func @select
// CHECK: kernel.sort
// CHECK: kernel.sort
// CHECK-NOT: kernel.sort
// CHECK: arith.cmpf ogt
// CHECK: return
func.func @select(%x: tensor<2x4x9xf32>, %k: index) -> (tensor<2x4x9xi1>, tensor<2x4x9xi1>, tensor<2x4x9xi1>) {
  %0 = attn.select %x {top = 3 : i64} : tensor<2x4x9xf32> -> tensor<2x4x9xi1>
  %1 = attn.select %x count %k : tensor<2x4x9xf32> -> tensor<2x4x9xi1>
  %2 = attn.select %x {threshold = 0.5 : f64} : tensor<2x4x9xf32> -> tensor<2x4x9xi1>
  return %0, %1, %2 : tensor<2x4x9xi1>, tensor<2x4x9xi1>, tensor<2x4x9xi1>
}

// SAME-LABEL: func.func @block_list
// SAME: attn.block_list %arg0 : tensor<1x4x3x7xi1> -> tensor<1x4x3xi32>, tensor<1x4x3x5xi32>
// CHECK-LABEL: func.func @block_list
// CHECK: kernel.scan
// CHECK: scf.while
func.func @block_list(%m: tensor<1x4x3x7xi1>) -> (tensor<1x4x3xi32>, tensor<1x4x3x5xi32>) {
  %c, %l = attn.block_list %m
      : tensor<1x4x3x7xi1> -> tensor<1x4x3xi32>, tensor<1x4x3x5xi32>
  return %c, %l : tensor<1x4x3xi32>, tensor<1x4x3x5xi32>
}

// CHECK-LABEL: func.func @constant_list
// CHECK-DAG: arith.constant dense<{{\[\[\[}}2, 0, 2]]]> : tensor<1x1x3xi32>
// CHECK-DAG: arith.constant dense<{{\[\[\[\[}}1, 3], [0, 0], [0, 1]]]]> : tensor<1x1x3x2xi32>
// CHECK-NEXT: return
func.func @constant_list() -> (tensor<1x1x3xi32>, tensor<1x1x3x2xi32>) {
  %m = arith.constant dense<[[[[0, 1, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]]]]> : tensor<1x1x3x4xi1>
  %c, %l = attn.block_list %m
      : tensor<1x1x3x4xi1> -> tensor<1x1x3xi32>, tensor<1x1x3x2xi32>
  return %c, %l : tensor<1x1x3xi32>, tensor<1x1x3x2xi32>
}

// SAME-LABEL: func.func @hash_and_bucket
// SAME: attn.hash_codes %arg0 planes(%arg1 : tensor<8x7xf32>) : tensor<2x4x9x8xf32> -> tensor<2x4x9xi32>
// SAME: attn.bucket %{{.*}} : tensor<2x4x9xi32>
// CHECK-LABEL: func.func @hash_and_bucket
// CHECK: arith.mulf
// CHECK: arith.shli
// CHECK: kernel.sort
// CHECK: kernel.scatter
func.func @hash_and_bucket(%x: tensor<2x4x9x8xf32>, %r: tensor<8x7xf32>) -> (tensor<2x4x9xi32>, tensor<2x4x9xi32>) {
  %c = attn.hash_codes %x planes(%r : tensor<8x7xf32>)
      : tensor<2x4x9x8xf32> -> tensor<2x4x9xi32>
  %order, %inverse = attn.bucket %c : tensor<2x4x9xi32>
  return %order, %inverse : tensor<2x4x9xi32>, tensor<2x4x9xi32>
}
