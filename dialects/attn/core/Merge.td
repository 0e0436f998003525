// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_ATTN_CORE_MERGE
#define ATTUNE_DIALECTS_ATTN_CORE_MERGE

include "dialects/attn/AttnBase.td"

def Attn_MergeOp : Attn_Op<"merge", [
    Pure, AttrSizedOperandSegments,
    DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface,
                              ["reifyResultShapes"]>,
    DeclareOpInterfaceMethods<Costed>, DeclareOpInterfaceMethods<Decomposable>]> {
  let summary = "Softmax attention over keys that several parts have seen";
  let description = [{
    Part p is attention over keys of its own: its result r_p and the logarithm
    of the sum of its weights, l_p[b,h,i] = log sum_j e^s[b,h,i,j]. Of them
    follows what attention over all keys gives:

    ```
    l = log sum_p e^l_p             o[b,h,i,e] = sum_p e^(l_p - l) * r_p[b,h,i,e]
    ```

    A part whose l_p is -inf saw no key: it adds nothing, whatever its result
    holds. If that is so of all parts, o is 0 and l is -inf. A key that two parts
    have seen counts twice. `layout` is that of all results, as in
    `attn.attention`.

    - (C1) there are as many sums as results, and at least one.
    - (C2) `layout` is a permutation of 0..3.
    - (C3) the results have the type of o; sizes that are static agree.
    - (C4) the sums have the batch, heads and length of the results.

    Example:
    ```mlir
    %o, %l = attn.merge results(%a, %b : tensor<2x4x9x8xf32>, tensor<2x4x9x8xf32>)
        sums(%la, %lb : tensor<2x4x9xf32>, tensor<2x4x9xf32>)
        -> tensor<2x4x9x8xf32>, tensor<2x4x9xf32>
    ```
  }];
  let arguments = (ins Variadic<Attn_Tensor4D>:$parts,
                       Variadic<3DTensorOf<[F32]>>:$sums, Attn_Layout:$layout);
  let results = (outs Attn_Tensor4D:$result, 3DTensorOf<[F32]>:$sum);
  let assemblyFormat = [{
    `results` `(` $parts `:` type($parts) `)` `sums` `(` $sums `:` type($sums) `)`
    attr-dict `->` type($result) `,` type($sum)
  }];
  let hasVerifier = 1;
}

#endif // ATTUNE_DIALECTS_ATTN_CORE_MERGE
