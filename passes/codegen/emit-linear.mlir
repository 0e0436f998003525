// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-stages=stop-after=fuse | FileCheck %s --check-prefix=FUSE
// RUN: attune-opt %s --attune-stages="cpu=x86-64 stop-after=schedule" | FileCheck %s --check-prefix=LOOPS

// The feature maps are applied as the kernel loads: nothing else computes.
// FUSE-NOT: linalg
// FUSE: kernel.linear_attention query
// FUSE: math.exp
// FUSE: key
// FUSE: math.exp
// FUSE-NOT: linalg

// Neither the graph nor the kernel has memory that grows with the length: all
// tiles are static, and lie in the arena, not on a thread's stack.
// LOOPS-NOT: memref.alloc
// LOOPS: memref.view {{.*}} : memref<{{[0-9]+}}xi8> to memref<{{[0-9]+x[0-9]+}}xf32>
// LOOPS-NOT: memref.alloc
func.func @main(%q: tensor<?x2x?x8xf32>, %k: tensor<?x2x?x8xf32>, %v: tensor<?x2x?x5xf32>) -> tensor<?x2x?x5xf32> {
  %f = attn.features elu1 %q : tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  %g = attn.features elu1 %k : tensor<?x2x?x8xf32> -> tensor<?x2x?x8xf32>
  %o = attn.linear sum query(%f : tensor<?x2x?x8xf32>) key(%g : tensor<?x2x?x8xf32>) value(%v : tensor<?x2x?x5xf32>) {causal} -> tensor<?x2x?x5xf32>
  return %o : tensor<?x2x?x5xf32>
}
