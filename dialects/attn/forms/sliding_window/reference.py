# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Windows of keys (Beltagy, Peters and Cohan, 2020) and first keys (Xiao et al., 2023)."""

# Arguments of `visible` that every implementation is tried with.
CASES = [dict(), dict(window=1), dict(window=5), dict(window=4, sinks=3),
         dict(window=3, dilation=4), dict(window=40, sinks=1, dilation=2)]


def visible(i, j, keys, causal=False, window=256, sinks=0, dilation=1):
    """Whether the query at position i sees key j, elementwise."""
    near = (abs(i - j) <= (window - 1) * dilation) & ((i - j) % dilation == 0)
    return (near | (j < sinks)) & ((j <= i) | (not causal))
