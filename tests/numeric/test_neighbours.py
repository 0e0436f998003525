# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Norms, GELU and rotary positions against float64 NumPy."""

import math
import unittest

import numpy as np

import artifact

SIZES = (1, 7, 8, 9, 17)
ERF = np.vectorize(math.erf)


def normalize(x, axis, epsilon, centered):
    x = x.astype(np.float64)
    axes = tuple(range(axis, x.ndim))
    if centered:
        x = x - x.mean(axes, keepdims=True)
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + epsilon)


def gelu(x, kind):
    x = x.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        if kind == "tanh":
            bent = np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
        else:
            bent = ERF(x / math.sqrt(2))
        return x / 2 * (1 + bent)


def rotary(x, cos, sin, interleaved):
    """cos and sin are broadcast against x, but for their last dimension."""
    x, half = x.astype(np.float64), x.shape[-1] // 2
    if interleaved:
        first, second = x[..., ::2], x[..., 1::2]
        turned = np.stack([-second, first], -1).reshape(x.shape)
    else:
        turned = np.concatenate([-x[..., half:], x[..., :half]], -1)
    if cos.shape[-1] == half:
        spread = (lambda a: np.repeat(a, 2, -1)) if interleaved else (
            lambda a: np.concatenate([a, a], -1))
        cos, sin = spread(cos), spread(sin)
    return x * cos + turned * sin


def one_op(types, op, result):
    names = [f"%{i}" for i in range(len(types))]
    arguments = ", ".join(f"{name}: tensor<{type}>" for name, type in zip(names, types))
    return f"""
func.func @main({arguments}) -> tensor<{result}> {{
  %y = {op} : tensor<{result}>
  return %y : tensor<{result}>
}}"""


class Norms(unittest.TestCase):
    def check(self, axis, bias, shape, sizes, kind="layer_norm", epsilon=1e-5, offset=3.0,
              tolerance=2e-5):
        types = ["x".join(shape + ["f32"])] + ["x".join(shape[axis:] + ["f32"])] * (1 + bias)
        op = (f"attn.{kind} %0 scale(%1 : tensor<{types[1]}>) "
              + (f"bias(%2 : tensor<{types[1]}>) " if bias else "")
              + f"{{axis = {axis} : i64, epsilon = {epsilon:e} : f64}}")
        binary = artifact.compile_text(one_op(types, op, types[0]))
        random = np.random.default_rng(len(shape) * 10 + axis)
        for size in sizes:
            full = [size if dim == "?" else int(dim) for dim in shape]
            x = (random.standard_normal(full) * 2 + offset).astype(np.float32)
            parameters = [random.standard_normal(full[axis:]).astype(np.float32)
                          for _ in range(1 + bias)]
            expected = normalize(x, axis, epsilon, kind == "layer_norm") * parameters[0]
            if bias:
                expected = expected + parameters[1]
            (result,) = binary(x, *parameters)
            np.testing.assert_allclose(result, expected, rtol=tolerance, atol=tolerance,
                                       err_msg=f"size {size}")

    def test_layer_norm(self):
        for bias in (False, True):
            self.check(1, bias, ["?", "40"], SIZES)

    def test_rms_norm(self):
        self.check(2, False, ["2", "?", "33"], SIZES, "rms_norm")

    def test_several_dimensions(self):
        self.check(1, True, ["3", "5", "7"], [0])
        self.check(0, True, ["3", "17"], [0])
        self.check(1, False, ["3", "5", "7"], [0], "rms_norm")

    def test_rows_of_dynamic_size(self):
        self.check(1, True, ["3", "?"], SIZES)
        self.check(1, False, ["3", "?"], SIZES, "rms_norm")

    def test_small_spread_far_from_zero(self):
        self.check(1, False, ["?", "64"], (7,), epsilon=1e-3, offset=300.0,
                   tolerance=2e-4)

    def test_constant_rows_give_the_bias(self):
        types = ["?x8xf32", "8xf32", "8xf32"]
        op = ("attn.layer_norm %0 scale(%1 : tensor<8xf32>) bias(%2 : tensor<8xf32>) "
              "{axis = 1 : i64, epsilon = 1.0e-5 : f64}")
        binary = artifact.compile_text(one_op(types, op, types[0]))
        bias = np.arange(8, dtype=np.float32)
        (result,) = binary(np.full((9, 8), 0.5, np.float32), np.ones(8, np.float32), bias)
        np.testing.assert_array_equal(result, np.tile(bias, (9, 1)))

    def test_nan_stays_in_its_row(self):
        types = ["?x9xf32", "9xf32"]
        op = "attn.rms_norm %0 scale(%1 : tensor<9xf32>) {axis = 1 : i64, epsilon = 0.0 : f64}"
        binary = artifact.compile_text(one_op(types, op, types[0]))
        x = np.ones((3, 9), np.float32)
        x[1, 8] = np.nan
        (result,) = binary(x, np.ones(9, np.float32))
        self.assertTrue(np.isnan(result[1]).all())
        np.testing.assert_allclose(result[[0, 2]], 1, rtol=1e-6)


