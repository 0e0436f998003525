// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='hyper{block=0}'" 2>&1 | FileCheck %s --check-prefix=BLOCK
// RUN: not attune-opt %s --attune-apply-forms="spec='hyper{samples=-1}'" 2>&1 | FileCheck %s --check-prefix=SAMPLES
// RUN: not attune-opt %s --attune-apply-forms="spec='hyper{least=0}'" 2>&1 | FileCheck %s --check-prefix=LEAST
// RUN: not attune-opt %s --attune-apply-forms="spec='hyper{planes=31}'" 2>&1 | FileCheck %s --check-prefix=PLANES
// RUN: not attune-opt %s --attune-apply-forms="spec='hyper{samples=70000}'" 2>&1 | FileCheck %s --check-prefix=MANY

// BLOCK: error: form 'hyper' requires 1 or more for 'block', but got 0
// SAMPLES: error: form 'hyper' requires 0 or more for 'samples', but got -1
// LEAST: error: form 'hyper' requires 1 or more for 'least', but got 0
// PLANES: error: form 'hyper' requires at most 30 planes and 65536 samples, but got 31 and 256
// MANY: error: form 'hyper' requires at most 30 planes and 65536 samples, but got 7 and 70000

func.func @main(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
