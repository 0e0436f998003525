# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of operators that work element by element."""

import math

import ml_dtypes
import numpy as np
from onnx import TensorProto

from differential import single

F32, F64, F16 = np.float32, np.float64, np.float16
INTEGERS = [np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64]


def floats(*shape, dtype=F32, scale=1.0, shift=0.0, seed=1):
    """A function of n; -1 in the shape stands for n."""
    def make(n):
        sizes = [n if size == -1 else size for size in shape]
        values = np.random.default_rng(seed).standard_normal(sizes) * scale + shift
        return np.asarray(values).astype(dtype)
    return make


def integers(*shape, dtype=np.int64, low=-9, high=10, seed=1):
    def make(n):
        sizes = [n if size == -1 else size for size in shape]
        first = max(low, 0) if np.dtype(dtype).kind in "ub" else low
        return np.random.default_rng(seed).integers(first, high, sizes).astype(dtype)
    return make


def booleans(*shape, seed=1):
    return integers(*shape, dtype=bool, high=2, seed=seed)


def special(n):
    return np.resize(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-30, -3.5, 2.5], F32), n)


def unary():
    cases = []
    wide = ["Abs", "Atan", "Ceil", "Celu", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu",
            "HardSigmoid", "HardSwish", "LeakyRelu", "Mish", "Neg", "Relu", "Round", "Selu",
            "Sigmoid", "Sign", "Sin", "Softplus", "Softsign", "Tan", "Tanh", "ThresholdedRelu",
            "Sinh", "Cosh", "Asinh", "Swish"]
    for op in wide:
        cases.append(single(op, floats(-1, 5), tolerance=(2e-5, 1e-6)))
        if op not in ("Sinh", "Cosh"):
            cases.append(single(op, floats(3, -1, scale=4), tolerance=(2e-5, 2e-6)))
    for op in ("Acos", "Asin", "Atanh"):
        cases.append(single(op, floats(-1, 4, scale=0.2), tolerance=(2e-5, 2e-6)))
    cases.append(single("Acosh", floats(-1, 4, scale=0.2, shift=3), tolerance=(2e-5, 2e-6)))
    for op in ("Log", "Sqrt", "Reciprocal"):
        cases.append(single(op, lambda n: np.abs(floats(-1, 4)(n)) + F32(0.1)))
    for op, attributes in [("Gelu", dict(approximate="tanh")), ("Elu", dict(alpha=0.3)),
                           ("Celu", dict(alpha=2.0)), ("HardSigmoid", dict(alpha=0.4, beta=0.3)),
                           ("Selu", dict(alpha=2.0, gamma=3.0)), ("LeakyRelu", dict(alpha=0.2)),
                           ("ThresholdedRelu", dict(alpha=0.4)), ("Swish", dict(alpha=1.7))]:
        cases.append(single(op, floats(-1, 5), tolerance=(2e-5, 2e-6), **attributes))
    for op in ("Abs", "Neg", "Sign", "Relu"):
        for dtype in (np.int8, np.int32, np.int64):
            cases.append(single(op, integers(-1, dtype=dtype)))
    for op in ("Exp", "Tanh", "Sqrt"):
        cases.append(single(op, lambda n: np.abs(floats(-1, dtype=F64)(n))))
    # The reference evaluator takes erf in f32.
    cases.append(single("Erf", floats(-1, dtype=F64),
                        expected=lambda x: [np.array([math.erf(value) for value in x])]))
    for op in ("IsNaN", "Sign", "Abs", "Relu", "Ceil"):
        cases.append(single(op, special))
    for positive, negative in [(1, 1), (1, 0), (0, 1), (0, 0)]:
        cases.append(single("IsInf", special, detect_positive=positive, detect_negative=negative))
    cases.append(single("Not", booleans(-1)))
    for dtype in (np.int16, np.uint8, np.uint64):
        cases.append(single("BitwiseNot", integers(-1, dtype=dtype, high=100)))
    return cases


