// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: not attune-opt %s --attune-apply-forms="spec='nothing'" 2>&1 | FileCheck %s --check-prefix=FORM
// RUN: not attune-opt %s --attune-apply-forms="spec='linear{epsilon=1}'" 2>&1 | FileCheck %s --check-prefix=PARAMETER
// RUN: not attune-opt %s --attune-apply-forms="spec='linear{eps=small}'" 2>&1 | FileCheck %s --check-prefix=TEXT
// RUN: not attune-opt %s --attune-apply-forms="spec='linear{eps=-1}'" 2>&1 | FileCheck %s --check-prefix=VALUE
// RUN: not attune-opt %s --attune-apply-forms="spec='linear@layers=0,7'" 2>&1 | FileCheck %s --check-prefix=LAYER
// RUN: not attune-opt %s --attune-apply-forms="spec='linear linear{eps=1}@layers=0'" 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not attune-opt %s --attune-apply-forms="spec='linear@heads=2'" 2>&1 | FileCheck %s --check-prefix=HEADS
// RUN: not attune-opt %s --attune-stages="stop-after=fuse attention=nothing" 2>&1 | FileCheck %s --check-prefix=FORM

// FORM: error: 'nothing': there is no form 'nothing'; the forms are {{.*}}linear, local, longformer{{.*}}
// PARAMETER: error: form 'linear' has no parameter 'epsilon'; it has eps
// TEXT: error: form 'linear' requires a number for 'eps', but got 'small'
// VALUE: error: form 'linear' requires a finite eps of at least 0, but got -1
// LAYER: error: 'linear@layers=0,7' names layer 7, but the layers with dense attention are 0 to 0
// TWICE: error: layer 0 is given two forms, by 'linear' and by 'linear{eps=1}@layers=0'
// HEADS: error: 'linear@heads=2' names head 2, but the heads of layer 0 are 0 to 1

func.func @main(%q: tensor<1x2x5x4xf32>) -> tensor<1x2x5x4xf32> {
  %o = attn.attention query(%q : tensor<1x2x5x4xf32>) key(%q : tensor<1x2x5x4xf32>) value(%q : tensor<1x2x5x4xf32>)
      attributes {scale = 0.5 : f64, capture_maps = []} {
    ^bb0(%s: f32):
      attn.yield %s : f32
  } -> tensor<1x2x5x4xf32>
  return %o : tensor<1x2x5x4xf32>
}
