# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention with positive random features (Choromanski et al., 2020) in NumPy."""

import numpy as np

# Arguments of `reference` that every implementation is tried with.
CASES = [dict(m=m, causal=causal, eps=eps, kind=kind)
         for m, eps, kind in [(16, 1e-6, "exp"), (19, 0.0, "exp"), (24, 1e-2, "exp"),
                              (19, 1e-3, "relu")]
         for causal in (False, True)]

_MASK = 2**64 - 1


def uniforms(seed):
    """SplitMix64's numbers in [0, 1)."""
    while True:
        seed = (seed + 0x9E3779B97F4A7C15) & _MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        yield ((z ^ (z >> 31)) >> 11) * 2.0**-53


def normals(seed):
    """Standard normal numbers, in pairs of Box and Muller."""
    uniform = uniforms(seed)
    while True:
        radius = np.sqrt(-2 * np.log(max(next(uniform), 2.0**-53)))
        angle = 2 * np.pi * next(uniform)
        yield radius * np.cos(angle)
        yield radius * np.sin(angle)


def projection(m, width, seed=0):
    """m rows, each `width` of them orthogonal, as long as normal vectors."""
    normal = normals(seed)

    def draw(rows):
        return np.array([next(normal) for _ in range(rows * width)]).reshape(rows, width)
    blocks = []
    for _ in range(-(-m // width)):
        # Rows made orthogonal one after the other: R has a positive diagonal.
        q, r = np.linalg.qr(draw(width).T)
        blocks.append((q * np.sign(np.diag(r))).T)
    return np.concatenate(blocks)[:m] * np.linalg.norm(draw(m), axis=1)[:, None]


def features(x, w, scale, eps, kind="exp", keys=False, visible=None):
    """Of [B,H,L,D]; `scale` is that of the scores, half of it for each side."""
    x = x * np.sqrt(scale)
    y = x @ w.T
    if kind == "relu":
        return np.maximum(y, 0) + eps
    if keys:
        y = y - (x * x).sum(-1, keepdims=True) / 2
        counted = y if visible is None else np.where(visible[:, None, :, None], y, -1e300)
        return np.exp(np.minimum(y - counted.max((-2, -1), keepdims=True), 0)) + eps
    return np.exp(y - y.max(-1, keepdims=True)) + eps


def reference(q, k, v, w=None, m=256, seed=0, eps=1e-6, kind="exp", causal=False, scale=None,
              visible=None, empty="zero"):
    """The quadratic definition in float64: q [B,H,L,D], k [B,Hk,S,D], v [B,Hv,S,E].

    `visible`, [B,S], hides keys, whatever they and their values hold; a row that
    sees none is 0, NaN or the mean of all values.
    """
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    rows, keys = q.shape[2], k.shape[2]
    seen = np.arange(keys) <= np.arange(rows)[:, None] + (keys - rows if causal else keys)
    values = np.repeat(v, q.shape[1] // v.shape[1], 1)
    mean = values.mean(-2, keepdims=True)
    if visible is not None:
        visible = np.asarray(visible, bool)
        seen = seen & visible[:, None, None]
        k = np.where(visible[:, None, :, None], k, 0)
        values = np.where(visible[:, None, :, None], values, 0)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    w = projection(m, q.shape[-1], seed) if w is None else np.asarray(w, np.float64)
    key_features = np.repeat(features(k, w, scale, eps, kind, keys=True, visible=visible),
                             q.shape[1] // k.shape[1], 1)
    weights = features(q, w, scale, eps, kind) @ key_features.swapaxes(-1, -2)
    weights = np.where(seen, weights, 0)
    some = seen.any(-1)[..., None]
    result = weights @ values / np.where(some, weights.sum(-1, keepdims=True), 1)
    return np.where(some, result, {"zero": 0, "nan": np.nan, "mean": mean}[empty])
