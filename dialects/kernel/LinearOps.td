// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Part of KernelOps.td: attention by products of features.

#ifndef ATTUNE_DIALECTS_KERNEL_LINEAROPS
#define ATTUNE_DIALECTS_KERNEL_LINEAROPS

include "mlir/IR/EnumAttr.td"

def Kernel_FeatureKind : I32EnumAttr<"FeatureKind", "how features are made", [
    I32EnumAttrCase<"elements", 0>, I32EnumAttrCase<"queries", 1>,
    I32EnumAttrCase<"keys", 2>, I32EnumAttrCase<"taylor", 3>]> {
  let cppNamespace = "::attune::kernel";
}

def Kernel_Schedule : I32EnumAttr<"Schedule", "the order of the sums", [
    I32EnumAttrCase<"chunked", 0>, I32EnumAttrCase<"recurrent", 1>,
    I32EnumAttrCase<"quadratic", 2>]> {
  let cppNamespace = "::attune::kernel";
}

def Kernel_LinearAttentionOp : Kernel_Op<"linear_attention", [
    AttrSizedOperandSegments, RecursiveMemoryEffects,
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Attention by products of features, in linear time";
  let description = [{
    The destination-style twin of `attn.linear`, which makes the features of
    queries and keys itself, a chunk at a time. With a vector x of a query or a
    key, times its scale, and y = W x with the projection W, or y = x without
    one, its features are, by kind:

    ```
    elements: map(y_r)
    queries:  map(e^(y_r - max_r y))
    keys:     map(e^(y_r - |x|^2 / 2 - c)), c the largest such exponent of the
              head
    taylor:   1, x_a, and for a <= b the products x_a x_b, over sqrt(2) if a = b
    ```

    With `normalise`, rows are divided by the sum of their weights plus `eps`. c
    is over the keys that `visible` shows.

    The first destination is the output, the second one scratch memory: as many
    bytes as `LinearTiles` asks for, for each range of work that runs beside
    others. Where there are more, they are the state and, with `normalise`, the
    sum. Without a schedule, chunks are taken, but for one key and one query
    beside a past and a state.

    - (C1) each region takes and yields one element.
    - (C2) the widths of query, key and value are static.
    - (C3) a projection is `features x width` and static; the kinds `queries`
      and `keys` have one, the kind `taylor` has none, and only keys are `keys`.
    - (C4) the scratch memory is static, of one dimension of bytes; a state is
      the third destination, its sum the fourth.
  }];
  let arguments = (ins Kernel_FeatureKind:$query_kind,
                       Kernel_FeatureKind:$key_kind,
                       Kernel_Shaped:$query,
                       Optional<Kernel_Shaped>:$query_projection,
                       Kernel_Shaped:$key,
                       Optional<Kernel_Shaped>:$key_projection,
                       Kernel_Shaped:$value,
                       Optional<Kernel_Shaped>:$visible,
                       Optional<Kernel_Shaped>:$past_state,
                       Optional<Kernel_Shaped>:$past_sum,
                       Variadic<Kernel_Shaped>:$init,
                       F64Attr:$query_scale, F64Attr:$key_scale,
                       F64Attr:$eps, UnitAttr:$normalise, UnitAttr:$causal,
                       UnitAttr:$top_left, UnitAttr:$nan_empty_rows,
                       UnitAttr:$mean_empty_rows,
                       OptionalAttr<AffineMapAttr>:$visible_map,
                       OptionalAttr<Kernel_Schedule>:$schedule,
                       DenseI64ArrayAttr:$query_layout,
                       DenseI64ArrayAttr:$key_layout,
                       DenseI64ArrayAttr:$value_layout,
                       DenseI64ArrayAttr:$output_layout);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$query_map, SizedRegion<1>:$key_map);
  let assemblyFormat = [{
    `query` $query_kind `(` $query `:` type($query)
    (`by` $query_projection^ `:` type($query_projection))? `)` $query_map
    `key` $key_kind `(` $key `:` type($key)
    (`by` $key_projection^ `:` type($key_projection))? `)` $key_map
    `value` `(` $value `:` type($value) `)`
    (`visible` `(` $visible^ `:` type($visible) `)`)?
    (`past` `(` $past_state^ `:` type($past_state) `)`)?
    (`past_sum` `(` $past_sum^ `:` type($past_sum) `)`)?
    (`schedule` `(` $schedule^ `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

#endif // ATTUNE_DIALECTS_KERNEL_LINEAROPS
