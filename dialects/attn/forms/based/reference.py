# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention with weights 1 + s + s^2 / 2 (Arora et al., 2024) in NumPy."""

import numpy as np

# Arguments of `reference` that every implementation is tried with.
CASES = [dict(causal=False), dict(causal=True), dict(causal=True, scale=0.1)]


def features(x, scale):
    """Of [..., D]: the products of two are 1 + s + s^2 / 2, s = scale x . y."""
    x = x * np.sqrt(scale)
    a, b = np.triu_indices(x.shape[-1])
    products = x[..., a] * x[..., b] * np.where(a == b, np.sqrt(0.5), 1)
    return np.concatenate([np.ones(x.shape[:-1] + (1,)), x, products], -1)


def reference(q, k, v, causal=False, scale=None, normalise=True, visible=None, empty="zero"):
    """The quadratic definition in float64: q [B,H,L,D], k [B,Hk,S,D], v [B,Hv,S,E].

    `visible`, [B,S], hides keys, whatever they and their values hold; a row that
    sees none is 0, NaN or the mean of all values.
    """
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    k = np.repeat(k, q.shape[1] // k.shape[1], 1)
    v = np.repeat(v, q.shape[1] // v.shape[1], 1)
    rows, keys = q.shape[2], k.shape[2]
    seen = np.arange(keys) <= np.arange(rows)[:, None] + (keys - rows if causal else keys)
    mean = v.mean(-2, keepdims=True)
    if visible is not None:
        visible = np.asarray(visible, bool)
        seen = seen & visible[:, None, None]
        k, v = (np.where(visible[:, None, :, None], x, 0) for x in (k, v))
    scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    weights = np.where(seen, 1 + scores + scores**2 / 2, 0)
    some = seen.any(-1)[..., None]
    result = weights @ v
    if normalise:
        result /= np.where(some, weights.sum(-1, keepdims=True), 1)
    return np.where(some, result, {"zero": 0, "nan": np.nan, "mean": mean}[empty])
