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


def reference(q, k, v, causal=False, scale=None, normalise=True):
    """The quadratic definition in float64: q [B,H,L,D], k [B,Hk,S,D], v [B,Hv,S,E]."""
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    k = np.repeat(k, q.shape[1] // k.shape[1], 1)
    v = np.repeat(v, q.shape[1] // v.shape[1], 1)
    scores = q @ k.swapaxes(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    weights = 1 + scores + scores**2 / 2
    rows, keys = weights.shape[-2:]
    if causal:
        weights = np.where(np.arange(keys) <= np.arange(rows)[:, None] + keys - rows, weights, 0)
    result = weights @ v
    return result / weights.sum(-1, keepdims=True) if normalise else result
