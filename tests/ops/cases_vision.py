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
            *(single("MaxUnpool", floats(2, 3, 4, 3), places, np.array([2, 3, 9, 8]), constant=constant, **given,
                     expected=larger) for constant in ((2,), ())),
            single("MaxUnpool", floats(1, 1, -1), lambda n: np.arange(n).reshape(1, 1, n) * 2, opset=9,
                   kernel_shape=[2], strides=[2],
                   expected=lambda x, _: [np.stack([x, 0 * x], -1).reshape(1, 1, -1)])]


def convolved(dilations=None, strides=None, pads=None, group=1, **_):
    """A sum over the kernel's elements, in f64."""
    def expected(x, w, bias=None):
        rank = x.ndim - 2
        step, grow, pad = strides or [1] * rank, dilations or [1] * rank, pads or [0] * 2 * rank
        x = np.pad(x.astype(F64), [(0, 0), (0, 0)] + list(zip(pad[:rank], pad[rank:])))
        sizes = [(x.shape[d + 2] - (w.shape[d + 2] - 1) * grow[d] - 1) // step[d] + 1 for d in range(rank)]
        result = np.zeros((len(x), len(w), *sizes))
        own, columns = w.shape[1], len(w) // group
        for place in np.ndindex(w.shape[2:]):
            seen = x[(slice(None), slice(None)) + tuple(
                slice(p * g, p * g + (n - 1) * s + 1, s) for p, g, n, s in zip(place, grow, sizes, step))]
            for c in range(len(w)):
                first = c // columns * own
                result[:, c] += np.einsum("nc...,c->n...", seen[:, first:first + own], w[(c, slice(None)) + place])
        if bias is not None:
            result += bias.reshape(-1, *[1] * rank)
        return [result.astype(w.dtype)]
    return expected


def spread(dilations=None, strides=None, pads=None, group=1, output_padding=None, output_shape=None,
           auto_pad="NOTSET", **_):
    """The transpose of a convolution: each element is spread over a window."""
    def expected(x, w, bias=None):
        rank, own = x.ndim - 2, len(w) // group
        step, grow, pad = strides or [1] * rank, dilations or [1] * rank, list(pads or [0] * 2 * rank)
        more, kernel = output_padding or [0] * rank, w.shape[2:]
        full = [(x.shape[d + 2] - 1) * step[d] + (kernel[d] - 1) * grow[d] + 1 + more[d] for d in range(rank)]
        wanted = output_shape or ([n * s for n, s in zip(x.shape[2:], step)] if "SAME" in auto_pad else None)
        for d in range(rank if wanted else 0):
            total = full[d] - wanted[d]
            pad[d] = total // 2 if auto_pad == "SAME_UPPER" else total - total // 2
            pad[d + rank] = total - pad[d]
        room = [max(0, -p) for p in pad]
        result = np.zeros((len(x), w.shape[1] * group, *(f + 2 * max(room) for f in full)))
        for place in np.ndindex(kernel):
            where = tuple(slice(max(room) + p * g, max(room) + p * g + (n - 1) * s + 1, s)
                          for p, g, n, s in zip(place, grow, x.shape[2:], step))
            for c in range(result.shape[1]):
                g, k = divmod(c, w.shape[1])
                part = np.einsum("nc...,c->n...", x[:, g * own:(g + 1) * own].astype(F64),
                                 w[(slice(g * own, (g + 1) * own), k) + place])
                result[(slice(None), c) + where] += part
        ends = tuple(slice(max(room) + pad[d], max(room) + full[d] - pad[d + rank]) for d in range(rank))
        result = result[(slice(None), slice(None)) + ends]
        if bias is not None:
            result = result + bias.reshape(-1, *[1] * rank)
        return [result.astype(w.dtype)]
    return expected


def convolutions():
    cases = []
    for channels, outputs, group in ((3, 5, 1), (4, 4, 4), (3, 6, 3), (6, 3, 3), (6, 20, 2)):
        for kernel, extra in WINDOWS:
            if extra.get("ceil_mode"):
                continue
            x = lambda n, c=channels, r=len(kernel): floats(2, c, *(7, 5)[:r - 1], n + 5)(n)
            w = floats(outputs, channels // group, *kernel, seed=2)
            extra = dict(extra, group=group)
            cases.append(single("Conv", x, w, constant=(1,), tolerance=LOOSE, expected=convolved(**extra), **extra))
            cases.append(single("Conv", x, w, floats(outputs, seed=3), opset=11, tolerance=LOOSE,
                                expected=convolved(**extra), **extra))
    x, w = floats(1, 4, -1, 8, dtype=F64), floats(4, 1, 1, 3, dtype=F64, seed=2)
    cases.append(single("Conv", x, w, group=4, expected=convolved(group=4)))
    return cases


def transposes():
    ways = [((3,), dict(strides=[2], pads=[1, 0], output_padding=[1])), ((2, 3), {}),
            ((3, 2), dict(strides=[2, 3], pads=[1, 0, 2, 1])), ((2, 2), dict(dilations=[2, 3], strides=[1, 2])),
            ((3, 3), dict(strides=[3, 2], dilations=[2, 2], pads=[1, 2, 0, 1], output_padding=[2, 1])),
            ((3, 3), dict(strides=[2, 2], auto_pad="SAME_UPPER")),
            ((3, 2), dict(strides=[2, 1], auto_pad="SAME_LOWER")), ((3, 2), dict(strides=[2, 1], auto_pad="VALID")),
            ((2, 2, 2), dict(strides=[2, 1, 2], pads=[0, 1, 0, 1, 0, 0]))]
    cases = []
    for channels, outputs, group in ((3, 5, 1), (4, 1, 4), (6, 2, 3)):
        for kernel, extra in ways:
            x = floats(2, channels, *(4, 3)[:len(kernel) - 1], -1)
            w = floats(channels, outputs, *kernel, seed=2)
            extra = dict(extra, group=group)
            cases.append(single("ConvTranspose", x, w, constant=(1,), tolerance=LOOSE, expected=spread(**extra),
                                **extra))
            cases.append(single("ConvTranspose", x, w, floats(outputs * group, seed=3), opset=11, tolerance=LOOSE,
                                expected=spread(**extra), **extra))
    for shape in ([9, 8], [8, 6], [7, 7], [12, 12]):
        for mode in ("NOTSET", "SAME_UPPER", "SAME_LOWER"):
            extra = dict(strides=[2, 2], output_shape=shape, auto_pad=mode)
            cases.append(single("ConvTranspose", floats(1, 2, 4, 3), floats(2, 3, 3, 3, seed=2), tolerance=LOOSE,
                                expected=spread(**extra), **extra))
    return cases


def folds():
    def add(shape, block, positions, constant=(1, 2), **extra):
        rows = 3 * int(np.prod(block))
        return single("Col2Im", floats(2, rows, positions), np.array(shape), np.array(block), constant=constant,
                      opset=18, **extra)
    growing = single("Col2Im", lambda n: floats(1, 4 * n, 2 * n)(n), lambda n: np.array([3, n + 1]),
                     lambda n: np.array([2, 2]), opset=18)
    fixed = [add([5, 7], [1, 5], 15), add([5, 5], [2, 3], 12), add([6, 7], [2, 2], 9, strides=[2, 2]),
            add([5, 4], [2, 2], 20, pads=[0, 1, 1, 0]), add([7, 6], [2, 2], 15, dilations=[2, 3]),
            add([4, 5, 3], [2, 1, 3], 15), add([9], [3], 5, strides=[2], pads=[1, 1])]
    return fixed + [growing] + [
        add(*given, constant=constant, **extra) for constant in ((), (1,), (2,)) for given, extra in (
            (([5, 7], [1, 5], 15), {}), (([5, 4], [2, 2], 20), dict(pads=[0, 1, 1, 0])), (([9], [3], 5), dict(strides=[2], pads=[1, 1])),
            (([7, 6], [2, 2], 15), dict(dilations=[2, 3])), (([4, 5, 3], [2, 1, 3], 15), {}))]


def deformed():
    cases = []
    for group, shift, kernel, extra in (
            (1, 1, (2, 2), {}), (2, 1, (3, 2), dict(strides=[1, 2], pads=[1, 1, 1, 0])),
            (1, 2, (2, 2), dict(dilations=[2, 1])), (4, 4, (1, 3), dict(pads=[0, 1, 0, 1]))):
        strides, dilations, pads = (extra.get(k, d) for k, d in (
            ("strides", [1, 1]), ("dilations", [1, 1]), ("pads", [0] * 4)))
        size = [((4 if d == 0 else 6) + pads[d] + pads[d + 2] - (kernel[d] - 1) * dilations[d] - 1) // strides[d] + 1
                for d in (0, 1)]
        each = shift * kernel[0] * kernel[1]
        x, w = floats(1, 4, 4, 6), floats(4, 4 // group, *kernel, seed=2)
        offset, mask = floats(1, 2 * each, *size, seed=3), floats(1, each, *size, seed=4)
        extra = dict(extra, group=group, offset_group=shift, tolerance=LOOSE)
        cases += [single("DeformConv", x, w, offset, opset=19, **extra),
                  single("DeformConv", x, w, offset, floats(4, seed=5), mask, **extra)]
    return cases


CASES = pools() + unpools() + convolutions() + transposes() + folds() + deformed()
