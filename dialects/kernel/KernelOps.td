// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_DIALECTS_KERNEL_KERNELOPS
#define ATTUNE_DIALECTS_KERNEL_KERNELOPS

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

include "dialects/kernel/Normalisers.td"

def Kernel_WeightOp : Kernel_Op<"weight", [Symbol]> {
  let summary = "Declares a constant tensor that stays in its file";
  let description = [{
    The bytes are `size` bytes at `offset` of `file`, little endian, row-major,
    of the type `stored`. `type` is what the program sees: `stored` with its
    dimensions permuted by `permutation` (result dimension `d` is stored
    dimension `permutation[d]`), then, if `panel` is given, packed for a
    contraction: a stored-and-permuted `K x N` becomes `ceil(N/panel) x K x
    panel`, the last panel filled with zeros. Bytes are read, permuted and
    packed one weight at a time, when the artifact is written.

    Example:
    ```mlir
    kernel.weight @w file "m.onnx" offset 128 size 48 stored tensor<3x4xf32>
        {permutation = array<i64: 1, 0>} : tensor<4x3xf32>
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, StrAttr:$file, I64Attr:$offset,
                       I64Attr:$size, TypeAttrOf<AnyStaticShapeTensor>:$stored,
                       TypeAttrOf<AnyStaticShapeTensor>:$type,
                       OptionalAttr<DenseI64ArrayAttr>:$permutation,
                       OptionalAttr<I64Attr>:$panel);
  let assemblyFormat = [{
    $sym_name `file` $file `offset` $offset `size` $size `stored` $stored
    attr-dict `:` $type
  }];
  let hasVerifier = 1;
}

def Kernel_LoadWeightOp : Kernel_Op<"load_weight", [Pure,
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "The tensor (or memref) that a weight's symbol stands for";
  let arguments = (ins FlatSymbolRefAttr:$weight);
  let results = (outs Kernel_Shaped:$result);
  let assemblyFormat = "$weight attr-dict `:` type($result)";
}

def Kernel_ContractOp : Kernel_Op<"contract", [
    AttrSizedOperandSegments, SingleBlock,
    RecursiveMemoryEffects, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Batched matrix product with an element-wise epilogue";
  let description = [{
    `init[b,m,n] = epilogue(sum over k of lhs[b,m,k] * rhs[b,k,n], captures)`.
    The sum is held in f32 (f64 for f64). The region's first argument is the
    sum, then come the captures' elements at `capture_maps[i](b,m,n)`; it yields
    the element to store. `rhs` is `KxN`, `BxKxN`, or, with `packed_columns`,
    panels of a packed weight `ceil(N/P)xKxP` that holds `packed_columns`
    columns.

    - (C1) `lhs` and `init` have rank 3, `rhs` has rank 2 or 3.
    - (C2) sizes that are static agree.
    - (C3) each capture has a map from (b,m,n) to its dimensions, and the
      region has one argument for the sum and one for each capture.
  }];
  let arguments = (ins Kernel_Shaped:$lhs,
                       Kernel_Shaped:$rhs,
                       Variadic<Kernel_Shaped>:$captures,
                       Variadic<Kernel_Shaped>:$init,
                       AffineMapArrayAttr:$capture_maps,
                       OptionalAttr<I64Attr>:$packed_columns);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$epilogue);
  let assemblyFormat = [{
    `lhs` `(` $lhs `:` type($lhs) `)` `rhs` `(` $rhs `:` type($rhs) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict-with-keyword
    $epilogue (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    bool isPacked() { return getPackedColumns().has_value(); }
  }];
}

def Kernel_AttentionOp : Kernel_Op<"attention", [
    AttrSizedOperandSegments, SingleBlock,
    RecursiveMemoryEffects, DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Online-softmax attention with a score region";
  let description = [{
    The destination-style twin of `attn.attention`: the same operands, attributes
    and region; the `init`s are the output, room for packed keys and for packed
    values, which have no panels where both are read row by row, and `lse` where
    it is wanted.
  }];
  let arguments = (ins Kernel_Shaped:$query,
                       Kernel_Shaped:$key,
                       Kernel_Shaped:$value,
                       Variadic<Kernel_Shaped>:$captures,
                       Optional<Kernel_Shaped>:$counts,
                       Optional<Kernel_Shaped>:$blocks,
                       Variadic<Kernel_Shaped>:$init,
                       AffineMapArrayAttr:$capture_maps,
                       F64Attr:$scale, UnitAttr:$causal,
                       UnitAttr:$nan_empty_rows,
                       UnitAttr:$mean_empty_rows,
                       OptionalAttr<ArrayAttr>:$mask,
                       OptionalAttr<I64Attr>:$query_block,
                       OptionalAttr<I64Attr>:$key_block,
                       OptionalAttr<Kernel_AttentionNormaliser>:$normaliser,
                       DenseI64ArrayAttr:$query_layout,
                       DenseI64ArrayAttr:$key_layout,
                       DenseI64ArrayAttr:$value_layout,
                       DenseI64ArrayAttr:$output_layout,
                       UnitAttr:$top_left);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let regions = (region SizedRegion<1>:$score);
  let assemblyFormat = [{
    `query` `(` $query `:` type($query) `)` `key` `(` $key `:` type($key) `)`
    `value` `(` $value `:` type($value) `)`
    (`captures` `(` $captures^ `:` type($captures) `)`)?
    (`blocks` `(` $counts^ `,` $blocks `:` type($counts) `,` type($blocks) `)`)?
    `outs` `(` $init `:` type($init) `)` attr-dict-with-keyword
    $score (`->` type($result)^)?
  }];
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    /// Up to so many queries do not pay for packing the keys.
    static constexpr int64_t mostRowQueries = 8;
    /// Whether all of an attention's query, key and value have rows of static
    /// width to read.
    template <typename Attention> static bool mayReadRows(Attention op) {
      return hasRows(op.getQuery(), op.getQueryLayout()) &&
             hasRows(op.getKey(), op.getKeyLayout()) &&
             hasRows(op.getValue(), op.getValueLayout());
    }
    /// The same for one of them.
    static bool hasRows(::mlir::Value tensor, ::llvm::ArrayRef<int64_t> layout);
  }];
}

include "dialects/kernel/LinearOps.td"
include "dialects/kernel/OrderedOps.td"
include "dialects/kernel/NumericOps.td"
include "dialects/kernel/LagOps.td"

def Kernel_SuppressOp : Kernel_Op<"suppress", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Greedy choice of boxes that hardly overlap";
  let description = [{
    For each b and c: of the boxes n with `scores[b,c,n] > score_threshold`, the
    one of the highest score is kept (the first of equal ones), those whose
    intersection with it is above `overlap_threshold` of the union are dropped,
    and so on until K boxes are kept or none is left. `kept[b,c,k]` is the k-th,
    `counts[b,c]` is how many there are; `alive` is scratch memory.

    - (C1) with sizes B x N x 4 of `boxes` and B x C x N of `scores` and `alive`,
      those of `kept` are B x C x K and those of `counts` B x C.
  }];
  let arguments = (ins Kernel_Shaped:$boxes, Kernel_Shaped:$scores,
                       F32:$overlap_threshold, F32:$score_threshold,
                       Variadic<Kernel_Shaped>:$init, UnitAttr:$centered);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    `boxes` `(` $boxes `:` type($boxes) `)`
    `scores` `(` $scores `:` type($scores) `)`
    `above` `(` $overlap_threshold `,` $score_threshold `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
    ::mlir::Value getKept() { return getInit()[0]; }
    ::mlir::Value getCounts() { return getInit()[1]; }
    ::mlir::Value getAlive() { return getInit()[2]; }
  }];
}

def Kernel_AppendOp : Kernel_Op<"append", [
    DestinationStyleOpInterface,
    DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Puts rows behind a state that grows";
  let description = [{
    `init[i, ...] = state[i, ...]` for the rows of `state`, then those of `rows`.
    When it runs, `init` may lie in the memory of `state`, and in no other way
    over it: the rows of `state` then stay where they are.

    - (C1) all three have one element type and one rank, at least 1.
    - (C2) sizes after the first that are static agree.
  }];
  let arguments = (ins Kernel_Shaped:$state, Kernel_Shaped:$rows,
                       Variadic<Kernel_Shaped>:$init);
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let assemblyFormat = [{
    $state `:` type($state) `rows` $rows `:` type($rows)
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Kernel_YieldOp : Kernel_Op<"yield", [Pure, Terminator,
    ParentOneOf<["ContractOp", "AttentionOp", "LinearAttentionOp",
                 "RecurrenceOp", "ScanOp", "ScatterOp", "SortOp"]>]> {
  let summary = "Ends the region of one of this dialect's operations";
  let arguments = (ins Variadic<AnyType>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

// What follows exists only after bufferization, on the way to LLVM.

def Kernel_ParallelOp : Kernel_Op<"parallel", [RecursiveMemoryEffects,
    SingleBlock, NoTerminator]> {
  let summary = "A range of independent work that threads share";
  let description = [{
    The region gets `[begin, end)`, a part of `[0, count)` that holds at least
    `grain` items but at the range's end.
  }];
  let arguments = (ins Index:$count, Index:$grain);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count `grain` $grain $body attr-dict";
}

def Kernel_LaunchOp : Kernel_Op<"launch"> {
  let summary = "Runs a function over a range through the runtime's threads";
  let description = [{
    `body` is a function `(services, begin, end, captures...)`.
  }];
  let arguments = (ins FlatSymbolRefAttr:$body, AnyType:$services, Index:$count,
                       Index:$grain, Variadic<AnyType>:$captures);
  let assemblyFormat = [{
    $body `(` $services `:` type($services) `)` `count` $count `grain` $grain
    (`captures` `(` $captures^ `:` type($captures) `)`)? attr-dict
  }];
}

def Kernel_Bytes
    : Type<CPred<[{::llvm::isa<::mlir::MemRefType>($_self) &&
                   ::llvm::cast<::mlir::MemRefType>($_self).getRank() == 1}]>,
           "bytes", "::mlir::MemRefType">,
      BuildableType<[{::mlir::MemRefType::get({::mlir::ShapedType::kDynamic},
                                              $_builder.getI8Type())}]>;

def Kernel_InputOp : Kernel_Op<"input", [Pure]> {
  let summary = "The bytes of the model's input `index`";
  let arguments = (ins AnyType:$inputs, I64Attr:$index);
  let results = (outs Kernel_Bytes:$bytes);
  let assemblyFormat = "$index `of` $inputs `:` type($inputs) attr-dict";
}

def Kernel_InputDimOp : Kernel_Op<"input_dim", [Pure]> {
  let summary = "Size `dim` of the model's input `index`";
  let arguments = (ins AnyType:$inputs, I64Attr:$index, I64Attr:$dim);
  let results = (outs Index:$size);
  let assemblyFormat = "$index $dim `of` $inputs `:` type($inputs) attr-dict";
}

def Kernel_WeightsOp : Kernel_Op<"weights", [Pure]> {
  let summary = "The weights' bytes, from `offset` on";
  let arguments = (ins AnyType:$weights, I64Attr:$offset);
  let results = (outs Kernel_Bytes:$bytes);
  let assemblyFormat = "$offset `of` $weights `:` type($weights) attr-dict";
}

def Kernel_WorkspaceOp : Kernel_Op<"workspace"> {
  let summary = "The run's memory, and whether the runtime could give it";
  let arguments = (ins AnyType:$services, Index:$size);
  let results = (outs Kernel_Bytes:$bytes, I1:$valid);
  let assemblyFormat = "$size `from` $services `:` type($services) attr-dict";
}

def Kernel_GrowOp : Kernel_Op<"grow"> {
  let summary = "Memory that outlives a trip of a loop, and whether there is any";
  let description = [{
    `slot` has two blocks that take turns: what the trip before stored in the
    other one stays as it is.
  }];
  let arguments = (ins AnyType:$services, I32Attr:$slot, Index:$size);
  let results = (outs Kernel_Bytes:$bytes, I1:$valid);
  let assemblyFormat = [{
    $slot `[` $size `]` `from` $services `:` type($services) attr-dict
  }];
}

def Kernel_MarkOp : Kernel_Op<"mark"> {
  let summary = "Where the run's memory ends so far";
  let arguments = (ins AnyType:$services);
  let results = (outs I64:$place);
  let assemblyFormat = "`of` $services `:` type($services) attr-dict";
}

def Kernel_ReleaseOp : Kernel_Op<"release"> {
  let summary = "Gives back the memory that came after a mark";
  let arguments = (ins AnyType:$services, I64:$place);
  let assemblyFormat = "$place `to` $services `:` type($services) attr-dict";
}

def Kernel_OutputOp : Kernel_Op<"output"> {
  let summary = "Where the model's output `index` of this shape goes";
  let arguments = (ins AnyType:$services, I64Attr:$index,
                       Variadic<Index>:$shape);
  let results = (outs Kernel_Bytes:$bytes, I1:$valid);
  let assemblyFormat = [{
    $index `[` $shape `]` `from` $services `:` type($services) attr-dict
  }];
}

def Kernel_GoesOnOp : Kernel_Op<"goes_on"> {
  let summary = "False once the run was cancelled or has failed";
  let arguments = (ins AnyType:$services);
  let results = (outs I1:$result);
  let assemblyFormat = "$services `:` type($services) attr-dict";
}

def Kernel_FailOp : Kernel_Op<"fail"> {
  let summary = "Tells the runtime why the run ends here";
  let arguments = (ins AnyType:$services, I32Attr:$code, StrAttr:$message);
  let assemblyFormat = "$code $message `to` $services `:` type($services) attr-dict";
}

#endif // ATTUNE_DIALECTS_KERNEL_KERNELOPS
