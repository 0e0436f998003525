# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Feature attention with a bias of relative positions (Luo et al., 2021) in NumPy."""

import numpy as np

# Arguments of `reference` that every implementation is tried with.
CASES = [dict(causal=causal, normalize=normalize)
         for causal in (False, True) for normalize in (False, True)]


def features(x, projection, scale, normalize):
    """e^(w_r . x - |x|^2 / 2) for each row w_r of the projection."""
    x = x / np.linalg.norm(x, axis=-1, keepdims=True) if normalize else x * np.sqrt(scale)
    return np.exp(x @ projection.T - (x ** 2).sum(-1, keepdims=True) / 2)


def reference(q, k, v, projection=None, bias=None, key_bias=None, scale=1.0, normalize=False,
              causal=False):
    """The quadratic definition in float64.

    q [B,H,L,D], k [B,Hk,S,D] and v [B,Hv,S,E], where Hk and Hv divide H; bias
    [1 or H, 2L-1] by j - i + L - 1; key_bias [1 or B, S]. Without a projection,
    q and k are features. A causal query i sees the keys j <= i + S - L. A row
    that sees no key gives 0.
    """
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    k = np.repeat(k, q.shape[1] // k.shape[1], 1)
    v = np.repeat(v, q.shape[1] // v.shape[1], 1)
    if projection is not None:
        projection = np.asarray(projection, np.float64)
        q, k = (features(x, projection, scale, normalize) for x in (q, k))
    weights = q @ k.swapaxes(-1, -2)
    rows, keys = weights.shape[-2:]
    i, j = np.ogrid[:rows, :keys]
    if bias is not None:
        weights = weights * np.exp(np.asarray(bias, np.float64)[:, j - i + rows - 1])
    if key_bias is not None:
        weights = weights * np.exp(np.asarray(key_bias, np.float64))[:, None, None]
    if causal:
        weights = np.where(j <= i + keys - rows, weights, 0)
    sums = weights.sum(-1, keepdims=True)
    return weights @ v / np.where(sums == 0, 1, sums)