class Gelu(unittest.TestCase):
    def test_both_kinds(self):
        for kind in ("none", "tanh"):
            flag = " {tanh}" if kind == "tanh" else ""
            binary = artifact.compile_text(one_op(["?xf32"], "attn.gelu %0" + flag, "?xf32"))
            random = np.random.default_rng(5)
            for size in SIZES + (1000,):
                x = (random.standard_normal(size) * 4).astype(np.float32)
                (result,) = binary(x)
                np.testing.assert_allclose(result, gelu(x, kind), atol=1e-6, rtol=2e-6)

    def test_tails_and_special_values(self):
        x = np.array([0.0, -0.0, np.inf, np.nan, 1e-30, -1e-30, 20, -20, 1e4, -1e4,
                      3e38, -3e38, -np.inf, -5, 5, -3, 3], np.float32)
        for kind in ("none", "tanh"):
            flag = " {tanh}" if kind == "tanh" else ""
            binary = artifact.compile_text(one_op(["?xf32"], "attn.gelu %0" + flag, "?xf32"))
            (result,) = binary(x)
            with self.subTest(kind=kind):
                # 0 * inf: the formula has no limit in floating point.
                np.testing.assert_allclose(result, gelu(x, kind), atol=1e-6, rtol=2e-6)
                self.assertEqual(np.signbit(result[:2]).tolist(), [False, True])


class Rotary(unittest.TestCase):
    def check(self, x, angles, mapping, expand, interleaved=False):
        attributes = f"{{angle_map = affine_map<{mapping}>{', interleaved' if interleaved else ''}}}"
        types = ["x".join(x + ["f32"])] + ["x".join(angles + ["f32"])] * 2
        op = f"attn.rotary %0 angles(%1, %2 : tensor<{types[1]}>) {attributes}"
        binary = artifact.compile_text(one_op(types, op, types[0]))
        random = np.random.default_rng(11)
        for size in SIZES:
            arrays = []
            for shape in (x, angles, angles):
                full = [size if dim == "?" else int(dim) for dim in shape]
                arrays.append(random.standard_normal(full).astype(np.float32))
            (result,) = binary(*arrays)
            expected = rotary(arrays[0], expand(arrays[1]), expand(arrays[2]), interleaved)
            np.testing.assert_allclose(result, expected, rtol=1e-5, atol=1e-5,
                                       err_msg=f"size {size}")

    def test_halves_and_pairs(self):
        for interleaved in (False, True):
            for width in ("6", "12"):
                with self.subTest(interleaved=interleaved, width=width):
                    self.check(["2", "3", "?", "12"], ["?", width], "(b, h, i) -> (i)",
                               lambda a: a, interleaved)

    def test_angles_of_each_batch(self):
        for interleaved in (False, True):
            self.check(["2", "3", "?", "16"], ["2", "1", "?", "8"],
                       "(b, h, i) -> (b, 0, i)", lambda a: a, interleaved)

    def test_length_before_heads(self):
        self.check(["2", "?", "3", "16"], ["?", "16"], "(b, i, h) -> (i)",
                   lambda a: a[:, None, :])

    def test_dimensions_in_another_order(self):
        self.check(["?", "3", "4"], ["3", "?", "2"], "(i, h) -> (h, i)",
                   lambda a: a.swapaxes(0, 1))

    def test_two_elements(self):
        self.check(["?", "2"], ["?", "1"], "(i) -> (i)", lambda a: a)
        self.check(["?", "2"], ["1", "2"], "(i) -> (0)", lambda a: a, True)


if __name__ == "__main__":
    unittest.main()
