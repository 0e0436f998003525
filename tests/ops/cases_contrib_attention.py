# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Attention, MultiHeadAttention and GroupQueryAttention of com.microsoft.

Sizes: batch 2, queries n, two heads of width 4 (GroupQueryAttention: four, with
two of keys, of width 16). Rows hidden altogether are compared to 1e-3: adding
-10000 to all of them leaves that much of the scores.
"""

import numpy as np
from onnx import helper

from cases_contrib import contrib, floats, graph, integers

LOWEST = float(np.finfo(np.float32).min)
HIDDEN = (1e-3, 2e-3)
INPUT, BIAS = floats(2, "n", 6), floats(24, seed=2)
WEIGHTS = floats(6, 24, seed=1, scale=0.4)


def by_n(make):
    """int32 numbers made of n."""
    return lambda n: np.array(make(n), np.int32)


def longer(*shape, by, **options):
    """Like `integers` or `floats`, where "t" is n and `by` more."""
    make = options.pop("make", floats)
    return lambda n: make(*(n if size == "n" else n + by if size == "t" else size for size in shape),
                          **options)


def attend(*operands, **attributes):
    return contrib("Attention", INPUT, WEIGHTS, *operands, num_heads=2, **attributes)


MASKS = {
    "ends": by_n(lambda n: [max(1, n - 2), n]),
    "beyond": by_n(lambda n: [n + 3, 1]),
    "ends and starts": by_n(lambda n: [n, max(1, n - 1), n // 3, 0]),
    "lengths and sums": by_n(lambda n: [max(1, n - 2), n, 0, n, 2 * n, 0, n, 2 * n]),
    "keys": integers(2, "n", low=-1, high=4, seed=3),
    "one": integers(1, 1, high=1),
    "one each": integers(2, 1, high=1),
    "rows": integers(2, "n", "n", high=3, seed=3),
}
ATTENTIONS = [attend(), attend(BIAS), attend(BIAS, scale=0.3), attend(BIAS, scale=0.0),
              attend(BIAS, unidirectional=1), attend(BIAS, outputs=("y", "present"))]
for mask in MASKS.values():
    for unidirectional in (0, 1):
        ATTENTIONS.append(attend(BIAS, mask, unidirectional=unidirectional, tolerance=HIDDEN))
ATTENTIONS += [
    attend(BIAS, MASKS["keys"], mask_filter_value=-3.0),
    attend(BIAS, MASKS["keys"], mask_filter_value=-3.0, unidirectional=1),
    attend(BIAS, MASKS["rows"], mask_filter_value=LOWEST, unidirectional=1),
    attend(BIAS, integers(2, "n", high=1), tolerance=HIDDEN),
    attend(BIAS, by_n(lambda n: [0, n]), tolerance=HIDDEN),
]
for shape in ((1, 1), (2, 1), (1, 2), (2, 2)):
    ATTENTIONS.append(attend(BIAS, MASKS["keys"], None, floats(*shape, "n", "n", seed=4),
                             unidirectional=shape[0] - 1, tolerance=HIDDEN))
PAST = floats(2, 2, 2, 5, 4, seed=5)
for unidirectional in (0, 1):
    for mask in (None, longer(2, "t", by=5, make=integers, high=3, seed=3),
                 longer(2, "n", "t", by=5, make=integers, high=3, seed=3),
                 by_n(lambda n: [3, n + 4]), by_n(lambda n: [n + 5, 6, 2, 0])):
        ATTENTIONS.append(attend(BIAS, mask, PAST, outputs=("y", "present"),
                                 unidirectional=unidirectional, tolerance=HIDDEN))
ATTENTIONS += [
    attend(BIAS, None, floats(2, 2, 2, "n", 4, seed=5), outputs=("y", "present"), unidirectional=1),
    contrib("Attention", INPUT, floats(6, 22, seed=1, scale=0.4), floats(22, seed=2), num_heads=2,
            qkv_hidden_sizes=[8, 8, 6]),
    contrib("Attention", INPUT, floats(6, 18, seed=1, scale=0.4), floats(18, seed=2), MASKS["keys"],
            num_heads=2, qkv_hidden_sizes=[8, 8, 2], unidirectional=1, tolerance=HIDDEN),
    contrib("Attention", INPUT, WEIGHTS, BIAS, MASKS["ends"], num_heads=2, constant=(1, 2),
            qkv_hidden_sizes=[8, 8, 8], tolerance=HIDDEN),
]

QUERY, KEY, VALUE = (floats(2, "n", 8, seed=seed) for seed in (1, 2, 3))
CROSS = floats(2, 6, 8, seed=4), floats(2, 6, 10, seed=5)
PAST_KEY, PAST_VALUE = floats(2, 2, 5, 4, seed=6), floats(2, 2, 5, 4, seed=7)
WITH_PRESENT = ("y", "present_key", "present_value")


def multi(*operands, **attributes):
    return contrib("MultiHeadAttention", *operands, num_heads=2, tolerance=HIDDEN, **attributes)


MULTIS = [
    multi(QUERY, KEY, VALUE),
    multi(QUERY, KEY, VALUE, BIAS, outputs=WITH_PRESENT),
    multi(QUERY, KEY, VALUE, BIAS, unidirectional=1, scale=0.4),
    multi(QUERY, KEY, VALUE, BIAS, integers(2, "n", high=3), unidirectional=1),
    multi(QUERY, KEY, VALUE, BIAS, integers(2, "n", high=3), mask_filter_value=-2.0),
    multi(QUERY, *CROSS),
    multi(QUERY, *CROSS, floats(26, seed=2)),
    multi(QUERY, *CROSS, floats(26, seed=2), integers(2, 6, high=3)),
    multi(QUERY, *CROSS, None, integers(2, 6, high=3), floats(1, 1, "n", 6, seed=8)),
    multi(QUERY, *CROSS, None, np.array([2, 6], np.int32)),
    multi(QUERY, *CROSS, None, np.array([0, 9], np.int32)),
    multi(QUERY, *CROSS, None, np.array([2, 3, 0, 4, 8, 0, 6, 12], np.int32)),
    multi(QUERY, *CROSS, None, integers(2, "n", 6, high=3)),
    multi(QUERY, KEY, VALUE, None, None, None, PAST_KEY, PAST_VALUE, outputs=WITH_PRESENT),
    multi(QUERY, KEY, VALUE, BIAS, None, None, PAST_KEY, PAST_VALUE, outputs=WITH_PRESENT,
          unidirectional=1),
    multi(QUERY, KEY, VALUE, BIAS, longer(2, "t", by=5, make=integers, high=3), None, PAST_KEY,
          PAST_VALUE, outputs=WITH_PRESENT, unidirectional=1),
    multi(QUERY, KEY, VALUE, BIAS, longer(2, "n", "t", by=5, make=integers, high=3), None, PAST_KEY,
          PAST_VALUE, outputs=WITH_PRESENT),
    multi(QUERY, KEY, VALUE, None, by_n(lambda n: [3, n + 5]), longer(2, 1, "n", "t", by=5), PAST_KEY,
          PAST_VALUE, outputs=WITH_PRESENT),
    multi(QUERY, KEY, VALUE, None, None, None, floats(2, 2, "n", 4, seed=6),
          floats(2, 2, "n", 4, seed=7), outputs=WITH_PRESENT),
]
for shape in ((1, 1), (2, 1), (1, 2), (2, 2)):
    MULTIS.append(multi(QUERY, *CROSS, None, None, floats(*shape, "n", 6, seed=8)))
HEADS = floats(2, 2, 6, 4, seed=6), floats(2, 2, 6, 4, seed=7)
for bias in (None, BIAS):
    MULTIS.append(multi(QUERY, *HEADS, bias))
    MULTIS.append(multi(QUERY, *HEADS, bias, integers(2, 6, high=3), outputs=WITH_PRESENT))
MULTIS.append(multi(QUERY, *HEADS, BIAS, None, None, PAST_KEY, PAST_VALUE, outputs=WITH_PRESENT))


def packed(parts, length, bias=None, **attributes):
    """Packed inputs, which ONNX Runtime has not on the CPU: it gets them apart."""
    whole = floats(2, length, 2, parts, 4, seed=9)
    case = multi(*((whole, None) if parts == 3 else (QUERY, whole)), None, bias, **attributes)

    def expected(*arrays):
        arrays = list(arrays)
        where = 0 if parts == 3 else 1
        pieces = [piece.reshape(*piece.shape[:2], 8)
                  for piece in np.moveaxis(arrays[where], 3, 0)]
        arrays[where:where + 1] = pieces
        return multi(*arrays, **attributes).expected(*arrays)

    case.expected = expected
    return case


MULTIS += [packed(3, "n"), packed(3, "n", BIAS), packed(3, "n", BIAS, unidirectional=1),
           packed(2, 6), packed(2, 6, BIAS, scale=0.2)]


def group(lengths, total, past=None, length="n", batch=2, packed=False, pairs=0, places=None,
          bias=None, sink=None, present=True, **attributes):
    """One GroupQueryAttention. Of the buffers only what holds keys is compared."""
    query, key, value = (floats(batch, length, width, seed=seed)
                         for seed, width in enumerate((64, 32, 32), 1))
    if packed:
        query, key, value = floats(batch, length, 128, seed=1), None, None
    if pairs:
        attributes["do_rotary"] = 1
    caches = [floats(40, pairs, seed=5), floats(40, pairs, seed=6)] if pairs else [None, None]
    pasts = [past and floats(batch, 2, past, 16, seed=seed) for seed in (7, 8)]
    operands = [query, key, value, *pasts, by_n(lengths), by_n(total), *caches, places, bias, sink]
    case = contrib("GroupQueryAttention", *operands, num_heads=4, kv_num_heads=2,
                   outputs=("y", "raw_key", "raw_value") if present else ("y",), **attributes)
    if present:
        def filled(n):
            room = max(int(np.max(total(n))), 0 if past is None else n if past == "n" else past)
            kept = np.arange(room)[None] <= np.array(lengths(n))[:, None]
            return kept[:, None, :, None].astype(np.float32)

        nodes = [case.model.graph.node[0]]
        nodes += [helper.make_node("Mul", [f"raw_{name}", "filled"], [name]) for name in ("key", "value")]
        inputs = dict(zip([value.name for value in case.model.graph.input], case.inputs))
        label = f"{case.label}, lengths {lengths(7)} of {total(7)}"
        case = graph(label, nodes, {**inputs, "filled": filled}, ["y", "key", "value"])
    return case


def whole(n):
    return [n - 1, n - 1]


def count(n):
    return n


def places(*shape):
    return integers(*shape, high=30, seed=11, dtype=np.int64)


def rising(n):
    return np.tile(np.arange(3, n + 3, dtype=np.int64), (2, 1))


GROUPS = [
    group(whole, count),
    group(whole, lambda n: [n]),
    group(whole, count, present=False),
    group(whole, count, packed=True),
    group(whole, count, scale=0.1, softcap=1.5),
    group(whole, count, local_window_size=3),
    group(whole, count, bias=floats(1, 1, "n", "n", seed=9)),
    group(whole, count, bias=floats(2, 4, "n", "n", seed=9), softcap=2.0),
    group(whole, count, sink=floats(4, seed=10)),
    group(whole, count, sink=floats(4, seed=10), local_window_size=3, softcap=1.5,
          bias=floats(1, 4, "n", "n", seed=9)),
    group(whole, count, smooth_softmax=1),
    group(whole, count, smooth_softmax=0),
    group(whole, count, causal=0),
    group(lambda n: [n - 1, n // 2], count, causal=0),
    # A first run into a buffer.
    group(whole, count, past=20),
    group(whole, count, past=20, local_window_size=5),
    # One new row for each, behind rows of its own number.
    group(lambda n: [8, 3], lambda n: 9, past=12, length=1),
    group(lambda n: [n, n], lambda n: n + 1, past="n", length=1),
    group(lambda n: [n, n // 2], lambda n: n + 1, past="n", length=1, packed=True),
    group(lambda n: [n, n // 2], lambda n: n + 1, past="n", length=1, local_window_size=2),
    group(lambda n: [n, n // 2], lambda n: n + 1, past="n", length=1, sink=floats(4, seed=10)),
    group(lambda n: [n, n // 2], lambda n: n + 1, past="n", length=1, causal=0),
    group(lambda n: [n, n // 2], lambda n: n + 1, past=20, length=1,
          bias=longer(2, 4, 1, "t", by=1, seed=9), softcap=1.5),
    # Several new rows.
    group(lambda n: [n + 4], lambda n: n + 5, past=5, batch=1),
    group(lambda n: [n + 4], lambda n: n + 5, past=30, batch=1, pairs=8, local_window_size=4),
    group(lambda n: [n + 4], lambda n: n + 5, past=30, batch=1, smooth_softmax=1, local_window_size=4),
]
for interleaved in (0, 1):
    GROUPS += [
        group(whole, count, pairs=8, rotary_interleaved=interleaved),
        group(whole, count, pairs=8, packed=True, rotary_interleaved=interleaved),
        # A first run takes the first position only.
        group(whole, count, pairs=8, places=places(2, "n"), rotary_interleaved=interleaved),
        group(whole, count, pairs=8, past=20, places=rising,
              rotary_interleaved=interleaved),
        group(lambda n: [n, n // 2], lambda n: n + 1, past="n", length=1, pairs=8,
              rotary_interleaved=interleaved),
        group(lambda n: [n, n // 2], lambda n: n + 1, past=20, length=1, pairs=8, packed=True,
              places=places(2, 1), rotary_interleaved=interleaved),
    ]

CASES = ATTENTIONS + MULTIS + GROUPS
