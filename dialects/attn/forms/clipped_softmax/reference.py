# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Softmax, stretched and cut off (Bondarenko, Nagel and Blankevoort, 2023)."""

import numpy as np

# Arguments of `weights` that every implementation is tried with.
CASES = [{}, {"gamma": 0, "zeta": 1}, {"gamma": -0.2}, {"gamma": -0.05, "zeta": 1.5}]


def weights(scores, seen, gamma=-0.025, zeta=1.0):
    """Of scores [..,L,S] where `seen`; a row without keys has none."""
    scores = np.where(seen, scores.astype(np.float64), -np.inf)
    highest = np.where(seen.any(-1, keepdims=True), scores.max(-1, keepdims=True), 0)
    raised = np.exp(scores - highest)
    total = raised.sum(-1, keepdims=True)
    softmax = raised / np.where(total > 0, total, 1)
    return np.clip((zeta - gamma) * softmax + gamma, 0, 1) * (total > 0)
