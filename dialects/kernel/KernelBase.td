// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_KERNEL_KERNELBASE
#define ATTUNE_DIALECTS_KERNEL_KERNELBASE

include "mlir/IR/OpBase.td"

def KernelDialect : Dialect {
  let name = "kernel";
  let cppNamespace = "::attune::kernel";
  let useDefaultAttributePrinterParser = 1;
  let summary = "What stands between the graph and the machine";
  let description = [{
    Weights as symbols into mapped files, and the destination-style operations
    that a target's emitters turn into loops. All of them work on tensors and,
    after bufferization, on memrefs of the same shape.
  }];
}

def Kernel_Shaped : AnyTypeOf<[AnyRankedTensor, AnyMemRef]>;

class Kernel_Op<string mnemonic, list<Trait> traits = []>
    : Op<KernelDialect, mnemonic, traits>;

#endif // ATTUNE_DIALECTS_KERNEL_KERNELBASE
