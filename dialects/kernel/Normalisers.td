// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// What attention can make weights of scores by, in the place of softmax.

#ifndef ATTUNE_DIALECTS_KERNEL_NORMALISERS
#define ATTUNE_DIALECTS_KERNEL_NORMALISERS

include "dialects/kernel/KernelBase.td"
include "mlir/IR/AttrTypeBase.td"

def Kernel_AttentionNormaliser : AttrInterface<"AttentionNormaliser"> {
  let cppNamespace = "::attune::kernel";
  let description = [{
    Weights of the keys that a query sees, made of all its scores s_j.
  }];
  let methods = [
    InterfaceMethod<"How often a query passes over its keys.", "int64_t",
                    "getPasses">,
  ];
}

class Kernel_NormaliserAttr<string name, string attrMnemonic>
    : AttrDef<KernelDialect, name,
              [DeclareAttrInterfaceMethods<Kernel_AttentionNormaliser>]> {
  let mnemonic = attrMnemonic;
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Kernel_PowerAttr : Kernel_NormaliserAttr<"Power", "power"> {
  let summary = "An even power over the sum of powers";
  let description = [{
    ```
    w_j = s_j^degree / (sum_k s_k^degree + eps)
    ```

    and 0 where all scores are 0. Scores are divided by the largest absolute one
    before they are raised, which changes nothing.

    - (C1) `degree` is a power of two, of 2 or more.
    - (C2) `eps` is finite and not negative.
  }];
  let parameters = (ins "int64_t":$degree, "::mlir::FloatAttr":$eps);
}

def Kernel_PowerSumAttr : Kernel_NormaliserAttr<"PowerSum", "power_sum"> {
  let summary = "An even power of scores of a known bound, not divided";
  let description = [{
    ```
    w_j = (s_j / bound)^degree
    ```

    Without comparison or division, for arithmetic that has neither; scores above
    the bound are not cut off.

    - (C1) `degree` is a power of two, of 2 or more.
    - (C2) `bound` is finite and positive.
  }];
  let parameters = (ins "int64_t":$degree, "::mlir::FloatAttr":$bound);
}

def Kernel_ClippedSoftmaxAttr
    : Kernel_NormaliserAttr<"ClippedSoftmax", "clipped_softmax"> {
  let summary = "Softmax, stretched and cut off";
  let description = [{
    ```
    w_j = min(max((high - low) * softmax_j(s) + low, 0), 1)
    ```

    The weights are not divided again. Keys are passed twice: the first time for
    the sums.

    Bondarenko, Nagel, Blankevoort (2023), "Quantizable Transformers: Removing
    Outliers by Helping Attention Heads Do Nothing".

    - (C1) `low` is finite and at most 0, `high` finite and at least 1.
  }];
  let parameters = (ins "::mlir::FloatAttr":$low, "::mlir::FloatAttr":$high);
}

#endif // ATTUNE_DIALECTS_KERNEL_NORMALISERS
