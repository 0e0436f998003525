// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-refine-sizes --split-input-file | FileCheck %s

// 3*b x 1 x s as b x 3 x -1 x s: the open size is 1.
// CHECK-LABEL: func.func @open_place
// CHECK: Concat
// CHECK: "Reshape"{{.*}}dims = {{\[}}["{3*b}", "", "s"]]{{.*}} -> tensor<?x1x?xf32>
// CHECK: "Reshape"{{.*}}dims = {{\[}}["b", "", "", "s"]]{{.*}} -> tensor<?x3x1x?xf32>
func.func @open_place(%x: tensor<?x3x1x?xf32> {attune.dims = ["b", "", "", "s"]}) -> tensor<?x?x?x?xf32> {
  %zero = arith.constant dense<0> : tensor<1xi64>
  %three = arith.constant dense<3> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %open = arith.constant dense<-1> : tensor<1xi64>
  %shape = onnx.node "Shape" since 15(%x) : (tensor<?x3x1x?xf32>) -> tensor<4xi64>
  %b = onnx.node "Gather" since 13(%shape, %zero) : (tensor<4xi64>, tensor<1xi64>) -> tensor<1xi64>
  %s = onnx.node "Gather" since 13(%shape, %three) : (tensor<4xi64>, tensor<1xi64>) -> tensor<1xi64>
  %joined = onnx.node "Mul" since 14(%b, %three) : (tensor<1xi64>, tensor<1xi64>) -> tensor<1xi64>
  %0 = onnx.node "Concat" since 13(%joined, %one, %s) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %1 = onnx.node "Reshape" since 14(%x, %0) : (tensor<?x3x1x?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  %2 = onnx.node "Concat" since 13(%b, %three, %open, %s) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<4xi64>
  %3 = onnx.node "Reshape" since 14(%1, %2) : (tensor<?x?x?xf32>, tensor<4xi64>) -> tensor<?x?x?x?xf32>
  return %3 : tensor<?x?x?x?xf32>
}

// -----

// Two names may differ or one of them be 1: nothing is known of the sum.
// CHECK-LABEL: func.func @two_names
// CHECK: "Add"{{.*}}dims = {{\[}}[""]]{{.*}} -> tensor<?xf32>
func.func @two_names(%x: tensor<?xf32> {attune.dims = ["a"]}, %y: tensor<?xf32> {attune.dims = ["b"]}) -> tensor<?xf32> {
  %0 = onnx.node "Add" since 14(%x, %y) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// -----

// A quotient that is not whole for all sizes stays open.
// CHECK-LABEL: func.func @no_quotient
// CHECK: "Reshape"{{.*}} -> tensor<2x?xf32>
func.func @no_quotient(%x: tensor<?xf32> {attune.dims = ["a"]}) -> tensor<?x?xf32> {
  %shape = arith.constant dense<[2, -1]> : tensor<2xi64>
  %0 = onnx.node "Reshape" since 14(%x, %shape) : (tensor<?xf32>, tensor<2xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// Cuts at constants; other dimensions stay.
// CHECK-LABEL: func.func @cut
// CHECK: "Slice"{{.*}}dims = {{\[}}["a", ""]]{{.*}} -> tensor<?x4xf32>
func.func @cut(%x: tensor<?x10xf32> {attune.dims = ["a", ""]}) -> tensor<?x?xf32> {
  %start = arith.constant dense<6> : tensor<1xi64>
  %end = arith.constant dense<9223372036854775807> : tensor<1xi64>
  %axis = arith.constant dense<-1> : tensor<1xi64>
  %0 = onnx.node "Slice" since 13(%x, %start, %end, %axis) : (tensor<?x10xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// -----

// Old and new rows: sums are sizes, and what is cut out of one is known.
// CHECK-LABEL: func.func @sum
// CHECK: "Concat"{{.*}}dims = {{\[}}["b", "{p+s}"]]
// CHECK: "Slice"{{.*}}dims = {{\[}}["b", "s"]]
// CHECK: "Range"{{.*}}dims = {{\[}}["s"]]
// CHECK: "Reshape"{{.*}}dims = {{\[}}["{b*p+b*s}"]]
// CHECK: "Reshape"{{.*}}dims = {{\[}}["{p+s}", "b", ""]]{{.*}} -> tensor<?x?x1xf32>
func.func @sum(%past: tensor<?x?xf32> {attune.dims = ["b", "p"]}, %new: tensor<?x?xf32> {attune.dims = ["b", "s"]}) -> (tensor<?x?xf32>, tensor<?xi64>, tensor<?x?x?xf32>) {
  %zero = arith.constant dense<0> : tensor<1xi64>
  %one = arith.constant dense<1> : tensor<1xi64>
  %open = arith.constant dense<-1> : tensor<1xi64>
  %0 = onnx.node "Concat" since 13(%past, %new) {node_attributes = {axis = 1 : i64}} : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = onnx.node "Shape" since 15(%past) {node_attributes = {start = 1 : i64}} : (tensor<?x?xf32>) -> tensor<1xi64>
  %all = onnx.node "Shape" since 15(%0) {node_attributes = {start = 1 : i64}} : (tensor<?x?xf32>) -> tensor<1xi64>
  %1 = onnx.node "Slice" since 13(%0, %p, %all, %one) : (tensor<?x?xf32>, tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<?x?xf32>
  %from = onnx.node "Squeeze" since 13(%p) : (tensor<1xi64>) -> tensor<i64>
  %to = onnx.node "Squeeze" since 13(%all) : (tensor<1xi64>) -> tensor<i64>
  %by = onnx.node "Squeeze" since 13(%one) : (tensor<1xi64>) -> tensor<i64>
  %2 = onnx.node "Range" since 11(%from, %to, %by) : (tensor<i64>, tensor<i64>, tensor<i64>) -> tensor<?xi64>
  %3 = onnx.node "Reshape" since 14(%0, %open) : (tensor<?x?xf32>, tensor<1xi64>) -> tensor<?xf32>
  %b = onnx.node "Shape" since 15(%0) {node_attributes = {end = 1 : i64}} : (tensor<?x?xf32>) -> tensor<1xi64>
  %target = onnx.node "Concat" since 13(%all, %b, %open) {node_attributes = {axis = 0 : i64}} : (tensor<1xi64>, tensor<1xi64>, tensor<1xi64>) -> tensor<3xi64>
  %4 = onnx.node "Reshape" since 14(%3, %target) : (tensor<?xf32>, tensor<3xi64>) -> tensor<?x?x?xf32>
  return %1, %2, %4 : tensor<?x?xf32>, tensor<?xi64>, tensor<?x?x?xf32>
}

// -----

// A name that a file gives is itself, whatever it looks like; names of sums of
// it could mean another.
// CHECK-LABEL: func.func @looks_like_a_sum
// CHECK: "Add"{{.*}}dims = {{\[}}[""]]
// CHECK: "Concat"{{.*}}dims = {{\[}}[""]]
func.func @looks_like_a_sum(%x: tensor<?xf32> {attune.dims = ["p+s"]}, %p: tensor<?xf32> {attune.dims = ["p"]}, %s: tensor<?xf32> {attune.dims = ["s"]}) -> (tensor<?xf32>, tensor<?xf32>) {
  %0 = onnx.node "Concat" since 13(%p, %s) {node_attributes = {axis = 0 : i64}} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %1 = onnx.node "Add" since 14(%0, %x) : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  %2 = onnx.node "Concat" since 13(%x, %s) {node_attributes = {axis = 0 : i64}} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
  return %1, %2 : tensor<?xf32>, tensor<?xf32>
}

// -----

// Rows of indices pick what is behind the dimensions that they index.
// CHECK-LABEL: func.func @gather_rows
// CHECK: "GatherND"{{.*}}dims = {{\[}}["b", "s", "d"]]
func.func @gather_rows(%x: tensor<?x?x?xf32> {attune.dims = ["c", "t", "d"]}, %i: tensor<?x?x2xi64> {attune.dims = ["b", "s", ""]}) -> tensor<?x?x?xf32> {
  %0 = onnx.node "GatherND" since 13(%x, %i) {dims = [["u", "v", "w"]]} : (tensor<?x?x?xf32>, tensor<?x?x2xi64>) -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}
