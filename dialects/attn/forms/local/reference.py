# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Blocks of queries and keys (Tay et al., 2020); blocks are contiguous."""

# Arguments of `visible` that every implementation is tried with.
CASES = [dict(), dict(block=1), dict(block=7), dict(block=16, back=1),
         dict(block=5, back=2, forward=1)]


def visible(i, j, keys, causal=False, block=64, back=0, forward=0):
    """Whether the query at position i sees key j, elementwise."""
    distance = i // block - j // block
    return (distance <= back) & (-distance <= forward) & ((j <= i) | (not causal))
