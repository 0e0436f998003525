# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of windows that slide over images."""

import itertools
import math

import numpy as np

from cases_elementwise import F32, F64, floats, integers
from differential import single

LOOSE = (5e-5, 1e-5)


def positions(size, kernel, stride, dilation, low, high, ceil):
    """Where the windows begin along one dimension, and which of their elements are inside."""
    reach = (kernel - 1) * dilation + 1
    steps = (size + low + high - reach) / stride
    count = (math.ceil(steps) if ceil else math.floor(steps)) + 1
    if ceil and (count - 1) * stride >= size + low:
        count -= 1
    return [[i * stride - low + k * dilation for k in range(kernel)] for i in range(count)]


def windows_of(shape, kernel, strides=None, dilations=None, pads=None, ceil_mode=0, **_):
    rank = len(kernel)
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    pads = pads or [0] * 2 * rank
    return [positions(shape[d], kernel[d], strides[d], dilations[d], pads[d], pads[d + rank], ceil_mode)
            for d in range(rank)]


def pooled(combine, kernel_shape, **attributes):
    """combine(elements [N, C, K], their places [K] in the image, what a window holds with pads)."""
    def expected(x):
        shape = x.shape[2:]
        pads = attributes.get("pads") or [0] * 2 * len(shape)
        ways = windows_of(shape, kernel_shape, **attributes)
        results = []
        for window in itertools.product(*ways):
            inside = [p for p in itertools.product(*window)
                      if all(0 <= i < size for i, size in zip(p, shape))]
            padded = [p for p in itertools.product(*window)
                      if all(-pads[d] <= i < size + pads[d + len(shape)]
                             for d, (i, size) in enumerate(zip(p, shape)))]
            where = tuple(np.array(inside).T)
            results.append(combine(x[(slice(None), slice(None)) + where], inside, len(padded), x.shape))
        return [np.stack([r[k] for r in results], -1).reshape(x.shape[:2] + tuple(map(len, ways)))
                for k in range(len(results[0]))]
    return expected


def largest(order="C", places=True):
    def combine(elements, inside, _, shape):
        best = elements.argmax(-1)
        flat = np.ravel_multi_index(np.array(inside).T, shape[2:], order=order)
        planes = np.arange(shape[0] * shape[1]).reshape(shape[:2]) * np.prod(shape[2:], dtype=int)
        return [elements.max(-1)] + ([flat[best] + planes] if places else [])
    return combine


def average(with_pads):
    return lambda elements, inside, padded, _: [
        (elements.astype(F64).sum(-1) / (padded if with_pads else len(inside))).astype(elements.dtype)]


def power(p):
    return lambda elements, *_: [((np.abs(elements.astype(F64)) ** p).sum(-1) ** (1 / p)).astype(elements.dtype)]


WINDOWS = [
    ((3,), dict(strides=[2], pads=[1, 1])), ((2,), dict(dilations=[2], pads=[0, 1], ceil_mode=1)),
    ((2, 3), {}), ((3, 2), dict(strides=[2, 1], pads=[1, 0, 1, 1])),
    ((3, 3), dict(strides=[2, 3], ceil_mode=1)), ((2, 2), dict(dilations=[2, 3], pads=[1, 1, 0, 2])),
    ((2, 3), dict(strides=[3, 2], dilations=[1, 2], pads=[1, 2, 1, 1], ceil_mode=1)),
    ((2, 2, 3), dict(strides=[1, 2, 1], pads=[1, 0, 0, 0, 1, 2])),
]


def image(rank, dtype=F32):
    """The last size is known at run time only; five more, so that windows fit."""
    make = lambda n: floats(2, 3, *(7, 5)[:rank - 1], n + 5, dtype=F64)(n) * 20
    return lambda n: make(n).astype(dtype) if dtype == np.int8 else np.abs(make(n)).astype(dtype) \
        if dtype == np.uint8 else (make(n) / 20).astype(dtype)


def pools():
    cases = []
    for kernel, extra in WINDOWS:
        rank, given = len(kernel), dict(kernel_shape=list(kernel), **extra)
        x = image(rank)
        for dtype in (F32, F64, np.int8, np.uint8):
            cases.append(single("MaxPool", image(rank, dtype), **given, opset=22 if dtype == F32 or extra.get("ceil_mode") else 12,
                                expected=pooled(largest(places=False), **given)))
        cases.append(single("MaxPool", image(rank, np.uint8), outputs=2, **given, expected=pooled(largest(), **given)))
        cases.append(single("MaxPool", x, outputs=2, **given, expected=pooled(largest(), **given)))
        cases.append(single("MaxPool", x, outputs=2, storage_order=1, **given,
                            expected=pooled(largest("F"), **given)))
        for include in (0, 1):
            cases.append(single("AveragePool", x, count_include_pad=include, **given,
                                expected=pooled(average(include), **given)))
        for p in (1, 2, 3):
            cases.append(single("LpPool", x, p=p, **given, tolerance=LOOSE, expected=pooled(power(p), **given)))
    old = dict(kernel_shape=[3], strides=[2], pads=[1, 1])
    cases += [single("AveragePool", image(1), opset=7, **old, expected=pooled(average(0), **old)),
              single("LpPool", image(1), opset=7, **old, tolerance=LOOSE, expected=pooled(power(2), **old)),
              single("MaxPool", image(1), opset=7, **old, expected=pooled(largest(places=False), **old))]
    for p in (1, 2, 3):
        total = lambda x, p=p: [(np.abs(x.astype(F64)) ** p).sum((2, 3), keepdims=True).astype(F64) ** (1 / p)]
        cases.append(single("GlobalLpPool", image(2), p=p, tolerance=LOOSE,
                            expected=lambda x, total=total: [total(x)[0].astype(F32)]))
    return cases


def unpooled(shape, places):
    def expected(x, *_):
        result = np.zeros(shape, x.dtype).reshape(-1)
        result[places.reshape(-1)] = x.reshape(-1)
        return [result.reshape(shape)]
    return expected


def unpools():
    places = np.random.default_rng(4).permutation(2 * 3 * 8 * 6)[:2 * 3 * 4 * 3].reshape(2, 3, 4, 3)
    given = dict(kernel_shape=[2, 2], strides=[2, 2])
    larger = lambda x, i, _: [np.pad(unpooled((2, 3, 8, 6), places)(x)[0], ((0, 0), (0, 0), (0, 1), (0, 2)))]
    return [single("MaxUnpool", floats(2, 3, 4, 3), places, **given, expected=unpooled((2, 3, 8, 6), places)),
            single("MaxUnpool", floats(2, 3, 4, 3), places, np.array([2, 3, 9, 8]), constant=(2,), **given,
                   expected=larger),
            single("MaxUnpool", floats(1, 1, -1), lambda n: np.arange(n).reshape(1, 1, n) * 2, opset=9,
                   kernel_shape=[2], strides=[2],
                   expected=lambda x, _: [np.stack([x, 0 * x], -1).reshape(1, 1, -1)])]


CASES = pools() + unpools()
