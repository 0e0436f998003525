// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: split-file %s %t
// RUN: attune-opt %t/model.mlir --attune-apply-ranges=file=%t/ranges.json --verify-diagnostics | FileCheck %s
// RUN: not attune-opt %t/left.mlir --attune-apply-ranges=file=%t/ranges.json 2>&1 | FileCheck %s --check-prefix=LEFT

// The root's argument has degree 1 and depth 0; 2 steps make degree 4 and depth
// 4 of it, the weights' product adds 1 to the depth, the square doubles the degree.
// CHECK: module attributes {attune.polynomial = {data_depth = 5 : i64, degree = "8", depth = 6 : i64,
// CHECK-SAME: functions = [{depth = 4 : i64, error = {{.*}}, function = "inverse_sqrt", high = 4.000000e+00 : f64, low = 2.500000e-01 : f64, node = "/Norm", steps = 2 : i64}]
// CHECK-SAME: log2_degree = 3.000000e+00
// CHECK: attn.poly inverse_sqrt {{.*}}range = array<f64: 2.500000e-01, 4.000000e+00>, site = "/Norm", steps = 2 : i64
// CHECK: attn.poly tanh %{{.*}} {site = "/Weights"}

// LEFT-DAG: error: 'gelu' at node '/Gelu' has no range in
// LEFT-DAG: ranges.json:3:10: error: the model has no 'inverse_sqrt' of data at a node '/Norm'
// LEFT-DAG: error: {{.*}}node '/Relu': 'arith.maximumf' of what inputs give is no polynomial
// LEFT-DAG: error: {{.*}}node '/Less': 'arith.cmpf' of what inputs give is no polynomial
// LEFT-DAG: error: {{.*}}node '/Div': 'arith.divf' of what inputs give is no polynomial
// LEFT-DAG: error: {{.*}}node '/Prod': a product over a dimension of what inputs give is no polynomial

//--- ranges.json
{"version": 1,
 "ranges": [
         {"node": "/Norm", "function": "inverse_sqrt", "low": 0.25, "high": 4, "steps": 2}]}

//--- model.mlir
// expected-remark @+1 {{polynomial of degree 8 and depth 6 (5 of data with data), with 1 functions replaced}}
func.func @main(%x: tensor<4xf32>, %ids: tensor<4xi64>) -> tensor<4xf32> {
  %w = arith.constant dense<2.0> : tensor<4xf32>
  %0 = attn.poly inverse_sqrt %x {site = "/Norm"} : tensor<4xf32>
  %1 = attn.poly tanh %w {site = "/Weights"} : tensor<4xf32>
  %2 = linalg.mul ins(%0, %1 : tensor<4xf32>, tensor<4xf32>) outs(%w : tensor<4xf32>) -> tensor<4xf32>
  %3 = linalg.mul ins(%2, %2 : tensor<4xf32>, tensor<4xf32>) outs(%w : tensor<4xf32>) -> tensor<4xf32>
  // What integers decide is public.
  %4 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%ids, %3 : tensor<4xi64>, tensor<4xf32>) outs(%w : tensor<4xf32>) {
    ^bb0(%id: i64, %v: f32, %o: f32):
      %number = arith.sitofp %id : i64 to f32
      %zero = arith.constant 0.0 : f32
      %shown = arith.cmpf ogt, %number, %zero : f32
      %r = arith.select %shown, %v, %zero : f32
      linalg.yield %r : f32
  } -> tensor<4xf32>
  return %4 : tensor<4xf32>
}

//--- left.mlir
func.func @main(%x: tensor<4xf32>) -> tensor<f32> {
  %w = arith.constant dense<2.0> : tensor<4xf32>
  %s = arith.constant dense<1.0> : tensor<f32>
  %0 = attn.poly gelu %x {site = "/Gelu"} : tensor<4xf32>
  %1 = linalg.max ins(%0, %w : tensor<4xf32>, tensor<4xf32>) outs(%w : tensor<4xf32>) -> tensor<4xf32> loc("/Relu")
  %2 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
      ins(%1 : tensor<4xf32>) outs(%w : tensor<4xf32>) {
    ^bb0(%v: f32, %o: f32):
      %zero = arith.constant 0.0 : f32
      %c = arith.cmpf ogt, %v, %zero : f32 loc("/Less")
      %q = arith.divf %zero, %v : f32 loc("/Div")
      %r = arith.select %c, %q, %zero : f32
      linalg.yield %r : f32
  } -> tensor<4xf32>
  %3 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> ()>], iterator_types = ["reduction"]}
      ins(%2 : tensor<4xf32>) outs(%s : tensor<f32>) {
    ^bb0(%v: f32, %o: f32):
      %r = arith.mulf %v, %o : f32
      linalg.yield %r : f32
  } -> tensor<f32> loc("/Prod")
  return %3 : tensor<f32>
}
