# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Linear attention (Katharopoulos, Vyas, Pappas and Fleuret, 2020) in NumPy."""

import numpy as np

# Arguments of `reference` that every implementation is tried with.
CASES = [dict(causal=causal, eps=eps) for causal in (False, True) for eps in (0.0, 1e-6, 0.5)]


def features(x):
    """elu(x) + 1."""
    return np.where(x > 0, x + 1, np.exp(np.minimum(x, 0)))


def hide(visible, *tensors):
    """[B,H,S,D] with zeros for the positions that `visible`, [B,S], does not show.

    What hidden keys and values hold, be it NaN, must not matter."""
    return [x if visible is None else np.where(np.asarray(visible, bool)[:, None, :, None], x, 0)
            for x in tensors]


def seen_pairs(rows, keys, causal=False, top_left=False, visible=None):
    """Which of the rows see which of the keys, [rows, keys] or [B, 1, rows, keys]."""
    seen = np.ones((rows, keys), bool)
    if causal:
        offset = 0 if top_left else keys - rows
        seen = np.arange(keys) <= np.arange(rows)[:, None] + offset
    return seen if visible is None else seen & np.asarray(visible, bool)[:, None, None]


def fill_empty(result, seen, values, empty):
    """Rows that see no key are 0, NaN or the mean of all values."""
    fill = {"zero": 0, "nan": np.nan, "mean": values.mean(-2, keepdims=True)}[empty]
    return np.where(seen.any(-1)[..., None], result, fill)


def reference(q, k, v, causal=False, eps=1e-6, top_left=False, features=features,
              normalise=True, visible=None, empty="zero", past=None):
    """The quadratic definition in float64.

    q [B,H,L,D], k [B,Hk,S,D] and v [B,Hv,S,E], where Hk and Hv divide H. A
    causal query i sees the keys j <= i + S - L, or j <= i with `top_left`, and
    none that `visible`, [B,S], hides. With `past`, keys and values that come
    before and that every query sees.
    """
    q, k, v = (np.asarray(x, np.float64) for x in (q, k, v))
    rows, keys = q.shape[2], k.shape[2]
    values = v
    k, v = hide(visible, k, v)
    seen = seen_pairs(rows, keys, causal, top_left, visible)
    if past is not None:
        k, v = (np.concatenate([np.asarray(old, np.float64), new], 2)
                for old, new in zip(past, (k, v)))
        before = np.ones(seen.shape[:-1] + (past[0].shape[2],), bool)
        seen = np.concatenate([before, seen], -1)
    k, v, values = (np.repeat(x, q.shape[1] // x.shape[1], 1) for x in (k, v, values))
    weights = np.where(seen, features(q) @ features(k).swapaxes(-1, -2), 0)
    result = weights @ v
    if normalise:
        some = seen.any(-1)[..., None]
        result /= np.where(some, weights.sum(-1, keepdims=True) + eps, 1)
    return fill_empty(result, seen, values, empty)


def state(k, v, features=features, visible=None):
    """The sums over the keys: [B,Hk,D,E] and [B,Hk,D]."""
    k, v = hide(visible, np.asarray(k, np.float64), np.asarray(v, np.float64))
    mapped, = hide(visible, features(k))
    return mapped.swapaxes(-1, -2) @ v, mapped.sum(-2)
