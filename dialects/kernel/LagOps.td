// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//
// Part of KernelOps.td: sums over lags.

#ifndef ATTUNE_DIALECTS_KERNEL_LAGOPS
#define ATTUNE_DIALECTS_KERNEL_LAGOPS

def Kernel_LagSumOp : Kernel_NumericOp<"lag_sum"> {
  let summary = "Sums over rows with weights that depend on their distance";
  let description = [{
    On `B x H x L x C`, with one row of taps or one for each head,
    `y[b,h,i,c] = sum over j of taps[h, j - i + L - 1] * x[b,h,j,c]`, with
    `causal` over j <= i. With `by_column`, taps are `K x C` and
    `y[b,h,i,c] = sum over s < K, s <= i of taps[s,c] * x[b, h, i - s, c]`.

    - (C1) input and destination are of rank 4, taps of rank 2, all of f32.
    - (C2) not both of `causal` and `by_column`.
  }];
  let arguments = (ins Kernel_Shaped:$taps, Kernel_Shaped:$input,
                       Variadic<Kernel_Shaped>:$init, UnitAttr:$causal,
                       UnitAttr:$by_column);
  let assemblyFormat = [{
    `taps` `(` $taps `:` type($taps) `)` `input` `(` $input `:` type($input) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_SpectrumOp : Kernel_NumericOp<"spectrum"> {
  let summary = "Fourier transforms of taps, as kernel.circulant takes them";
  let description = [{
    Of `taps`, `R x T`, column t lies at lag t, or with `origin` at lag
    origin - t, in a circle of N. Each row's transform, divided by N, in the
    order that in-place passes leave, becomes a column of the first
    destination, `ceil(R/W) x N x 2 x W`: column r at [r / W, k, part, r % W],
    part 0 the real and part 1 the imaginary one. The second destination,
    `S x N x 2 x V`, is scratch memory for S ranges of work.

    `twiddles` is `2 x N`: the real and the imaginary part of e^(-2 pi i k / N).

    - (C1) `taps` has rank 2, `twiddles` is `2 x N`, all is f32.
    - (C2) N is static, a product of 2, 3 and 5, and not below T.
    - (C3) the destinations are static but for S, with W 1 or V.
  }];
  let arguments = (ins Kernel_Shaped:$taps, Kernel_Shaped:$twiddles,
                       Variadic<Kernel_Shaped>:$init,
                       OptionalAttr<I64Attr>:$origin);
  let assemblyFormat = [{
    `taps` `(` $taps `:` type($taps) `)`
    `twiddles` `(` $twiddles `:` type($twiddles) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
}

def Kernel_CirculantOp : Kernel_NumericOp<"circulant"> {
  let summary = "Circular convolution of columns by Fourier transforms";
  let description = [{
    The columns of `B x H x L x C` are continued by zeros to N rows, convolved
    in a circle with the taps of `spectrum` (see `kernel.spectrum`), and cut to
    L rows. With W = 1, there is one spectrum or one for each head; two columns
    are the real and the imaginary part of one transform. With W = V, there is
    one for each column; two items of the batch share a transform. The second
    destination, `S x N x 2 x V`, is scratch memory for S ranges of work.

    - (C1) input and first destination have rank 4, all is f32.
    - (C2) N is static, a product of 2, 3 and 5, and not below L.
    - (C3) the scratch memory is static but for S, with W 1 or V.
  }];
  let arguments = (ins Kernel_Shaped:$spectrum, Kernel_Shaped:$twiddles,
                       Kernel_Shaped:$input, Variadic<Kernel_Shaped>:$init);
  let assemblyFormat = [{
    `spectrum` `(` $spectrum `:` type($spectrum) `)`
    `twiddles` `(` $twiddles `:` type($twiddles) `)`
    `input` `(` $input `:` type($input) `)`
    `outs` `(` $init `:` type($init) `)` attr-dict (`->` type($result)^)?
  }];
}

#endif // ATTUNE_DIALECTS_KERNEL_LAGOPS
