# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Linear attention (Katharopoulos, Vyas, Pappas and Fleuret, 2020) in NumPy."""

import numpy as np

# Arguments of `reference` that every implementation is tried with.
CASES = [dict(causal=causal, eps=eps) for causal in (False, True) for eps in (0.0, 1e-6, 0.5)]


def features(x):
    """elu(x) + 1."""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def reference(q, k, v, causal=False, eps=1e-6, top_left=False, features=features,
              normalise=True):
    """The quadratic definition in float64.

    q [B,H,L,D], k [B,Hk,S,D] and v [B,Hv,S,E], where Hk and Hv divide H. A
    causal query i sees the keys j <= i + S - L, or j <= i with `top_left`. A
    row that sees no key is 0.
    """
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    k = np.repeat(k, q.shape[1] // k.shape[1], 1)
    v = np.repeat(v, q.shape[1] // v.shape[1], 1)
    weights = features(q) @ features(k).swapaxes(-1, -2)
    rows, keys = weights.shape[-2:]
    seen = np.ones((rows, keys), bool)
    if causal:
        offset = 0 if top_left else keys - rows
        seen = np.arange(keys) <= np.arange(rows)[:, None] + offset
    weights = np.where(seen, weights, 0)
    result = weights @ v
    if normalise:
        some = seen.any(-1)[:, None]
        result /= np.where(some, weights.sum(-1, keepdims=True) + eps, 1)
    return result
