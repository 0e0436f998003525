// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-apply-forms=spec=linear | FileCheck %s

// CHECK-DAG: #[[$BJ:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d3)>
// CHECK-DAG: #[[$BHJ:.*]] = affine_map<(d0, d1, d2, d3) -> (d0, d1, d3)>
// CHECK-DAG: #[[$FROM:.*]] = affine_map<(d0, d1) -> (d0, 0, 0, d1)>

// Bytes are taken as they are; what a row without keys gives, too.
// CHECK-LABEL: func.func @bytes
// CHECK-NOT: linalg
// CHECK: attn.linear_transformer {{.*}} visible(%arg1 : tensor<?x?xi8>) {nan_empty_rows, visible_map = #[[$BJ]]}
func.func @bytes(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi8>) -> tensor<?x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xi8>)
      attributes {nan_empty_rows, scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: i8):
      %zero = arith.constant 0 : i8
      %seen = arith.cmpi ne, %c, %zero : i8
      %none = arith.constant 0xFF800000 : f32
      %t = arith.select %seen, %s, %none : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// CHECK-LABEL: func.func @negated
// CHECK: %[[M:.*]] = linalg.generic {{.*}} ins(%arg1 : tensor<?x?xi8>)
// CHECK: arith.cmpi eq
// CHECK: attn.linear_transformer {{.*}} visible(%[[M]] : tensor<?x?xi8>) {causal, visible_map = #[[$BJ]]}
func.func @negated(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi8>) -> tensor<?x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m : tensor<?x?xi8>)
      attributes {causal, scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: i8):
      %zero = arith.constant 0 : i8
      %seen = arith.cmpi ne, %c, %zero : i8
      %none = arith.constant 0xFF800000 : f32
      %t = arith.select %seen, %none, %s : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// Both must show a key; a number that hides leaves the mean to empty rows.
// CHECK-LABEL: func.func @two
// CHECK: %[[M:.*]] = linalg.generic {{.*}} ins(%arg2, %arg1 : tensor<?x1x1x?xi8>, tensor<?x2x?xi1>)
// CHECK: arith.andi
// CHECK: attn.linear_transformer {{.*}} visible(%[[M]] : tensor<?x2x?xi8>) {mean_empty_rows, visible_map = #[[$BHJ]]}
func.func @two(%q: tensor<?x2x?x4xf32>, %m: tensor<?x2x?xi1>, %n: tensor<?x1x1x?xi8>) -> tensor<?x2x?x4xf32> {
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%m, %n : tensor<?x2x?xi1>, tensor<?x1x1x?xi8>)
      attributes {nan_empty_rows, scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, h, j)>, affine_map<(b, h, i, j) -> (b, 0, 0, j)>]} {
    ^bb0(%s: f32, %c: i1, %d: i8):
      %zero = arith.constant 0 : i8
      %least = arith.constant -3.0e+38 : f32
      %none = arith.constant 0xFF800000 : f32
      %seen = arith.cmpi ne, %d, %zero : i8
      %t = arith.select %c, %s, %none : f32
      %u = arith.select %seen, %t, %least : f32
      attn.yield %u : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// CHECK-LABEL: func.func @where_added
// CHECK: %[[M:.*]] = linalg.generic {{.*}} ins(%{{[0-9]+}} : tensor<?x?xf32>)
// CHECK: arith.cmpf oeq
// CHECK-NOT: cf.assert
// CHECK: attn.linear_transformer {{.*}} visible(%[[M]] : tensor<?x?xi8>) {nan_empty_rows, visible_map = #[[$BJ]]}
func.func @where_added(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi1>) -> tensor<?x2x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %m, %c0 : tensor<?x?xi1>
  %l = tensor.dim %m, %c1 : tensor<?x?xi1>
  %e = tensor.empty(%b, %l) : tensor<?x?xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(b, j) -> (b, j)>, affine_map<(b, j) -> (b, j)>], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<?x?xi1>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: i1, %out: f32):
    %shown = arith.constant 0.0 : f32
    %hidden = arith.constant 0xFF800000 : f32
    %y = arith.select %in, %shown, %hidden : f32
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%a : tensor<?x?xf32>)
      attributes {nan_empty_rows, scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}

// An input of integers is looked at when the model runs.
// CHECK-LABEL: func.func @numbers_added
// CHECK: arith.mulf
// CHECK: %[[M:.*]] = linalg.generic {{.*}} ins(%{{.*}} : tensor<?x1x1x?xf32>) outs(%{{.*}} : tensor<?x?xi8>)
// CHECK: cf.assert {{.*}} "form 'linear': requires an attention mask of zeros and ones, but got other numbers"
// CHECK: attn.linear_transformer {{.*}} visible(%[[M]] : tensor<?x?xi8>) {mean_empty_rows, visible_map = #[[$BJ]]}
func.func @numbers_added(%q: tensor<?x2x?x4xf32>, %m: tensor<?x?xi64>) -> tensor<?x2x?x4xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %b = tensor.dim %m, %c0 : tensor<?x?xi64>
  %l = tensor.dim %m, %c1 : tensor<?x?xi64>
  %e = tensor.empty(%b, %l) : tensor<?x?xf32>
  %a = linalg.generic {indexing_maps = [affine_map<(b, j) -> (b, j)>, affine_map<(b, j) -> (b, j)>], iterator_types = ["parallel", "parallel"]} ins(%m : tensor<?x?xi64>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%in: i64, %out: f32):
    %one = arith.constant 1.0 : f32
    %large = arith.constant -1.0e+4 : f32
    %number = arith.sitofp %in : i64 to f32
    %left = arith.subf %one, %number : f32
    %y = arith.mulf %left, %large : f32
    linalg.yield %y : f32
  } -> tensor<?x?xf32>
  %f = tensor.expand_shape %a [[0, 1, 2], [3]] output_shape [%b, 1, 1, %l] : tensor<?x?xf32> into tensor<?x1x1x?xf32>
  %o = attn.attention query(%q : tensor<?x2x?x4xf32>) key(%q : tensor<?x2x?x4xf32>) value(%q : tensor<?x2x?x4xf32>) captures(%f : tensor<?x1x1x?xf32>)
      attributes {nan_empty_rows, scale = 0.5 : f64, capture_maps = [affine_map<(b, h, i, j) -> (b, 0, 0, j)>]} {
    ^bb0(%s: f32, %c: f32):
      %t = arith.addf %s, %c : f32
      attn.yield %t : f32
  } -> tensor<?x2x?x4xf32>
  return %o : tensor<?x2x?x4xf32>
}
