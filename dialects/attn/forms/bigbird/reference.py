# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Windows of blocks, global blocks and random ones (Zaheer et al., 2020)."""

import numpy as np

# Arguments of `blocks` that every implementation is tried with.
CASES = [{"block": 8}, {"block": 16, "window": 1, "global": 0, "random": 0},
         {"block": 4, "window": 5, "global": 2, "random": 1, "seed": 7},
         {"block": 8, "random": 100}]


def numbers(state):
    """SplitMix64 (Steele, Lea and Flood, 2014)."""
    mask = 2**64 - 1
    while True:
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        yield z ^ (z >> 31)


def blocks(heads, count, causal=False, layer=0, window=3, random=3, seed=0, **others):
    """Which of `count` blocks of keys each block of queries sees: [heads, count, count]."""
    row, column = np.arange(count)[:, None], np.arange(count)[None]
    if causal:
        near = (row - column >= 0) & (row - column < window)
    else:
        near = abs(row - column) <= window // 2
    each = np.arange(count)
    known = others.get("global", 1)
    everywhere = (each < known) | ((each >= count - known) & (not causal))
    fixed = (near | everywhere[:, None] | everywhere) & ((row >= column) | (not causal))
    marks = np.repeat(fixed[None], heads, 0)
    for head in range(heads):
        draw = numbers(seed + 1000003 * layer + 7919 * head)
        for r in range(count):
            left = [c for c in range(r + 1 if causal else count) if not fixed[r, c]]
            for _ in range(min(random, len(left))):
                # Drawn without replacement, from what is left at the front.
                at = next(draw) % len(left)
                marks[head, r, left[at]] = True
                left[at] = left[0]
                left.pop(0)
    return marks
