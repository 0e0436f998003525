// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-simplify-control | FileCheck %s

// The condition is constant: the other branch goes.
// CHECK-LABEL: func.func @taken
// CHECK: "If" since 21(%{{.*}}) {node_attributes = {then_branch = @then}}
// Only the number of trips ends these loops.
// CHECK-LABEL: func.func @counted
// CHECK: "Loop" since 21{{.*}}{attune.counted, {{.*}}body = @passes_on
// CHECK: "Loop" since 21{{.*}}{attune.counted, {{.*}}body = @goes_on
// CHECK-NOT: attune.counted
// CHECK: body = @stops
func.func @taken(%x: tensor<2xf32>) -> tensor<2xf32> {
  %yes = arith.constant dense<true> : tensor<i1>
  %0 = onnx.node "If" since 21(%yes) {node_attributes = {then_branch = @then, else_branch = @then}} : (tensor<i1>) -> tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func @counted(%m: tensor<i64>, %c: tensor<i1>) {
  onnx.node "Loop" since 21(%m, %c) {node_attributes = {body = @passes_on}} : (tensor<i64>, tensor<i1>) -> ()
  onnx.node "Loop" since 21(%m, %c) {node_attributes = {body = @goes_on}} : (tensor<i64>, tensor<i1>) -> ()
  onnx.node "Loop" since 21(%m, %c) {node_attributes = {body = @stops}} : (tensor<i64>, tensor<i1>) -> ()
  return
}
func.func private @then() -> tensor<2xf32> {
  %0 = arith.constant dense<1.0> : tensor<2xf32>
  return %0 : tensor<2xf32>
}
func.func private @passes_on(%i: tensor<i64>, %c: tensor<i1>) -> tensor<i1> {
  return %c : tensor<i1>
}
func.func private @goes_on(%i: tensor<i64>, %c: tensor<i1>) -> tensor<i1> {
  %yes = arith.constant dense<true> : tensor<i1>
  return %yes : tensor<i1>
}
func.func private @stops(%i: tensor<i64>, %c: tensor<i1>) -> tensor<i1> {
  %0 = onnx.node "Not" since 1(%c) : (tensor<i1>) -> tensor<i1>
  return %0 : tensor<i1>
}
