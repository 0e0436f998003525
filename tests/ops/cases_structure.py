# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of operators that move, fill, pick and reduce."""

import numpy as np

from cases_elementwise import F32, F64, booleans, floats, integers
from differential import single


def ints(*values):
    return np.array(values, np.int64)


def places(*shape, limit, seed=3):
    """Indices into a dimension of `limit` elements, from both ends."""
    return integers(*shape, low=-limit, high=limit, seed=seed)


def shapes():
    x = floats(-1, 3, 4)
    return [
        single("Reshape", x, ints(-1, 12), constant=(1,)),
        single("Reshape", x, ints(0, 4, 3), constant=(1,)),
        single("Reshape", x, ints(0, -1), constant=(1,)),
        single("Reshape", floats(0, 3), ints(0, 7), constant=(1,), allowzero=1),
        single("Transpose", x), single("Transpose", x, perm=[1, 0, 2]),
        single("Transpose", booleans(-1, 3)),
        single("Flatten", x, axis=2), single("Flatten", x, axis=0), single("Flatten", x, axis=-1),
        single("Squeeze", floats(-1, 1, 3, 1), ints(1), constant=(1,)),
        single("Squeeze", floats(4, 1, 3, 1)),
        single("Unsqueeze", x, ints(0, -1), constant=(1,)),
        single("Shape", x), single("Shape", x, start=1), single("Shape", x, start=-2, end=-1),
        single("Size", x), single("Size", np.array(3, F32)),
        single("Expand", floats(3, 1), ints(2, 1, 6), constant=(1,)),
        single("Expand", floats(-1, 1), ints(1, 5), constant=(1,)),
        single("Expand", floats(1, 3), ints(4, 1), constant=(1,)),
        single("Tile", x, ints(2, 1, 3), constant=(1,)), single("Tile", booleans(3), ints(2), constant=(1,)),
        single("ConstantOfShape", ints(2, 3), constant=(0,)),
        single("Range", ints(3)[0], ints(50)[0], ints(4)[0], constant=(0, 1, 2)),
        single("Range", ints(90)[0], ints(3)[0], ints(-2)[0], constant=(0, 1, 2)),
        single("Range", np.int16(-30000), np.int16(30000), np.int16(1000), constant=(0, 1, 2),
               expected=lambda *_: [np.arange(-30000, 30000, 1000).astype(np.int16)]),
        single("Range", F32(0.5), F32(9), F32(0.1), constant=(0, 1, 2)),
        single("Trilu", x), single("Trilu", x, upper=0), single("Trilu", x, ints(1)[0]),
        single("Trilu", x, ints(-1)[0], upper=0), single("Trilu", booleans(3, -1, 5)),
        single("EyeLike", floats(-1, 4)), single("EyeLike", integers(4, -1), k=1),
        single("OneHot", places(-1, limit=6), np.array(5), F32([0.5, 2]), constant=(1,)),
        single("OneHot", places(-1, 2, limit=6), np.array(5), ints(0, 1), constant=(1,), axis=0),
    ]


def slices():
    x = floats(-1, 6, 7)
    def part(starts, ends, axes=None, steps=None, value=x):
        extra = [None if v is None else ints(*v) for v in (axes, steps)]
        return single("Slice", value, ints(*starts), ints(*ends), *extra, constant=(1, 2, 3, 4))
    small = -2**63
    return [
        part([1, 2], [5, 7], [1, 2]), part([-3], [2**63 - 1], [1]), part([0], [-1], [0]),
        part([0, 1], [100, 6], [1, 2], [2, 3]), part([-1], [small], [1], [-1]),
        part([4, 0], [0, 7], [1, 2], [-2, 1]), part([2**62], [small], [0], [-1]),
        part([2], [2], [1]), part([5], [2], [1]), part([2], [100], [0], [3]),
        part([-1], [small], [0], [-3], integers(-1, dtype=np.uint8)),
        single("Slice", x, opset=9, starts=[1], ends=[4], axes=[1]),
        single("Split", x, outputs=3, axis=1, num_outputs=3),
        single("Split", x, outputs=3, axis=2, num_outputs=3),
        single("Split", x, ints(1, 2, 4), outputs=3, axis=-1, constant=(1,)),
        single("Split", x, outputs=2, axis=1, opset=11, split=[2, 4]),
        single("Split", x, outputs=2, axis=1, opset=13),
        single("Split", floats(8, 3), outputs=3, num_outputs=3),
        single("Concat", x, floats(-1, 2, 7, seed=2), axis=1),
        single("Concat", booleans(3, -1), booleans(2, -1), booleans(1, -1), axis=-2),
    ]


def pads():
    x = floats(-1, 4)
    cases = []
    for mode in ("constant", "edge", "reflect", "wrap"):
        cases.append(single("Pad", floats(6, -1, 5), ints(1, 0, 2, 3, 0, 1), constant=(1,), mode=mode))
        cases.append(single("Pad", integers(5, 6), ints(2, 1, 0, 3), constant=(1,), mode=mode))
    return cases + [
        single("Pad", x, ints(1, 2, 0, 1), np.array(3.5, F32), constant=(1,)),
        single("Pad", x, ints(1, 2), None, ints(1), constant=(1, 3)),
        single("Pad", booleans(-1, 4), ints(0, 1, 1, 1), np.array(True), constant=(1,)),
        single("Pad", integers(5, 6), ints(2, -1, 0, 3), constant=(1,),
               expected=lambda x, _: [np.pad(x[:, 1:], ((2, 0), (0, 3)))]),
        single("Pad", x, opset=10, pads=[0, 1, 1, 0], value=2.0),
    ]


