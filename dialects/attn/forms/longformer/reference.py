# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Windows and global positions with the ordinary projections (Beltagy, Peters and Cohan, 2020)."""

# Arguments of `visible` that every implementation is tried with.
CASES = [{}, {"window": 0, "global": 0}, {"window": 6}, {"window": 3, "global": 5},
         {"window": 2, "global": 2, "dilation": 3}]


def visible(i, j, keys, causal=False, window=256, dilation=1, **others):
    """Whether the query at position i sees key j, elementwise."""
    count = others.get("global", 1)
    near = (abs(i - j) <= window * dilation) & ((i - j) % dilation == 0)
    return (near | (i < count) | (j < count)) & ((j <= i) | (not causal))
