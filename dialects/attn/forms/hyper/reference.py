# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention by hashing and sampling (Han et al., 2023, HyperAttention)."""

import numpy as np

MASK = 2**64 - 1

# Parameters that every implementation is tried with.
CASES = [dict(block=8, samples=8, planes=3, least=16), dict(block=4, samples=0, planes=2, least=8),
         dict(block=16, samples=5, planes=7, least=32, seed=9), dict(block=64, least=4096)]


def numbers(seed):
    """SplitMix64 (Steele, Lea, Flood, 2014)."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def normals(seed, rows, columns):
    """Box and Muller's pairs, row by row."""
    stream, values = numbers(seed), []
    while len(values) < rows * columns:
        u, w = ((next(stream) >> 11) * 2.0**-53 for _ in range(2))
        radius = np.sqrt(-2 * np.log(max(u, 2.0**-53)))
        values += [radius * np.cos(2 * np.pi * w), radius * np.sin(2 * np.pi * w)]
    return np.array(values[:rows * columns]).reshape(rows, columns)


def sample(seed, head, keys, count):
    """Positions below `keys`, with replacement; each head of keys and each size has its own."""
    stream = numbers((seed + 1000003 * keys + 7919 * (head + 1)) & MASK)
    return np.array([next(stream) % keys for _ in range(count)], int)


def codes(x, planes):
    """The rank in the reflected Gray sequence of the sides of the planes."""
    code = ((x @ planes > 0) << np.arange(planes.shape[1])).sum(-1)
    rank, rest = code.copy(), code >> 1
    while rest.any():
        rank, rest = rank ^ rest, rest >> 1
    return rank


def margin(x, planes):
    """How near a vector is to a plane."""
    return np.abs(x @ planes).min()


def attention(q, k, v, scale, shown):
    """The result and the logarithm of the sum of weights; rows without keys give 0, -inf."""
    scores = np.where(shown, scale * q @ k.T, -np.inf)
    most = scores.max(-1, keepdims=True, initial=-np.inf)
    most = np.where(np.isfinite(most), most, 0)
    weights = np.exp(scores - most)
    total = weights.sum(-1, keepdims=True)
    with np.errstate(divide="ignore"):
        return weights @ v / np.where(total > 0, total, 1), (most + np.log(total))[:, 0]


def merge(left, right):
    """Two parts that have seen keys of their own."""
    most = np.maximum(left[1], right[1])
    base = np.where(np.isfinite(most), most, 0)
    weights = [np.exp(part[1] - base) for part in (left, right)]
    total = weights[0] + weights[1]
    shares = [(weight / np.where(total > 0, total, 1))[:, None] for weight in weights]
    with np.errstate(divide="ignore"):
        return shares[0] * left[0] + shares[1] * right[0], base + np.log(total)


def core(q, k, v, scale, planes, block, drawn, rows=None):
    """Every query over the keys of its block in sorted order, and a sample of the others.
    `rows`, at least as many as there are queries, are what blocks of queries share."""
    keys, rows = len(k), rows or len(q)
    order, key_order = (np.argsort(codes(x, planes), kind="stable") for x in (q, k))
    q, k, v = q[order], k[key_order], v[key_order]
    blocks = -(-keys // block)
    own = np.arange(len(q)) // -(-rows // blocks)
    result = attention(q, k, v, scale, own[:, None] == np.arange(keys) // block)
    if blocks > 1 and len(drawn):
        o, l = attention(q, k[drawn], v[drawn], scale, own[:, None] != drawn // block)
        result = merge(result, (o, l + np.log(keys / len(drawn))))
    inverse = np.argsort(order)
    return result[0][inverse], result[1][inverse]


def levels_of(length, least):
    """How often halves are taken until they have at most `least` positions."""
    levels = 0
    while -(-length // 2**levels) > least:
        levels += 1
    return levels


def reference(q, k, v, scale, causal, head=0, *, block=256, samples=256, planes=7, least=4096,
              seed=0, draw=sample):
    """One head, number `head` of the keys': q [n,D], k [s,D], v [s,E] in float64."""
    n, r = len(q), normals(seed, q.shape[1], planes)
    if not causal:
        if n < least:
            return attention(q, k, v, scale, True)[0]
        return core(q, k, v, scale, r, block, draw(seed, head, len(k), samples))[0]
    # Halves are multiples of the shortest part; the last part may be shorter.
    levels = levels_of(n, least)
    leaf = -(-n // 2**levels)
    i, j = np.ogrid[:n, :n]
    result = attention(q, k, v, scale, (j <= i) & (i // leaf == j // leaf))
    for level in range(levels):
        half = leaf * 2**(levels - level - 1)
        drawn = draw(seed, head, half, samples)
        for at in range(half, n, 2 * half):
            low, high = slice(at, min(n, at + half)), slice(at - half, at)
            part = core(q[low], k[high], v[high], scale, r, block, drawn, half)
            merged = merge((result[0][low], result[1][low]), part)
            result[0][low], result[1][low] = merged
    return result[0]
