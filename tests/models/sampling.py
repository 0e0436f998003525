# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""How a token is picked, in NumPy: what the runtime's sampler is held to."""

import numpy as np


def philox(counter, key):
    """Philox-4x32-10: four words from a counter of four and a key of two."""
    mask = (1 << 32) - 1
    c, k = list(counter), list(key)
    for _ in range(10):
        left, right = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(right >> 32) ^ c[1] ^ k[0], right & mask, (left >> 32) ^ c[3] ^ k[1], left & mask]
        k = [(k[0] + 0x9E3779B9) & mask, (k[1] + 0xBB67AE85) & mask]
    return c


def penalised(logits, seen, repetition=1.0, presence=0.0, frequency=0.0):
    """Logits after the penalties on tokens that were seen."""
    logits = np.array(logits, np.float64)
    for token in set(seen):
        value = logits[token]
        value = value / repetition if value > 0 else value * repetition
        logits[token] = value - presence - frequency * list(seen).count(token)
    return logits


def distribution(logits, temperature, top_k=0, top_p=1.0, min_p=0.0):
    """The probability of each token; ties go to the lower one."""
    scaled = np.asarray(logits, np.float64) / temperature
    order = np.argsort(-scaled, kind="stable")
    weights = np.exp(scaled[order] - scaled[order[0]])
    weights[top_k or len(weights):] = 0
    share = weights / weights.sum()
    weights[np.cumsum(share) - share >= top_p] = 0
    weights[weights < min_p] = 0
    result = np.zeros(len(weights))
    result[order] = weights / weights.sum()
    return result


def pick(logits, position, sequence, seed=0, temperature=0.0, **options):
    """A token for place `position` of `sequence`."""
    if temperature == 0:
        return int(np.argmax(logits))
    shares = distribution(logits, temperature, **options)
    word = philox([position, sequence, 0, 0], [seed & 0xFFFFFFFF, seed >> 32])[0]
    total = np.cumsum(shares)
    at = np.searchsorted(total, (word + 0.5) / 2 ** 32 * total[-1], side="right")
    return int(min(at, np.flatnonzero(shares)[-1]))
