# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention over blocks that a gate chooses (Gao et al., 2024)."""

import numpy as np

# Parameters that every implementation is tried with.
CASES = [dict(block=4), dict(block=4, threshold=0.2), dict(block=8, ratio=0.3),
         dict(block=4, ratio=0.1, last_dense=0, own_block=False),
         dict(block=12, threshold=0.1, last_dense=0, own_block=True),
         dict(block=64, ratio=1.0)]

POOLS = dict(avg=np.mean, max=np.max, min=np.min)


def pool(x, block, kinds=("avg",)):
    """Blocks of the positions of x [H,L,D], of each kind; the last block may be short."""
    parts = [x[:, at:at + block] for at in range(0, x.shape[1], block)]
    return np.stack([np.concatenate([POOLS[kind](part, axis=1) for kind in kinds], -1)
                     for part in parts], 1)


def learned(q, k, block, key_weights, query_weights=None, query_pools=("avg",),
            key_pools=("avg",), turn=None):
    """Pooled and projected queries and keys, which are [H,L,D] before rotary positions.
    `turn` gives blocks, at the positions it is told, their rotary positions."""
    pooled_q, pooled_k = pool(q, block, query_pools), pool(k, block, key_pools)
    pooled_k = np.repeat(pooled_k, len(key_weights) // len(pooled_k), 0) @ key_weights
    if query_weights is not None:
        pooled_q = pooled_q @ query_weights
    if turn:
        pooled_q, pooled_k = (turn(x, np.arange(x.shape[1]) * block) for x in (pooled_q, pooled_k))
    return pooled_q, pooled_k


def gate(pooled_q, pooled_k, scale, shown):
    """Probabilities of blocks, [Hq,U,V], among those that are shown."""
    pooled_k = np.repeat(pooled_k, len(pooled_q) // len(pooled_k), 0)
    scores = np.where(shown, scale * pooled_q @ pooled_k.swapaxes(-1, -2), -np.inf)
    most = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isfinite(most), most, 0))
    total = weights.sum(-1, keepdims=True)
    return weights / np.where(total > 0, total, 1)


def choose(p, threshold, ratio, causal):
    """The chosen blocks, and how near a decision is to another one."""
    if ratio == 0:
        return p > threshold, np.abs(p - threshold).min(initial=np.inf)
    factor = 1 - np.sqrt(1 - ratio) if causal else ratio
    count = max(1, int(factor * p.shape[-1]))
    order = np.argsort(-p, -1, kind="stable")
    chosen = np.zeros(p.shape, bool)
    np.put_along_axis(chosen, order[..., :count], True, -1)
    ranked = np.take_along_axis(p, order, -1)
    gaps = ranked[..., count - 1:count] - ranked[..., count:count + 1]
    # Blocks that are not shown are all 0, and chosen or not is the same for them.
    return chosen, gaps[ranked[..., count - 1:count][..., :gaps.shape[-1]] > 0].min(initial=np.inf)


def visible(pooled, rows, keys, scale, causal, block=64, threshold=2e-3, ratio=0.0,
            last_dense=2, own_block=True):
    """Which keys each query sees, [Hq,rows,keys], and how near the nearest decision is.
    `pooled` are the queries and keys of blocks."""
    u, v = (np.arange(x.shape[1]) for x in pooled)
    u = u[:, None]
    near = v * block < (u + 1) * block + keys - rows
    shown = near if causal else np.ones_like(near)
    chosen, margin = choose(gate(*pooled, scale, shown), threshold, ratio, causal)
    own = near & ((v + 1) * block > u * block + keys - rows)
    chosen = (chosen | (u >= len(u) - last_dense) | (own & own_block)) & shown
    wide = chosen[:, np.arange(rows) // block][..., np.arange(keys) // block]
    i = np.arange(rows)[:, None] + keys - rows
    return wide & ((np.arange(keys) <= i) | (not causal)), margin


def attention(q, k, v, scale, seen):
    """Softmax attention of [H,L,D] over the keys that are seen; rows without one give 0."""
    group = len(q) // len(k)
    k, v = np.repeat(k, group, 0), np.repeat(v, group, 0)
    scores = np.where(seen, scale * q @ k.swapaxes(-1, -2), -np.inf)
    most = scores.max(-1, keepdims=True)
    weights = np.exp(scores - np.where(np.isfinite(most), most, 0))
    total = weights.sum(-1, keepdims=True)
    return weights @ v / np.where(total > 0, total, 1)