def gathers():
    x = floats(6, -1, 5)
    data = floats(4, 5, 3)
    cases = [
        single("Gather", x, places(7, limit=6)), single("Gather", x, places(2, 3, limit=5), axis=2),
        single("Gather", floats(6, 3), np.array(-2, np.int64)),
        single("Gather", x, integers(-1, dtype=np.int32, low=-6, high=6)),
        single("Gather", integers(6, dtype=np.uint8), places(-1, limit=6)),
        single("GatherElements", data, places(4, 9, 3, limit=5), axis=1),
        single("GatherElements", data, places(2, 5, 3, limit=4), axis=-3),
        single("GatherND", data, places(7, 2, limit=4)), single("GatherND", data, places(-1, 1, limit=4)),
        single("GatherND", data, places(4, 2, 1, limit=5), batch_dims=1),
        single("GatherND", data, places(2, -1, 3, limit=3)),
    ]
    flat = ints(3, 0, 5, 1)[:, None]
    for reduction in ("none", "add", "mul", "max", "min"):
        indices = places(3, 5, 3, limit=4) if reduction != "none" else \
            np.tile(ints(2, 0, -1)[:, None, None], (1, 5, 3))
        cases.append(single("ScatterElements", data, indices, floats(3, 5, 3, seed=5), axis=0,
                            reduction=reduction))
        where = places(5, 1, limit=6) if reduction != "none" else flat
        cases.append(single("ScatterND", x, where, lambda n, w=where: floats(
            len(w(n) if callable(w) else w), n, 5, seed=5)(n), reduction=reduction))
        cases.append(single("ScatterElements", integers(9, dtype=np.uint8), places(5, limit=9)
                            if reduction != "none" else ints(1, -1, 3, 2, 0),
                            integers(5, dtype=np.uint8, seed=2), reduction=reduction))
    cases.append(single("ScatterND", data, lambda n: ints(1, 2, 0, -1, 3, 0).reshape(3, 2),
                        floats(3, 3, seed=2)))
    return cases


def scans():
    cases = []
    for exclusive in (0, 1):
        for reverse in (0, 1):
            for axis in (0, -1):
                cases.append(single("CumSum", floats(3, -1), np.array(axis, np.int32), constant=(1,),
                                    exclusive=exclusive, reverse=reverse))
            cases.append(single("CumSum", integers(2, -1, 3), np.array(1, np.int64), constant=(1,),
                                exclusive=exclusive, reverse=reverse))
    return cases


def reductions():
    x, cases = floats(4, -1, 6), []
    for op in ("Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "SumSquare", "LogSumExp"):
        name = "Reduce" + op
        cases += [single(name, x, ints(-1), constant=(1,)),
                  single(name, x, ints(0, 2), constant=(1,), keepdims=0),
                  single(name, floats(-1, 3), tolerance=(3e-5, 1e-6)), single(name, x, ints(1), constant=(1,)),
                  single(name, x, noop_with_empty_axes=1) if op in ("Sum", "Max") else
                  single(name, floats(3, 4), keepdims=0),
                  single(name, floats(3, -1, dtype=F64), ints(1), constant=(1,)),
                  single(name, x, opset=11, axes=[-2]) if op != "Sum" else single(name, x, opset=11, axes=[1])]
        if op not in ("LogSumExp", "L2"):
            for dtype in (np.int32, np.int64, np.uint32):
                # The reference evaluator widens sums of squares.
                expected = (lambda x, _: [(x * x).sum(1, keepdims=True, dtype=x.dtype)]) \
                    if op == "SumSquare" else None
                cases.append(single(name, integers(3, 5, dtype=dtype, low=-3, high=4), ints(1),
                                    constant=(1,), expected=expected))
    cases.append(single("ReduceLogSum", lambda n: np.abs(floats(3, -1)(n)) + F32(0.1), ints(1), constant=(1,)))
    for op in ("ReduceMax", "ReduceMin"):
        cases.append(single(op, booleans(3, -1), ints(1), constant=(1,)))
        cases.append(single(op, integers(3, -1, dtype=np.uint8, high=255), ints(1), constant=(1,)))
    for op in ("ArgMax", "ArgMin"):
        for axis in (0, -1):
            cases.append(single(op, x, axis=axis))
            cases.append(single(op, integers(5, -1, low=0, high=3), axis=axis, keepdims=0))
            cases.append(single(op, integers(5, -1, low=0, high=3), axis=axis, select_last_index=1))
        cases.append(single(op, integers(7, dtype=np.uint8, high=255)))
    for largest in (0, 1):
        cases.append(single("TopK", floats(3, 20), ints(4), outputs=2, constant=(1,), largest=largest))
        cases.append(single("TopK", floats(20, -1), ints(5), outputs=2, constant=(1,), largest=largest, axis=0))
        cases.append(single("TopK", integers(12, high=4), ints(12), outputs=2, constant=(1,), largest=largest))
    return cases


def machine_learning():
    ml = dict(domain="ai.onnx.ml")
    picked = np.array([[2, 0, 2, 1]])
    return [single("Binarizer", floats(-1, 4), threshold=0.3, **ml), single("Binarizer", floats(5, dtype=F64), **ml),
            *(single("Binarizer", integers(-1, low=-5, high=5, dtype=dtype), threshold=limit, **ml)
              for dtype in (np.int32, np.int64) for limit in (2.0, -1.5, 1e30, -1e30)),
            single("ArrayFeatureExtractor", floats(-1, 3), picked, **ml),
            single("ArrayFeatureExtractor", integers(2, -1, 4), picked, **ml),
            single("ArrayFeatureExtractor", floats(3), lambda n: np.arange(n)[None] % 3, **ml)]


CASES = shapes() + slices() + pads() + gathers() + scans() + reductions() + machine_learning()
