// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Part of KernelOps.td: algorithms that are more than loops over elements.

#ifndef ATTUNE_DIALECTS_KERNEL_NUMERICOPS
#define ATTUNE_DIALECTS_KERNEL_NUMERICOPS

class Kernel_NumericOp<string mnemonic, list<Trait> traits = []>
    : Kernel_Op<mnemonic, !listconcat(traits, [
          DestinationStyleOpInterface,
          DeclareOpInterfaceMethods<MemoryEffectsOpInterface>])> {
  let results = (outs Variadic<AnyRankedTensor>:$result);
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitMutable(); }
  }];
}

def Kernel_FftOp : Kernel_NumericOp<"fft"> {
  let summary = "Fourier transforms of rows, in place";
  let description = [{
    The two destinations hold the real and the imaginary parts of rows z of N
    complex numbers. With `bits(k)`, the log2(N) bits of k from the last to the
    first, each row becomes `Z[bits(k)] = sum over n of z[n] * e^(-2 pi i n k / N)`.
    With `inverse`, rows Z in that order become
    `z[n] = sum over k of Z[bits(k)] * e^(+2 pi i n k / N)`, so that both, one
    after the other, multiply by N and nothing has to be put in order between.
    It takes O(N log N) steps and no other memory.

    `twiddles` holds, for each power of two h below N and each j < h, in column
    h + j the real and the imaginary part of e^(-pi i j / h).

    - (C1) the destinations are `rows x N` of one type of f32 or f64.
    - (C2) N is a power of two and at least 16; whoever makes this operation
      takes care of that where it is known at run time only.
    - (C3) `twiddles` is `2 x N` of the destinations' type.
  }];
  let arguments = (ins Kernel_Shaped:$twiddles, Variadic<Kernel_Shaped>:$init,
                       UnitAttr:$inverse);
  let assemblyFormat = [{
    `twiddles` `(` $twiddles `:` type($twiddles) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_DeterminantOp : Kernel_NumericOp<"determinant"> {
  let summary = "Determinants by elimination with partial pivoting";
  let description = [{
    The first destination holds matrices, which elimination overwrites; the
    second gets their determinants.

    - (C1) the destinations are `count x n x n` and `count` of one type of float.
  }];
  let arguments = (ins Variadic<Kernel_Shaped>:$init);
  let assemblyFormat = [{
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_SortOp : Kernel_NumericOp<"sort", [
    SingleBlock, RecursiveMemoryEffects]> {
  let summary = "The positions that come first in each row, in order";
  let description = [{
    `keys` is `rows x n x width`. Item i of a row comes before item j if
    `before(keys[r,i,w], keys[r,j,w])` at the first w where they differ, that is
    where `before` holds one way or the other; of items that do not differ, the
    one of the lower position comes first. The first destination, `rows x k`,
    gets the positions of the first k items; k must not exceed n.

    The second destination, `rows x s`, is scratch memory. With s >= 2n, runs are
    merged in it, in O(n log n) steps; else the first destination is a heap of the
    best k so far, in O(n log k) steps.

    - (C1) there are two destinations of rank 2 that hold i64; `keys` has rank 3.
    - (C2) the region takes two elements of `keys` and yields an i1.
  }];
  let arguments = (ins Kernel_Shaped:$keys, Variadic<Kernel_Shaped>:$init);
  let regions = (region SizedRegion<1>:$before);
  let assemblyFormat = [{
    `keys` `(` $keys `:` type($keys) `)` `outs` `(` $init `:` type($init) `)`
    attr-dict-with-keyword $before (`->` type($result)^)?
  }];
}

#endif // ATTUNE_DIALECTS_KERNEL_NUMERICOPS
