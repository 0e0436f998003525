# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of quantized operators and of types that NumPy lacks."""

import ml_dtypes
import numpy as np
from onnx import TensorProto

from cases_elementwise import F16, F32, F64, floats, integers
from cases_recurrent import by_runtime
from differential import single

BF16 = ml_dtypes.bfloat16
LOW_FLOATS = {name: (getattr(ml_dtypes, kind), number) for name, kind, number in [
    ("e4m3fn", "float8_e4m3fn", TensorProto.FLOAT8E4M3FN),
    ("e4m3fnuz", "float8_e4m3fnuz", TensorProto.FLOAT8E4M3FNUZ),
    ("e5m2", "float8_e5m2", TensorProto.FLOAT8E5M2),
    ("e5m2fnuz", "float8_e5m2fnuz", TensorProto.FLOAT8E5M2FNUZ),
    ("e2m1", "float4_e2m1fn", TensorProto.FLOAT4E2M1)]}
POWERS = ml_dtypes.float8_e8m0fnu
LOW_INTEGERS = {ml_dtypes.int4: TensorProto.INT4, ml_dtypes.uint4: TensorProto.UINT4,
                ml_dtypes.int2: TensorProto.INT2, ml_dtypes.uint2: TensorProto.UINT2}


def every(dtype):
    """All values of a type of a byte or less, n times."""
    count = 2 ** {"int4": 4, "uint4": 4, "int2": 2, "uint2": 2, "float4_e2m1fn": 4}.get(
        np.dtype(dtype).name, 8)
    return lambda n: np.tile(np.arange(count, dtype=np.uint8).view(dtype), (n, 1))


def around(dtype, to=F32):
    """Each finite value of a type, the middle to the next one, what is beside both, and what
    is out of range."""
    values = np.unique(every(dtype)(1).astype(F64))
    values = values[np.isfinite(values)]
    middles = (values[1:] + values[:-1]) / 2
    points = np.concatenate([values, middles, 1.07 * values, 3 * values, 1e4 * values]).astype(to)
    special = np.array([np.inf, -np.inf, 0.0, -0.0, 1e-30, -1e-30], to)
    points = np.concatenate([points, np.nextafter(points, to(np.inf)),
                             np.nextafter(points, to(-np.inf)), special])
    return lambda n: np.tile(points, (n, 1))


def casts():
    cases = []
    cast = lambda *x, **more: single("Cast", *x, opset=25, **more)
    for dtype, number in LOW_FLOATS.values():
        for target in (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BOOL):
            cases.append(cast(every(dtype), to=target))
        has_nan = np.isnan(np.array(np.nan, F32).astype(dtype).astype(F32))
        for source in (F32, F64):
            cases.append(cast(around(dtype, source), to=number))
            if has_nan:
                nan = lambda n, s=source: np.full((n, 2), np.nan, s)
                cases += [cast(around(dtype, source), to=number, saturate=0), cast(nan, to=number)]
        half = lambda n, d=dtype: around(d)(n).astype(F16)
        cases += [cast(half, to=number), cast(integers(-1, low=-20, high=20), to=number)]
    for mode in ("up", "down", "nearest"):
        for saturate in (0, 1):
            powers = lambda n: np.concatenate([
                np.ldexp(F32(f), np.arange(-130, 128)).astype(F32) for f in (1, 1.25, 1.5, 1.75, -1)]
                + [np.array([np.nan, np.inf, 0], F32)]).reshape(1, -1).repeat(n, 0)
            cases.append(cast(powers, to=TensorProto.FLOAT8E8M0, round_mode=mode, saturate=saturate))
    cases.append(cast(every(POWERS), to=TensorProto.FLOAT))
    for dtype, number in LOW_INTEGERS.items():
        for target in (TensorProto.FLOAT, TensorProto.INT8, TensorProto.UINT8, TensorProto.INT64,
                       TensorProto.BFLOAT16, TensorProto.FLOAT8E5M2):
            # What does not fit the other type has no meaning.
            if target == TensorProto.UINT8 and np.dtype(dtype).name.startswith("i"):
                continue
            cases.append(cast(every(dtype), to=target))
        low = -2 if np.dtype(dtype).name.startswith("i") else 0
        high = dict(int4=8, uint4=16, int2=2, uint2=4)[np.dtype(dtype).name]
        for source in (F32, F16, np.int8, np.int64):
            cases.append(cast(integers(-1, 3, dtype=source, low=low, high=high), to=number))
    for dtype in (ml_dtypes.float8_e5m2, ml_dtypes.int4):
        cases += [single("Transpose", every(dtype)), single("Identity", every(dtype)),
                  single("CastLike", floats(-1, 3), np.ones(1, dtype), opset=25)]
    return cases


def zeros(dtype, *shape):
    return np.zeros(shape, dtype)


