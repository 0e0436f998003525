# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of normalisations over channels, of signals and of sequences."""

import numpy as np

from cases_elementwise import F16, F32, F64, booleans, floats, integers
from differential import single

LOOSE = (5e-5, 1e-5)


def hardmax_of_matrix(axis):
    """Before opset 13 all dimensions from the axis on are one."""
    def expected(x):
        rows = x.reshape(int(np.prod(x.shape[:axis])), -1)
        hits = np.zeros_like(rows)
        hits[np.arange(len(rows)), rows.argmax(1)] = 1
        return [hits.reshape(x.shape)]
    return expected


def lp_normalised(axis, p):
    """The reference evaluator gives NaN for rows of zeros."""
    def expected(x):
        norm = np.abs(x).sum(axis, keepdims=True) if p == 1 else \
            np.sqrt((x.astype(F64) ** 2).sum(axis, keepdims=True))
        return [np.divide(x, norm, where=norm != 0, out=np.zeros(x.shape, F64)).astype(x.dtype)]
    return expected


def scalings():
    image, with_zeros = floats(2, 5, -1, 3), lambda n: np.where(np.arange(5) == 2, 0, floats(n, 4, 5)(n)).astype(F32)
    cases = []
    for shape in ((2, 5, -1, 3), (-1, 6), (2, -1, 4, 3, 2)):
        for size in (1, 2, 3, 4, 7):
            extra = dict(size=size, alpha=0.5, beta=0.6, bias=1.5)
            cases.append(single("LRN", floats(*shape), **extra, expected=lrn(**extra), tolerance=LOOSE))
    cases.append(single("LRN", floats(2, 5, -1, dtype=F64), size=3, expected=lrn(3, 0.0001, 0.75, 1.0),
                        tolerance=(1e-8, 0)))
    for axis in (0, 1, -1):
        for p in (1, 2):
            cases.append(single("LpNormalization", with_zeros, axis=axis, p=p, expected=lp_normalised(axis, p),
                                opset=22 if axis else 13, tolerance=LOOSE))
    cases.append(single("LpNormalization", floats(3, -1, dtype=F16), expected=lambda x: lp_normalised(-1, 2)(x)))
    for opset in (9, 13, 18):
        cases += [single("MeanVarianceNormalization", image, tolerance=LOOSE, opset=opset),
                  single("MeanVarianceNormalization", image, tolerance=LOOSE, opset=opset, axes=[1, 3])]
    few = integers(3, -1, 4, low=0, high=3)
    ties = lambda n: few(n).astype(F32)
    for axis in (0, 1, -1):
        cases.append(single("Hardmax", ties, axis=axis))
        cases.append(single("Hardmax", ties, axis=axis, opset=11,
                            expected=hardmax_of_matrix(axis if axis >= 0 else 2)))
    return cases + [single("Hardmax", ties, opset=9, expected=hardmax_of_matrix(1))]


def lrn(size, alpha, beta, bias):
    """The reference evaluator takes the number of batches for that of channels."""
    def expected(x):
        squares, sums = x.astype(F64) ** 2, np.zeros(x.shape, F64)
        for c in range(x.shape[1]):
            first, last = max(0, c - (size - 1) // 2), c + (size - (size - 1) // 2)
            sums[:, c] = squares[:, first:last].sum(1)
        return [(x / (bias + alpha / size * sums) ** beta).astype(x.dtype)]
    return expected


def dropped():
    x, off, zero = floats(-1, 4), np.array(False), np.array(0, F32)
    return [single("Dropout", x), single("Dropout", x, np.array(0.5, F32), constant=(1,)),
            single("Dropout", x, np.array(0.5, F32), off, outputs=2, constant=(1, 2)),
            single("Dropout", x, zero, np.array(True), outputs=2, constant=(1, 2)),
            single("Dropout", x, outputs=2, opset=11, ratio=0.3),
            single("Dropout", x, outputs=2, opset=7, expected=lambda x: [x, np.ones_like(x)]),
            single("Shrink", x), single("Shrink", x, lambd=0.3, bias=0.1), single("Shrink", x, bias=0.2, opset=13),
            single("Shrink", integers(-1, dtype=np.int32), lambd=1.5, bias=1.0,
                   expected=lambda x: [np.where(x < -1.5, x + 1, np.where(x > 1.5, x - 1, 0)).astype(x.dtype)]),
            single("Shrink", integers(-1, dtype=np.uint8, high=200), lambd=100.5, bias=3.0,
                   expected=lambda x: [np.where(x > 100.5, x - 3, 0).astype(x.dtype)])]


def sequences():
    cases = []
    for batch, time in ((1, 0), (0, 1), (-1, 1), (2, 0)):
        lengths = lambda n, batch=batch, time=time: np.random.default_rng(2).integers(
            0, (6, n, 4)[time] + 1, (6, n, 4)[batch])
        for value in (floats(6, -1, 4), booleans(6, -1, 4)):
            cases.append(single("ReverseSequence", value, lengths, batch_axis=batch, time_axis=time,
                                expected=reversed_lines(batch, time)))
    sizes = [(4, 9), (9, 4), (5, 5), (3, 20)]
    for constant in ((1,), ()):
        for rows, columns in sizes:
            cases.append(single("CenterCropPad", floats(6, 7), np.array([rows, columns]), constant=constant))
            cases.append(single("CenterCropPad", floats(-1, 7, 3), np.array([columns, rows]), constant=constant,
                                axes=[1, 2]))
        cases.append(single("CenterCropPad", floats(-1, 7, 3), np.array([2]), constant=constant, axes=[-2]))
    cases.append(single("CenterCropPad", floats(-1, 7, 3), lambda n: np.array([n + 2, 2 * n, 9 - n % 9])))
    return cases


def reversed_lines(batch, time):
    """The reference evaluator reads other axes than the outer two wrongly."""
    def expected(x, lengths):
        lines = np.moveaxis(x, (batch, time), (0, 1)).copy()
        for line, length in zip(lines, lengths):
            line[:length] = line[:length][::-1].copy()
        return [np.moveaxis(lines, (0, 1), (batch, time))]
    return expected


def windows():
    cases = []
    for op in ("HannWindow", "HammingWindow", "BlackmanWindow"):
        for size in (1, 8, 17, 100):
            cases.append(single(op, np.array(size), constant=(0,), tolerance=LOOSE))
            cases.append(single(op, lambda n, size=size: np.array(size * n), tolerance=LOOSE))
            cases.append(single(op, np.array(size + 1, np.int32), constant=(0,), periodic=0, tolerance=LOOSE))
        cases.append(single(op, np.array(10), constant=(0,), output_datatype=11, tolerance=LOOSE))
        cases.append(single(op, lambda n: np.array(n, np.int32), periodic=0, output_datatype=11, tolerance=LOOSE))
    for mel in ([8, 16, 8192, 0, 8192 / 2], [40, 512, 16000, 20, 8000], [5, 33, 8000, 300, 3400]):
        inputs = [np.array(v, np.int64) for v in mel[:3]] + [np.array(v, F32) for v in mel[3:]]
        for constant in (range(5), (), (0, 2, 4)):
            cases.append(single("MelWeightMatrix", *inputs, constant=constant))
            cases.append(single("MelWeightMatrix", *inputs, constant=constant, output_datatype=11))
    cases.append(single("MelWeightMatrix", lambda n: np.int32(n), lambda n: np.int32(64 + n), np.int32(8000),
                        F64(100.5), lambda n: F64(3000 + n), output_datatype=6))
    return cases


CASES = scalings() + dropped() + sequences() + windows()
