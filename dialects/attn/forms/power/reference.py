# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Powers of the scores over their sum (Zimerman et al., 2024)."""

import numpy as np

# Arguments of `weights` that every implementation is tried with.
CASES = [{}, {"p": 2}, {"p": 8, "eps": 0.1}, {"p": 64, "shift": "true"}]


def weights(scores, seen, p=4, eps=1e-6, shift="false"):
    """Of scores [..,L,S] where `seen`; a row without keys has none."""
    scores = scores.astype(np.float64)
    if shift == "true":
        scores = 1 + scores / p
    raised = np.where(seen, scores, 0) ** p
    total = raised.sum(-1, keepdims=True) + eps
    return raised / np.where(total > 0, total, 1)
