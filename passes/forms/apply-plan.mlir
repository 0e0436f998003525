// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: split-file %s %t
// RUN: attune-opt %t/model.mlir --attune-apply-forms="plan=%t/good.json" 2>/dev/null | FileCheck %s
// RUN: not attune-opt %t/model.mlir --attune-apply-forms="plan=%t/mask.json" 2>&1 | FileCheck %s --check-prefix=FAIL
// RUN: attune-opt %t/model.mlir --attune-apply-forms="plan=%t/mask.json allow-partial" 2>&1 | FileCheck %s --check-prefix=PARTIAL
// RUN: not attune-opt %t/model.mlir --attune-apply-forms="plan=%t/layer.json allow-partial" 2>&1 | FileCheck %s --check-prefix=LAYER
// RUN: attune-opt %t/model.mlir --attune-tap-attention --attune-apply-forms="spec=linear@layers=0" 2>/dev/null | FileCheck %s --check-prefix=TAP

// What became of each share is left on the module.
// CHECK: attune.forms = [
// CHECK-SAME: end_head = 1 : i64
// CHECK-SAME: flops = {{[0-9.e+]+}} : f64, form = "linear", layer = 0 : i64, parameters = {eps = "0.5"}}
// CHECK-SAME: form = "sliding_window", layer = 1 : i64
// CHECK-SAME: mask = [#
// CHECK: attn.linear_transformer
// CHECK: attn.attention

// FAIL: model.mlir:{{.*}} error: form 'linear' sums over all keys
// FAIL: mask.json:2:14: error: form 'linear' cannot be applied to layer 1

// PARTIAL: warning: layer 1 stays dense: form 'linear' sums over all keys
// PARTIAL: attune.forms = [{{.*}}why_not = "form 'linear' sums
// PARTIAL: attn.linear_transformer
// PARTIAL: attn.attention

// LAYER: layer.json:3:3: error: 'local at {{.*}}layer.json:3:3' names layer 5, but the layers with dense attention are 0 to 1

// TAP-LABEL: func.func @main
// TAP-SAME: tensor<1x2x5x4xf32> {attune.dims = ["", "", "", ""], attune.layer = 0 : i64, attune.name = "attention.0"}
// TAP-SAME: attune.name = "attention.1"
// TAP: %[[A:.*]] = attn.linear_transformer
// TAP: %[[B:.*]] = attn.attention
// TAP: return %[[B]], %[[A]], %[[B]]

//--- good.json
{"version": 1, "layers": [
  {"layers": 0, "heads": "0", "form": "linear", "parameters": {"eps": 0.5}},
  {"layers": 1, "form": "sliding_window", "parameters": {"window": 2}}]}

//--- mask.json
{"version": 1,
 "layers":  [{"form": "linear"}]}

//--- layer.json
{"version": 1, "layers": [
  {"form": "linear", "layers": 0},
  {"form": "local", "layers": "1,5"}]}

//--- model.mlir
func.func @main(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %a = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  %b = attn.attention query(%a : tensor<1x2x5x4xf32>) key(%a : tensor<1x2x5x4xf32>) value(%a : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = [], mask = [affine_set<(i, j) : (i - j >= 0)>]} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %b : tensor<1x2x5x4xf32>
}
