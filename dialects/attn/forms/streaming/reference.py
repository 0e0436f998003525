# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Streaming heads: first keys and recent ones (Xiao et al., 2024)."""

# Arguments of `visible` that every implementation is tried with.
CASES = [dict(), dict(sink=0, recent=1), dict(sink=3, recent=5), dict(sink=40, recent=2),
         dict(sink=1, recent=70)]


def visible(i, j, keys, causal=True, sink=64, recent=256):
    """Whether the query at position i sees key j, elementwise; always causal."""
    return (j <= i) & ((j < sink) | (i - j < recent))