def binary():
    cases = []
    for op in ("Add", "Sub", "Mul", "Div", "Max", "Min"):
        cases.append(single(op, floats(-1, 5), floats(5, seed=2, shift=3)))
        cases.append(single(op, floats(4, 1, -1), floats(3, 1, seed=2, shift=3)))
        for dtype in INTEGERS:
            cases.append(single(op, integers(-1, 3, dtype=dtype, high=90),
                                integers(3, dtype=dtype, low=1, high=9, seed=2)))
    large = np.array([2**63 + 5, 2**64 - 1, 3], np.uint64)
    for op in ("Div", "Max", "Min", "Mod", "Greater", "LessOrEqual"):
        cases.append(single(op, large, np.array([7, 2**63, 2], np.uint64)))
    for op in ("Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual"):
        cases.append(single(op, integers(-1, 3), integers(-1, 1, seed=2)))
        cases.append(single(op, floats(-1, 3), floats(-1, 1, seed=2)))
        cases.append(single(op, integers(-1, dtype=np.uint8, high=255),
                            integers(-1, dtype=np.uint8, high=255, seed=2)))
    for op in ("And", "Or", "Xor"):
        cases.append(single(op, booleans(-1, 3), booleans(3, seed=2)))
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        for dtype in (np.int32, np.uint8):
            cases.append(single(op, integers(-1, 3, dtype=dtype, high=99),
                                integers(3, dtype=dtype, high=99, seed=2)))
    for direction in ("LEFT", "RIGHT"):
        for dtype in (np.uint8, np.uint32, np.uint64):
            cases.append(single("BitShift", integers(-1, dtype=dtype, high=99),
                                integers(-1, dtype=dtype, high=7, seed=2), direction=direction))
    for dtype in INTEGERS:
        nonzero = lambda n, d=dtype: integers(-1, dtype=d, low=1, high=7, seed=3)(n) + d(1)
        cases.append(single("Mod", integers(-1, dtype=dtype), nonzero))
        cases.append(single("Mod", integers(-1, dtype=dtype), nonzero, fmod=1))
    cases.append(single("Mod", integers(-1), lambda n: -1 - np.abs(integers(-1, seed=3)(n))))
    cases.append(single("Mod", floats(-1, scale=9), floats(-1, seed=3, shift=3), fmod=1))
    positive = lambda n: np.abs(floats(-1, 3)(n)) + F32(0.1)
    cases += [single("Pow", positive, floats(3, seed=2), tolerance=(5e-5, 1e-6)),
              single("Pow", floats(-1, 3), np.array(2.0, F32), constant=(1,)),
              single("Pow", positive, np.array(0.5, F32), constant=(1,)),
              single("Pow", floats(-1, 3), np.array(3, np.int64)),
              single("Pow", integers(-1), np.array(3, np.int64)),
              single("Pow", integers(-1, dtype=np.int32), np.array([2.0], F32))]
    cases.append(single("PRelu", floats(-1, 3), floats(3, seed=2)))
    cases.append(single("Where", booleans(-1, 1), floats(-1, 3), floats(3, seed=2)))
    cases.append(single("Where", booleans(4, 1, -1), integers(-1, dtype=np.uint8),
                        integers(3, 1, dtype=np.uint8, seed=2)))
    for op in ("Sum", "Mean", "Max", "Min"):
        cases.append(single(op, floats(-1, 3)))
        cases.append(single(op, floats(2, -1, 3), floats(3, seed=2), floats(-1, 1, seed=4)))
    return cases


def clips():
    low, high = np.array(-0.5, F32), np.array(0.7, F32)
    return [single("Clip", floats(-1, 3)), single("Clip", floats(-1, 3), low),
            single("Clip", floats(-1, 3), None, high), single("Clip", floats(-1, 3), low, high),
            single("Clip", floats(-1, 3), high, low),
            single("Clip", integers(-1), np.array(-3, np.int64), np.array(4, np.int64)),
            single("Clip", integers(-1, dtype=np.uint8, high=200), np.array(9, np.uint8),
                   np.array(150, np.uint8)),
            single("Clip", floats(-1, 3), opset=6, min=-0.5, max=0.7)]


def casts():
    cases = []
    kinds = [F32, F64, F16, ml_dtypes.bfloat16, bool] + INTEGERS
    number = {F32: TensorProto.FLOAT, F64: TensorProto.DOUBLE, F16: TensorProto.FLOAT16,
              ml_dtypes.bfloat16: TensorProto.BFLOAT16, bool: TensorProto.BOOL}
    number |= dict(zip(INTEGERS, [TensorProto.INT8, TensorProto.INT16, TensorProto.INT32,
                                  TensorProto.INT64, TensorProto.UINT8, TensorProto.UINT16,
                                  TensorProto.UINT32, TensorProto.UINT64]))
    for source in kinds:
        for target in kinds:
            signed = np.dtype(source).kind in "if" and np.dtype(target).kind not in "u"
            low = -60 if signed or source is ml_dtypes.bfloat16 and target in (F32, F64) else 0
            make = lambda n, s=source, lo=low: np.random.default_rng(3).integers(
                lo, 60, n + 1).astype(F32 if s is not bool else bool).astype(s) if s is bool \
                else (np.random.default_rng(3).integers(lo, 60, n + 1) / (
                    1 if np.dtype(s).kind in "iu" else 4)).astype(s)
            cases.append(single("Cast", make, to=number[target]))
    for wide, narrow in [(np.int64, np.uint8), (np.uint64, np.int8), (np.int8, np.uint64)]:
        cases.append(single("Cast", lambda n, w=wide: np.array([0, 1, 100, 127], w) - w(1),
                            to=number[narrow]))
    return cases


def halves():
    cases = []
    for dtype in (F16, ml_dtypes.bfloat16):
        for op in ("Exp", "Tanh", "Neg", "Gelu"):
            cases.append(single(op, floats(-1, 3, dtype=dtype)))
        cases.append(single("Add", floats(-1, 3, dtype=dtype), floats(3, dtype=dtype, seed=2)))
        cases.append(single("Transpose", floats(-1, 3, dtype=dtype)))
        cases.append(single("MatMul", floats(-1, 8, dtype=dtype), floats(8, 4, dtype=dtype, seed=2),
                            tolerance=(5e-2, 5e-2)))
    return cases


CASES = unary() + binary() + clips() + casts() + halves()
