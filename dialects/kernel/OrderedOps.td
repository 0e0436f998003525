// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Part of KernelOps.td: operations whose steps depend on each other.

#ifndef ATTUNE_DIALECTS_KERNEL_ORDEREDOPS
#define ATTUNE_DIALECTS_KERNEL_ORDEREDOPS

def Kernel_StateAttentionOp : Kernel_Op<"state_attention", [
    AttrSizedOperandSegments, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Attention through a state that each step updates";
  let description = [{
    For each batch item and key head, from S = `past` on, for each step t:
    `S[i,j] *= decay[i]`, then, with `rate`,
    `v = rate * (value - sum over i of S[i,j] * key[i])`, else `v = value`, then
    `S[i,j] += key[i] * v[j]`. The first destination gets, for each query head of
    the group, `scale * sum over i of query[i] * S[i,j]`, the second the last S.
    It takes time and memory in proportion to the number of steps.

    - (C1) query, key and value are `batch x steps x (heads * width)`, `past` is
      `batch x key_heads x key width x value width`; all hold f32.
    - (C2) `heads` is a multiple of `key_heads`.
    - (C3) `decay`, if any, is `batch x steps x key_heads x (key width or 1)`,
      and `rate` is `batch x steps x (key_heads or 1)`.
  }];
  let arguments = (ins Kernel_Shaped:$query, Kernel_Shaped:$key,
                       Kernel_Shaped:$value, Kernel_Shaped:$past,
                       Variadic<Kernel_Shaped>:$decay,
                       Variadic<Kernel_Shaped>:$rate,
                       Variadic<Kernel_Shaped>:$init,
                       I64Attr:$heads, I64Attr:$key_heads, F64Attr:$scale);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `query` `(` $query `:` type($query) `)` `key` `(` $key `:` type($key) `)`
    `value` `(` $value `:` type($value) `)` `past` `(` $past `:` type($past) `)`
    (`decay` `(` $decay^ `:` type($decay) `)`)?
    (`rate` `(` $rate^ `:` type($rate) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Kernel_RecurrenceOp : Kernel_Op<"recurrence", [
    AttrSizedOperandSegments, RecursiveMemoryEffects,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "A recurrent layer: each step needs the hidden state before it";
  let description = [{
    `input` is `steps x batch x (gates * hidden)`, `weights` is
    `hidden x (gates * hidden)`, `states` (h first) are `batch x hidden`, and
    `parameters`, if any, `number x hidden`. With p = h * weights, for each unit,
    `cell(inputs of the gates, p of the gates, states, parameters)` gives the
    states after the step. The destinations get h of all steps (`steps x batch x
    hidden`) and the states after the last one.

    If there is a region `early`, the last gate is late: `early(inputs, p, h)` of
    the other gates gives two numbers, which go to the last two destinations; the
    first takes the place of h in the last gate's p, and `cell` gets the last
    gate's input and p, the second number, states and parameters.

    A batch item takes the first `lengths` steps only, if given; the rest of its
    h is 0. With `reverse`, it takes them from the last to the first.

    - (C1) there is a destination for h of all steps, one for each state, and
      two more with `early`.
    - (C2) the regions have the arguments and results of above.
  }];
  let arguments = (ins Kernel_Shaped:$input, Kernel_Shaped:$weights,
                       Variadic<Kernel_Shaped>:$states,
                       Variadic<Kernel_Shaped>:$parameters,
                       Variadic<Kernel_Shaped>:$lengths,
                       Variadic<Kernel_Shaped>:$init,
                       I64Attr:$gates, I64Attr:$parameter_count,
                       UnitAttr:$reverse);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let regions = (region AnyRegion:$early, SizedRegion<1>:$cell);
  let assemblyFormat = [{
    `input` `(` $input `:` type($input) `)`
    `weights` `(` $weights `:` type($weights) `)`
    `states` `(` $states `:` type($states) `)`
    (`parameters` `(` $parameters^ `:` type($parameters) `)`)?
    (`lengths` `(` $lengths^ `:` type($lengths) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict-with-keyword
    `early` $early `cell` $cell (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    bool hasLateGate() { return !getEarly().empty(); }
  }];
}

def Kernel_ScanOp : Kernel_Op<"scan", [
    SingleBlock, RecursiveMemoryEffects, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Running totals along one dimension";
  let description = [{
    `init[.., i, ..] = t(i)` with `t(-1) = start` and
    `t(i) = combine(t(i - 1), input[.., i, ..])`; with `exclusive`, `t(i - 1)` is
    stored. With `reverse`, i counts from the end.

    - (C1) `axis` is a dimension of `input`, which has the type of `init`.
    - (C2) the region has two arguments.
  }];
  let arguments = (ins Kernel_Shaped:$input, Variadic<Kernel_Shaped>:$init,
                       I64Attr:$axis, TypedAttrInterface:$start,
                       UnitAttr:$exclusive, UnitAttr:$reverse);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$combine);
  let assemblyFormat = [{
    `ins` `(` $input `:` type($input) `)` `outs` `(` $init `:` type($init) `)`
    attr-dict-with-keyword $combine (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Kernel_ScatterOp : Kernel_Op<"scatter", [
    SingleBlock, RecursiveMemoryEffects, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Stores updates at places that are known at run time";
  let description = [{
    For each position u of `updates`, in row-major order, the element of `init`
    at `p` becomes `combine(itself, updates[u])`. With
    `m = positions[d](u)`, the place `p[d]` is `indices[m]` if `indexed[d]`, else
    the one result of m. Whoever makes this operation has checked that all places
    are in range.

    - (C1) there is one map and one mark for each dimension of `init`; a map has
      as many dimensions as `updates`, and as many results as `indices` if its
      dimension is indexed, else one.
    - (C2) the region has two arguments.
  }];
  let arguments = (ins Kernel_Shaped:$indices, Kernel_Shaped:$updates,
                       Variadic<Kernel_Shaped>:$init,
                       AffineMapArrayAttr:$positions,
                       DenseBoolArrayAttr:$indexed);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$combine);
  let assemblyFormat = [{
    `indices` `(` $indices `:` type($indices) `)`
    `updates` `(` $updates `:` type($updates) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict-with-keyword
    $combine (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // ATTUNE_DIALECTS_KERNEL_ORDEREDOPS
