// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_ATTNBASE
#define ATTUNE_DIALECTS_ATTN_ATTNBASE

include "dialects/attn/AttnInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def AttnDialect : Dialect {
  let name = "attn";
  let cppNamespace = "::attune::attn";
  let summary = "Attention, its neighbours and its other mathematical forms";
}

class Attn_Op<string mnemonic, list<Trait> traits = []>
    : Op<AttnDialect, mnemonic, traits>;

// What the stages after `forms` know; every form is expressed in these.
def Attn_Core : NativeOpTrait<"Core"> {
  let cppNamespace = "::attune::attn";
}
class Attn_CoreOp<string mnemonic, list<Trait> traits = []>
    : Attn_Op<mnemonic, traits # [Attn_Core]>;

def Attn_Layout : DefaultValuedAttr<DenseI64ArrayAttr, "{0, 1, 2, 3}">;

def Attn_Float : AnyTypeOf<[F16, BF16, F32, F64]>;
def Attn_Tensor : RankedTensorOf<[Attn_Float]>;
def Attn_Tensor4D : 4DTensorOf<[Attn_Float]>;

#endif // ATTUNE_DIALECTS_ATTN_ATTNBASE
