// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// RUN: attune-opt %s --attune-stop-after=raise | FileCheck %s --check-prefix=RAISED
// RUN: attune-opt %s --attune-stop-after=forms | FileCheck %s --check-prefix=FORMS
// RUN: rm -rf %t && attune-opt %s --attune-stop-after=forms --dump-stages=%t -o /dev/null
// RUN: FileCheck %s --check-prefix=FORMS --input-file=%t/2-forms.mlir
// RUN: not attune-opt %s --attune-stop-after=rise 2>&1 | FileCheck %s --check-prefix=UNKNOWN
// RUN: attune compile %s -o %t.mlir --emit forms --skip-pass attune-decompose-forms
// RUN: FileCheck %s --check-prefix=RAISED --input-file=%t.mlir
// RUN: not attune compile %s -o %t.so --skip-pass attune-nothing 2>&1 | FileCheck %s --check-prefix=NO-PASS

// RAISED: attn.gelu
// FORMS-NOT: attn.gelu
// FORMS: math.erf
// UNKNOWN: unknown stage 'rise'; the stages are import, raise, forms, fuse, bufferize, schedule, codegen
// NO-PASS: there is no pass 'attune-nothing' to skip
func.func @main(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %0 = attn.gelu %x : tensor<?x8xf32>
  return %0 : tensor<?x8xf32>
}
