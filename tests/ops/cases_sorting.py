# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of TopK and Unique: many ties, NaN, all types, all numbers of items."""

import ml_dtypes
import numpy as np

from cases_elementwise import F16, F32, F64, INTEGERS, booleans, floats, integers, special
from differential import single


def top(axis=-1, largest=True):
    """Ties go to the lower index; NaN is above all numbers, as in ONNX Runtime."""
    def expected(x, k):
        values = x.astype(F64) if x.dtype.kind == "f" or x.dtype == ml_dtypes.bfloat16 else x.astype(object)
        lines = np.moveaxis(values, axis, -1)
        order = np.empty(lines.shape, np.int64)
        for at in np.ndindex(lines.shape[:-1]):
            line = lines[at]
            key = lambda i: (bool(line[i] != line[i]), 0 if line[i] != line[i] else line[i])
            # Sorting is stable, in either direction.
            order[at] = sorted(range(len(line)), key=key, reverse=largest)
        indices = np.moveaxis(order[..., :np.ravel(k)[0]], -1, axis)
        return [np.take_along_axis(x, indices, axis), indices]
    return expected


def top_k(x, k, axis=-1, largest=1, constant=(), **more):
    count = k if callable(k) else np.array([k])
    return single("TopK", x, count, outputs=2, axis=axis, largest=largest, constant=constant,
                  expected=top(axis, largest != 0), **more)


def ties(*shape):
    return lambda n: integers(*shape, high=4, low=0)(n).astype(F32)


def selections():
    cases = []
    for largest in (0, 1):
        few = dict(largest=largest)
        # Few of many go through a heap, many through runs that are merged.
        for k in (0, 1, 2, 7, 50, 99, 100):
            cases += [top_k(ties(3, 100), k, **few), top_k(floats(3, 100), k, constant=(1,), **few)]
        for k in (lambda n: np.array([0]), lambda n: np.array([1]), lambda n: np.array([n]),
                  lambda n: np.array([(n + 1) // 2])):
            cases += [top_k(ties(2, -1), k, **few), top_k(special, k, **few), top_k(ties(-1, 3), k, axis=0, **few)]
        for axis in (0, 1, 2, -2):
            cases.append(top_k(ties(5, 6, 7), 3, axis=axis, **few))
            cases.append(top_k(ties(5, -1, 7), 1, axis=axis, sorted=0, **few))
        for dtype in INTEGERS:
            cases.append(top_k(integers(40, dtype=dtype, low=-100, high=100), 5, **few))
            extremes = np.array([0, 1, np.iinfo(dtype).max, np.iinfo(dtype).min, 5], dtype)
            cases.append(top_k(extremes, 5, **few))
        for dtype in (F64, F16):
            cases.append(top_k(floats(2, 40, dtype=dtype), 9, **few))
        cases.append(top_k(floats(2, 40, dtype=ml_dtypes.bfloat16), 9, opset=24, **few))
        cases.append(top_k(special, 1, opset=11, **few))
    with_nan = np.array([[1, np.nan, 3, np.nan, -np.inf], [np.nan] * 5], F32)
    cases += [top_k(with_nan, k, largest=largest) for k in (1, 2, 5) for largest in (0, 1)]
    return cases + [single("TopK", ties(3, 20), outputs=2, opset=9, k=4, axis=1, expected=lambda x: top()(x, 4))]


def distinct(axis=None, in_order=True):
    def expected(x):
        flat = x if axis is not None else x.reshape(-1)
        slices = np.moveaxis(flat, axis or 0, 0)
        keys = [tuple(np.ravel(part).tolist()) for part in slices]
        groups = sorted(set(keys)) if in_order else list(dict.fromkeys(keys))
        first = np.array([keys.index(group) for group in groups], np.int64)
        inverse = np.array([groups.index(key) for key in keys], np.int64)
        counts = np.array([keys.count(group) for group in groups], np.int64)
        return [np.take(flat, first, axis or 0), first, inverse, counts]
    return expected


def spread(dtype):
    """The least and largest of a type, and some numbers twice."""
    limits = np.iinfo(dtype)
    few = np.array([limits.max, 1, limits.min, 0, limits.max, 1, 7, limits.max - 1, limits.min + 1, 0], dtype)
    return lambda n: np.resize(few, n)


# What NumPy, and so ONNX's reference, says: NaN is one value, above all others. (ONNX Runtime
# compares with <, for which NaN is equal to its neighbours.)
NOT_ALL_NUMBERS = [1, np.nan, 0, np.nan, -0.0]
GROUPS = [lambda dtype: [np.array([1, np.nan, 0], dtype), *map(np.array, ([0, 1, 2], [0, 1, 2, 1, 2], [1, 2, 2]))],
          lambda dtype: [np.array([0, 1, np.nan], dtype), *map(np.array, ([2, 0, 1], [1, 2, 0, 2, 0], [2, 1, 2]))]]


def uniques():
    cases = []
    for order in (0, 1):
        for x in (ties(-1), integers(-1, 3, high=3, low=0), booleans(50), integers(-1, dtype=np.uint8, high=250),
                  integers(60, dtype=np.int8, low=-5, high=5), lambda n: integers(-1, high=4)(n).astype(F16),
                  lambda n: integers(-1, high=4)(n).astype(F64),
                  *(spread(dtype) for dtype in INTEGERS)):
            cases.append(single("Unique", x, outputs=4, sorted=order, expected=distinct(None, order)))
        for dtype in (F16, F32, F64):
            cases.append(single("Unique", np.array(NOT_ALL_NUMBERS, dtype), outputs=4, sorted=order,
                                expected=GROUPS[order](dtype)))
        for axis in (0, 1, 2):
            for x in (integers(3, -1, 2, low=0, high=2), integers(-1, 2, 3, low=0, high=2)):
                cases.append(single("Unique", x, outputs=4, axis=axis, sorted=order, expected=distinct(axis, order)))
    return cases


CASES = selections() + uniques()