def quantize():
    cases = []
    kinds = [np.int8, np.uint8, np.int16, np.uint16, *LOW_INTEGERS] + [t for t, _ in LOW_FLOATS.values()]
    per_axis = np.array([0.02, 0.5, 3.0], F32)
    blocks = lambda n: np.abs(floats(2, -1, 3)(n)) + F32(0.1)
    for dtype in kinds:
        point = np.array([1, 0, 1]).astype(dtype) if np.dtype(dtype).name[0] in "iu" else zeros(dtype, 3)
        quantized = lambda *x, **more: single("QuantizeLinear", *x, opset=25, **more)
        cases += [quantized(floats(-1, 4, scale=9), np.array(0.25, F32), zeros(dtype)),
                  quantized(floats(2, 3, -1, scale=200), per_axis, point),
                  quantized(floats(2, -1, 3, scale=7), per_axis, point, axis=-1),
                  quantized(lambda n: floats(2, -1, 3, scale=5)(2 * n - 1), blocks,
                            lambda n, d=dtype: zeros(d, 2, n, 3), axis=1, block_size=2)]
        back = lambda *x, **more: single("DequantizeLinear", *x, opset=25, **more)
        data = lambda n, d=dtype: every(d)(3 * n).reshape(n, 3, -1) if np.dtype(d).itemsize == 1 \
            else integers(-1, 3, 7, dtype=d, low=-500, high=500)(n)
        if np.dtype(dtype).name.startswith("float8"):
            point = None
        cases += [back(data, per_axis, point), back(data, np.array(0.3, F16)),
                  back(data, per_axis.astype(BF16), None, axis=-2, output_dtype=TensorProto.FLOAT),
                  back(integers(2, -1, 4, low=0, high=2, dtype=np.int8),
                       np.array([0.5, 2, 1, 1], F32), np.ones(4, np.int8), axis=2)]
    ties = lambda n: np.tile(np.arange(-300, 300, dtype=F32) / 2, (n, 1))
    cases += [single("QuantizeLinear", ties, np.array(1.0, F32), np.array(3, np.uint8)),
              single("QuantizeLinear", ties, np.array(1.0, F32)),
              single("QuantizeLinear", ties, np.array(1.0, F32), opset=25, output_dtype=TensorProto.INT4),
              single("QuantizeLinear", floats(-1, 40, dtype=F16, scale=9), np.array(0.37, F16),
                     zeros(np.int8), opset=21),
              single("QuantizeLinear", floats(-1, 40, scale=9), np.array(0.37, F32), zeros(np.int8),
                     opset=25, precision=TensorProto.FLOAT16),
              single("QuantizeLinear", integers(-1, 4, dtype=np.int32, low=-90, high=90),
                     np.array(0.7, F32), np.array(3, np.int8)),
              single("QuantizeLinear", lambda n: np.full(n, 3e9, F32), np.array(0.7, F32),
                     np.array(0, np.uint16), opset=21,
                     expected=lambda x, *_: [np.full(len(x), 65535, np.uint16)]),
              single("DequantizeLinear", integers(-1, 4, dtype=np.int32), np.array(0.7, F32)),
              single("QuantizeLinear", floats(-1, 4), np.array(0.1, F32), zeros(np.int8), opset=10),
              single("DequantizeLinear", integers(-1, 4, dtype=np.uint8), np.array(0.1, F32),
                     np.array(7, np.uint8), opset=10,
                     expected=by_runtime("DequantizeLinear", 10, ["x", "s", "z"], 1, {})),
              single("DynamicQuantizeLinear", floats(-1, 4, scale=3), outputs=3)]
    return cases


def products():
    cases = []
    for left in (np.int8, np.uint8):
        for right in (np.int8, np.uint8):
            a, b = integers(2, -1, 5, dtype=left, low=-90, high=99), \
                integers(5, 3, dtype=right, low=-90, high=99, seed=2)
            cases += [single("MatMulInteger", a, b),
                      single("MatMulInteger", a, b, np.array(5, left), np.array([3, 0, 7], right)),
                      single("QLinearMatMul", a, np.array(0.01, F32), np.array(3, left), b,
                             np.array(0.2, F32), np.array(4, right), np.array(0.6, F32),
                             np.array(9, left), opset=21),
                      single("QLinearMatMul", a, np.array(0.01, F16), np.array(3, left), b,
                             np.array([0.2, 0.3, 0.1], F16), np.array([4, 0, 1], right),
                             np.array(0.6, F16), np.array(9, left), opset=21)]
    x = integers(2, 4, -1, 6, dtype=np.uint8, high=200)
    w = integers(6, 4, 1, 3, dtype=np.int8, low=-90, high=90, seed=2)
    grouped = integers(6, 2, 1, 3, dtype=np.int8, low=-90, high=90, seed=2)
    scales = [np.array(0.02, F32), np.array(3, np.uint8)]
    tail = [np.array(0.5, F32), np.array(7, np.uint8)]
    cases += [single("ConvInteger", x, w),
              single("ConvInteger", x, w, np.array(5, np.uint8), np.array(3, np.int8), pads=[0, 1, 0, 2],
                     strides=[2, 1]),
              single("ConvInteger", x, grouped, np.array(5, np.uint8), group=2, dilations=[1, 2]),
              single("QLinearConv", x, *scales, w, np.array(0.1, F32), np.array(2, np.int8), *tail),
              single("QLinearConv", x, *scales, w, np.array([0.1, 0.2, 0.05, 0.3, 0.1, 0.4], F32),
                     zeros(np.int8, 6), *tail, integers(6, dtype=np.int32, low=-900, high=900),
                     pads=[0, 1, 0, 1])]
    return cases


CASES = casts() + quantize() + products()
