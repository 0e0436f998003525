// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-stages=stop-after=fuse | FileCheck %s --check-prefix=FUSE
// RUN: attune-opt %s --attune-stages="cpu=x86-64 stop-after=schedule" | FileCheck %s --check-prefix=LOOPS

// FUSE-NOT: linalg
// FUSE: kernel.linear_attention query queries(%{{.*}} by %{{.*}})
// FUSE: key keys(%{{.*}} by %{{.*}})
// FUSE-NOT: linalg

// Features are tiles of a chunk, none of them on the stack.
// LOOPS-NOT: memref.alloc
// LOOPS: memref.view {{.*}} : memref<{{[0-9]+}}xi8> to memref<{{[0-9]+x[0-9]+}}xf32>
// LOOPS-NOT: memref.alloc
func.func @main(%q: tensor<?x2x?x8xf32>, %w: tensor<96x8xf32>) -> tensor<?x2x?x8xf32> {
  %f = attn.features positive %q projection(%w : tensor<96x8xf32>) : tensor<?x2x?x8xf32> -> tensor<?x2x?x96xf32>
  %g = attn.features positive %q projection(%w : tensor<96x8xf32>) {keys} : tensor<?x2x?x8xf32> -> tensor<?x2x?x96xf32>
  %o = attn.linear sum query(%f : tensor<?x2x?x96xf32>) key(%g : tensor<?x2x?x96xf32>) value(%q : tensor<?x2x?x8xf32>) {causal} -> tensor<?x2x?x8xf32>
  return %o : tensor<?x2x?x8xf32>
}
