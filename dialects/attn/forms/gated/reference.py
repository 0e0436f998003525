# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Sigmoid gates of tokens and heads (Bondarenko, Nagel and Blankevoort, 2023)."""

import numpy as np

CASES = [{"kind": "linear"}, {"kind": "all"}, {"kind": "constant"},
         {"kind": "mlp", "hidden": 5}, {"kind": "linear", "scale": 4.0}]


def shapes(heads, width, kind="linear", hidden=16, **_):
    """Names and shapes of the side weights."""
    if kind == "mlp":
        return {"attn_gate.0.weight": (heads, hidden, width), "attn_gate.0.bias": (heads, hidden),
                "attn_gate.2.weight": (heads, hidden), "attn_gate.2.bias": (heads,)}
    weight = {"linear": (heads, width), "all": (heads, heads * width)}
    own = {"attn_gate.weight": weight[kind]} if kind in weight else {}
    return own | {"attn_gate.bias": (heads,)}


def gates(x, weights, heads, kind="linear", scale=1.0, **_):
    """Of the attention's input x [B,L,heads*width]: [B,heads,L,1]."""
    x = x.astype(np.float64)
    parts = x.reshape(*x.shape[:2], heads, -1)
    if kind == "constant":
        logits = np.broadcast_to(weights["attn_gate.bias"], (*x.shape[:2], heads))
    elif kind == "all":
        logits = x @ weights["attn_gate.weight"].T + weights["attn_gate.bias"]
    elif kind == "linear":
        logits = (parts * weights["attn_gate.weight"]).sum(-1) + weights["attn_gate.bias"]
    else:
        inner = np.einsum("blhd,hnd->blhn", parts, weights["attn_gate.0.weight"])
        inner = np.maximum(inner + weights["attn_gate.0.bias"], 0)
        logits = (inner * weights["attn_gate.2.weight"]).sum(-1) + weights["attn_gate.2.bias"]
    with np.errstate(over="ignore"):
        return (scale / (1 + np.exp(-logits))).transpose(0, 2, 1)[..., None]
