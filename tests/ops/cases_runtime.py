# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases whose sizes depend on the values of tensors: shapes, axes and bounds that are
inputs of the model, and results as long as what they find."""

import numpy as np

from cases_elementwise import F32, booleans, floats, integers
from cases_structure import ints
from differential import single


def of(*values):
    """Integers that follow n."""
    return lambda n: np.array([value(n) if callable(value) else value for value in values], np.int64)


def n_times(factor):
    return lambda n: n * factor


def shapes():
    x, n = floats(-1, 3, 4), n_times(1)
    return [
        single("Reshape", x, of(n, 12)), single("Reshape", x, of(-1, 12)),
        single("Reshape", x, of(0, 4, 3)), single("Reshape", x, of(0, -1)),
        single("Reshape", x, of(n_times(12))), single("Reshape", floats(0, -1), of(n, 0), allowzero=1),
        single("Expand", floats(3, 1), of(2, 1, n)), single("Expand", floats(-1, 1), of(n, 5)),
        single("Expand", floats(-1), of(1)), single("Expand", floats(1, 3), of(n, 1)),
        single("Tile", x, of(2, 1, n)), single("ConstantOfShape", of(n, 2)),
        single("Squeeze", floats(-1, 1, 3, 1), of(1, -1)), single("Squeeze", floats(1, -1, 1), of(0)),
        single("Unsqueeze", x, of(0, -1)), single("Unsqueeze", x, of(2)),
        single("OneHot", integers(-1, low=-5, high=5), np.int64(5), F32([0, 1])),
        single("OneHot", integers(3, low=0, high=1), lambda n: np.int64(n), F32([0, 1]), axis=0),
        single("Range", lambda n: np.int64(1), lambda n: np.int64(n * 3), lambda n: np.int64(2)),
        single("Range", lambda n: F32(0), lambda n: F32(n), lambda n: F32(0.5)),
        single("Range", np.int16(-30000), lambda n: np.int16(3000 * (n % 10)), np.int16(1000),
               expected=lambda start, stop, step: [np.arange(int(start), int(stop), int(step)).astype(np.int16)]),
        single("Range", lambda n: np.int32(n), lambda n: np.int32(0), lambda n: np.int32(-1)),
    ]


def slices():
    x, n = floats(-1, 6, 7), n_times(1)
    back = -2**63
    def part(starts, ends, axes=None, steps=None):
        return single("Slice", x, of(*starts), of(*ends), *(None if v is None else of(*v) for v in (axes, steps)))
    return [
        part([1, 2], [5, n], [1, 2]), part([-3], [2**63 - 1], [1]), part([0], [-1], [0]),
        part([0, 1], [100, 6], [1, 2], [2, 3]), part([-1], [back], [1], [-1]),
        part([5, 0], [1, n], [-1, 0], [-2, 3]), part([4], [2]), part([n], [0], [0], [-2]),
        single("Pad", x, of(1, 0, n, 0, 2, 0)), single("Pad", x, of(n, 3, 1, 2), None, of(2, 1)),
        single("Pad", x, of(1, 1), None, of(0), mode="edge"),
        single("Pad", floats(-1, 3), of(-1, 0, 0, n), F32(7),
               expected=lambda x, pads, value: [np.pad(x[1:], ((0, 0), (0, pads[3])), constant_values=value)]),
        single("Split", floats(5, -1), of(2, 3), outputs=2, axis=0),
        single("Split", floats(-1, 4), of(1, 0, 3), outputs=3, axis=1),
        single("TopK", floats(3, -1), of(1), outputs=2), single("TopK", floats(9, 2), of(3), outputs=2, axis=0),
        single("CumSum", x, np.int64(1)), single("CumSum", x, np.int64(0), exclusive=1), single("CumSum", x, np.int64(-1), reverse=1),
    ]


def reductions():
    x = floats(-1, 3, 4)
    return [single(f"Reduce{kind}", x, of(*axes), keepdims=keep)
            for kind in ("Sum", "Mean", "Max", "LogSumExp", "L2", "Prod")
            for axes in ([0], [-1], [2, 0], [0, 1, 2]) for keep in (0, 1)]


def compactions():
    flags = booleans(-1, 5)
    boxes = lambda n: np.random.default_rng(n).uniform(0, 3, (2, 4 * n, 4)).astype(F32)
    scores = lambda n: np.random.default_rng(n).permutation(12 * n * 2).reshape(2, 3, 4 * n).astype(F32)
    return [
        single("NonZero", flags), single("NonZero", floats(-1)), single("NonZero", integers(3, -1, 2, low=0, high=2)),
        single("NonZero", np.zeros((3, 0), F32)), single("NonZero", np.zeros(4, F32)),
        single("Unique", integers(-1, low=0, high=5), outputs=4, sorted=1), single("Unique", integers(-1, low=0, high=4), outputs=4, sorted=0),
        single("Unique", integers(3, -1, 2, low=0, high=2), outputs=4, axis=1), single("Unique", booleans(-1), outputs=4, sorted=1),
        single("Unique", integers(-1, 2, low=0, high=2), outputs=4, axis=0, sorted=0),
        single("Compress", floats(-1, 4), booleans(-1), axis=0), single("Compress", floats(-1, 4), booleans(-1)),
        single("Compress", floats(3, 5), booleans(4), axis=-1),
        single("NonMaxSuppression", boxes, scores, ints(3), F32([0.2]), F32([1])),
        single("NonMaxSuppression", boxes, scores, of(n_times(2)), F32([0.5]), F32([0])),
        single("NonMaxSuppression", boxes, scores, ints(2), F32([0.1]), F32([0]), center_point_box=1),
        single("NonMaxSuppression", boxes, scores, expected=lambda *_: [np.zeros((0, 3), np.int64)]),
    ]


CASES = shapes() + slices() + reductions() + compactions()
