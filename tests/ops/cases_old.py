# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Operators as older opsets have them: what is an input now was an attribute, axes had
other defaults, and some things meant something else. ONNX Runtime, which keeps the
meaning of each version, tells what is right; before opset 7, NumPy."""

import numpy as np
from onnx import helper

from cases_control import by_onnxruntime
from differential import single

F, I = np.float32, np.int64


def around(*shape, seed=0, dtype=F):
    """Random numbers; None in the shape is a size that is known at run time only."""
    def make(n):
        sizes = [n if size is None else size for size in shape]
        values = np.random.default_rng(seed + n).standard_normal(sizes) * 3
        return np.asarray(values, dtype)
    return make


def spread(*shape):
    """Each number once, so that nothing ties."""
    def make(n):
        sizes = [n if size is None else size for size in shape]
        count = int(np.prod(sizes))
        return np.random.default_rng(n).permutation(count).reshape(sizes).astype(F)
    return make


def old(op, opset, *inputs, outputs=1, expected=None, constant=(), **attributes):
    made = single(op, *inputs, opset=opset, outputs=outputs, constant=constant, **attributes)
    if expected is not None:
        made.expected = expected
        return made
    typed = type(made.model)()
    typed.CopyFrom(made.model)
    typed.ir_version = 8
    for value, array in zip(typed.graph.input, made.arrays(5)):
        kind = helper.np_dtype_to_tensor_dtype(array.dtype)
        value.CopyFrom(helper.make_tensor_value_info(value.name, kind, [None] * array.ndim))
    made.expected = by_onnxruntime(typed)
    return made


X = around(2, None, 4)
PLANES = around(2, 3, None, 7)
CHANNELS = [np.random.default_rng(seed).random(3).astype(F) + F(0.5) for seed in range(4)]


def _flattened():
    """Before opset 13 everything from the axis on is one dimension."""
    for op in ("Softmax", "LogSoftmax", "Hardmax"):
        for opset, axes in ((7, (None, 0, 1, 2)), (11, (None, -1, -2, 0))):
            for axis in axes:
                yield old(op, opset, X, **({} if axis is None else {"axis": axis}))


def _reductions():
    for op in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare"):
        positive = lambda n: np.abs(X(n)) + F(0.1)  # noqa: E731
        yield old(f"Reduce{op}", 7, positive)
        yield old(f"Reduce{op}", 7, positive, axes=[0, 2], keepdims=0)
        yield old(f"Reduce{op}", 11, positive, axes=[-1])


def _shapes():
    one = around(1, None, 1, 4)
    yield old("Squeeze", 7, one, axes=[0, 2])
    yield old("Squeeze", 7, around(1, 3, 1))
    yield old("Squeeze", 11, one, axes=[-2])
    yield old("Unsqueeze", 7, X, axes=[0, 3])
    yield old("Unsqueeze", 11, X, axes=[-1, 0])
    yield old("Flatten", 7, X, axis=0)
    yield old("Flatten", 9, X)
    yield old("Flatten", 11, X, axis=-1)
    yield old("Reshape", 7, X, np.array([0, -1, 2], I))
    yield old("Expand", 8, around(None, 1), np.array([2, 1, 4], I))
    yield old("ConstantOfShape", 9, np.array([2, 3], I))
    yield old("Tile", 7, X, np.array([2, 1, 3], I))
    yield old("Split", 7, around(None, 6), outputs=2, axis=1)
    yield old("Split", 7, around(6, None), outputs=3, split=[1, 2, 3])
    yield old("Split", 11, around(None, 6), outputs=2, axis=-1, split=[4, 2])
    yield old("Slice", 7, X, starts=[1], ends=[-1], axes=[1])
    yield old("Slice", 7, X, starts=[0, -3], ends=[1, 1000])
    yield old("Slice", 7, X, starts=[-1000, -3], ends=[3, -1], axes=[2, 1])
    yield old("Transpose", 7, X)
    yield old("Concat", 7, X, around(2, None, 4, seed=9), axis=2)


def _pads():
    yield old("Pad", 7, X, pads=[0, 1, 2, 1, 0, 3], value=1.5)
    yield old("Pad", 7, X, pads=[0, 0, 1, 0, 0, 2])
    yield old("Pad", 7, around(2, 3, 4), pads=[0, 1, 2, 0, 2, 1], mode="reflect")
    yield old("Pad", 7, X, pads=[0, 1, 2, 0, 2, 1], mode="edge")
    yield old("Pad", 7, around(2, 3, 4), pads=[0, -1, 0, 0, 1, -2])


def _bounds():
    yield old("Clip", 7, X, min=-0.5)
    yield old("Clip", 7, X, max=0.5)
    yield old("Clip", 7, X, min=-1.0, max=0.25)
    yield old("Clip", 7, X)
    yield old("TopK", 7, spread(None, 6), outputs=2, k=3)
    yield old("TopK", 7, spread(6, None), outputs=2, k=2, axis=0)
    yield old("TopK", 10, spread(2, 9), np.array([4], I), outputs=2)
    yield old("Dropout", 7, X, ratio=0.3)
    yield old("Dropout", 10, X)
    mask = lambda kind: lambda x: [x, np.ones(x.shape, kind)]  # noqa: E731
    yield old("Dropout", 7, X, outputs=2, expected=mask(F), ratio=0.3)
    yield old("Dropout", 10, X, outputs=2, expected=mask(bool))


def _elementwise():
    column, row = around(None, 1), around(5)
    yield old("Sum", 7, X, X, X)
    for op in ("Sum", "Max", "Min", "Mean"):
        yield old(op, 8, around(None, 5), column, row)
    yield old("Max", 7, X, around(2, None, 4, seed=3))
    yield old("PRelu", 7, PLANES, CHANNELS[0].reshape(3, 1, 1))
    yield old("PRelu", 9, X, np.array([0.25], F))
    for kind in (np.int32, I):
        yield old("Equal", 7, around(None, 5, dtype=kind), around(5, dtype=kind, seed=4))
    yield old("Equal", 7, lambda n: X(n) > 0, lambda n: X(n) > 1)
    for op in ("Greater", "Less"):
        yield old(op, 7, around(None, 5), row)
        yield old(op, 9, around(None, 5, dtype=I), around(5, dtype=I, seed=4))
    yield old("Pow", 7, lambda n: np.abs(X(n)), around(4))
    yield old("Where", 9, lambda n: X(n) > 0, X, around(4))
    yield old("IsInf", 10, lambda n: X(n) / np.where(X(n) > 0, F(1), F(0)), detect_negative=0)
    for kind in (1, 6, 7, 9, 11):
        yield old("Cast", 7, X, to=kind)
    yield old("Cast", 9, lambda n: X(n) > 0, to=1)


def _indices():
    where = lambda n: (np.arange(2 * n * 4).reshape(2, n, 4) * 7 % n).astype(I)  # noqa: E731
    yield old("Gather", 7, X, np.array([[1, 0], [1, 1]], I))
    yield old("Scatter", 9, X, lambda n: np.sort(where(n), 1)[:, :1], around(2, 1, 4), axis=1)
    yield old("OneHot", 9, np.array([0, 3, 1], I), np.array([4], I), np.array([-1, 2], F), axis=0)
    yield old("CumSum", 11, X, np.array(1, np.int32), exclusive=1, reverse=1)
    yield old("Range", 11, np.array(1, F), np.array(9, F), np.array(2, F))
    yield old("Einsum", 12, X, around(4, None), equation="bij,jk->ibk")


def _products():
    left, right = around(None, 3), around(3, 4)
    for added in (around(1), around(4), around(None, 1), around(1, 4)):
        yield old("Gemm", 7, left, right, added, alpha=0.5, beta=2.0)
    yield old("Gemm", 7, around(3, None), around(4, 3), around(), transA=1, transB=1)
    yield old("MatMul", 7, around(2, None, 3), right)


def _planes():
    yield old("BatchNormalization", 7, PLANES, *CHANNELS, epsilon=1e-3)
    yield old("BatchNormalization", 9, PLANES, *CHANNELS)
    each = [np.abs(around(3, 2, seed=seed)(1)) + F(0.5) for seed in range(4)]
    yield old("BatchNormalization", 7, around(None, 3, 2), *each, spatial=0)
    yield old("MaxPool", 7, PLANES, kernel_shape=[2, 3], strides=[1, 2], pads=[0, 1, 1, 0])
    yield old("MaxPool", 7, PLANES, kernel_shape=[3, 3], auto_pad="SAME_UPPER", strides=[2, 2])
    for order in (0, 1):
        yield old("MaxPool", 8, lambda n: spread(2, 3, None, 7)(n), kernel_shape=[1, 3], outputs=2,
                  storage_order=order)
    yield old("MaxPool", 10, around(2, 3, 9, 7), kernel_shape=[2, 2], dilations=[2, 3],
              ceil_mode=1, strides=[2, 2])
    for include in (0, 1):
        yield old("AveragePool", 7, PLANES, kernel_shape=[3, 3], pads=[1, 1, 1, 1],
                  count_include_pad=include)
        yield old("AveragePool", 7, around(2, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2],
                  auto_pad="SAME_LOWER", count_include_pad=include)
    yield old("AveragePool", 10, around(2, 3, 8, 8), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)
    for mode in ("nearest", "linear"):
        yield old("Upsample", 7, around(1, 2, 3, 4), scales=[1.0, 1.0, 2.0, 3.0], mode=mode)
        yield old("Upsample", 9, around(1, 2, 3, 4), np.array([1, 1, 2, 2], F), mode=mode)
        for scales in ([1, 1, 2, 2], [1, 1, 0.5, 0.6], [1, 1, 1.5, 0.7]):
            yield old("Resize", 10, around(1, 2, 6, 5), np.array(scales, F), mode=mode)
    yield old("ConvTranspose", 7, around(1, 2, 5, 4), around(2, 3, 3, 3), strides=[2, 2],
              output_padding=[1, 1], pads=[1, 1, 1, 1])
    yield old("ConvTranspose", 7, around(1, 2, 5, 4), around(2, 3, 3, 3), strides=[3, 2],
              output_shape=[10, 8])
    yield old("LpPool", 7, PLANES, kernel_shape=[2, 2])
    yield old("GlobalLpPool", 7, PLANES, p=3)
    yield old("InstanceNormalization", 7, PLANES, *CHANNELS[:2])
    yield old("LRN", 7, PLANES, size=3)


def _before_seven():
    """Where the second operand may stand at an axis of the first."""
    a, b = around(3, 3, 3), around(3, seed=5)
    for op, code in (("Add", np.add), ("Sub", np.subtract), ("Mul", np.multiply), ("Div", np.divide)):
        yield old(op, 6, a, b, broadcast=1, axis=0,
                  expected=lambda x, y, code=code: [code(x, y.reshape(3, 1, 1))])
        yield old(op, 6, a, b, broadcast=1, expected=lambda x, y, code=code: [code(x, y)])
    yield old("Greater", 6, a, b, broadcast=1, axis=1,
              expected=lambda x, y: [x > y.reshape(3, 1)])
    yield old("PRelu", 6, a, b,
              expected=lambda x, y: [np.where(x < 0, x * y.reshape(3, 1), x)])
    yield old("BatchNormalization", 6, PLANES, *CHANNELS, is_test=1, expected=_batch_norm)
    yield old("Dropout", 6, X, is_test=1, expected=lambda x: [x])


def _batch_norm(x, scale, bias, mean, variance):
    flat = [value.reshape(-1, 1, 1) for value in (scale, bias, mean, variance)]
    return [((x - flat[2]) / np.sqrt(flat[3] + F(1e-5)) * flat[0] + flat[1]).astype(F)]


CASES = [case for family in (_flattened, _reductions, _shapes, _pads, _bounds, _elementwise, _indices,
                             _products, _planes, _before_seven) for case in family()]
