# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Polynomials in the place of functions of elements, through the binary."""

import math
import unittest

import numpy as np

import artifact
from test_attention import CPUS, host_runs

ROWS, WIDTH = (1, 3, 16, 65), 37
erf = np.vectorize(math.erf, otypes=[float])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def gelu_tanh(x):
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


FUNCTIONS = dict(
    inverse=lambda x: 1 / x, inverse_sqrt=lambda x: 1 / np.sqrt(x), exp=np.exp, erf=erf,
    tanh=np.tanh, sigmoid=sigmoid, silu=lambda x: x * sigmoid(x),
    gelu=lambda x: x / 2 * (1 + erf(x / math.sqrt(2))), gelu_tanh=gelu_tanh, softplus=softplus,
    mish=lambda x: x * np.tanh(softplus(x)))
ITERATED = ("inverse", "inverse_sqrt")


def module(function, type_, attributes=""):
    tensor = f"tensor<?x{WIDTH}x{type_}>"
    return f"""
func.func @main(%x: {tensor}) -> {tensor} {{
  %y = attn.poly {function} %x {{{attributes}}} : {tensor}
  return %y : {tensor}
}}"""


def bounded(low, high, **effort):
    (name, value), = effort.items()
    return f"range = array<f64: {low:.17e}, {high:.17e}>, {name} = {value} : i64"


def draw(rows, low, high, dtype):
    x = np.random.default_rng(rows).uniform(low, high, (rows, WIDTH)).astype(dtype)
    x.flat[:2] = low, high
    return x


class Inverses(unittest.TestCase):
    def test_twelve_steps_reach_all_digits_of_f64(self):
        for function in ITERATED:
            run = artifact.compile_text(
                module(function, "f64", bounded(1 / 64, 1, steps=12)))
            for rows in ROWS:
                x = draw(rows, 1 / 64, 1, np.float64)
                (y,) = run(x)
                self.assertLess(np.abs(y / FUNCTIONS[function](x) - 1).max(), 1e-12)

    def test_twelve_steps_reach_the_digits_of_f32(self):
        for function in ITERATED:
            run = artifact.compile_text(
                module(function, "f32", bounded(1 / 64, 1, steps=12)))
            x = draw(65, 1 / 64, 1, np.float32)
            (y,) = run(x)
            self.assertLess(np.abs(y / FUNCTIONS[function](x.astype(float)) - 1).max(), 1e-6)

    def test_few_steps_are_the_polynomial_that_is_stated(self):
        x = draw(16, 0.25, 3, np.float64)
        y, e = np.full_like(x, 2 / 3.25), 1 - x * (2 / 3.25)
        for _ in range(3):
            y, e = y * (1 + e), e * e
        (found,) = artifact.compile_text(
            module("inverse", "f64", bounded(0.25, 3, steps=3)))(x)
        np.testing.assert_allclose(found, y, rtol=1e-14)
        y = np.full_like(x, 3**-0.5)
        for _ in range(3):
            y = y * (1.5 - 0.5 * x * y * y)
        (found,) = artifact.compile_text(
            module("inverse_sqrt", "f64", bounded(0.25, 3, steps=3)))(x)
        np.testing.assert_allclose(found, y, rtol=1e-14)


class Interpolants(unittest.TestCase):
    def test_are_those_of_numpy_in_f64(self):
        for function in FUNCTIONS.keys() - ITERATED:
            for low, high, degree in ((-3, 4, 1), (-8, 8, 16), (-1, 2.5, 31)):
                run = artifact.compile_text(
                    module(function, "f64", bounded(low, high, degree=degree)))
                wanted = np.polynomial.Chebyshev.interpolate(
                    FUNCTIONS[function], degree, domain=[low, high])
                x = draw(16, low, high, np.float64)
                (y,) = run(x)
                np.testing.assert_allclose(y, wanted(x), rtol=0, atol=1e-13 * np.abs(wanted(x)).max(),
                                           err_msg=f"{function} {degree}")

    def test_gelu_over_eight_has_the_errors_that_were_measured(self):
        x = np.linspace(-8, 8, 27 * WIDTH).reshape(27, WIDTH).astype(np.float32)
        for degree, error in ((16, 1.7e-2), (32, 4.4e-5)):
            (y,) = artifact.compile_text(
                module("gelu_tanh", "f32", bounded(-8, 8, degree=degree)))(x)
            self.assertLess(abs(np.abs(y - gelu_tanh(x.astype(float))).max() / error - 1), 0.1)

    def test_run_on_every_processor(self):
        for cpu in filter(host_runs, CPUS):
            run = artifact.compile_text(
                module("silu", "f32", bounded(-5, 5, degree=24)), "--cpu", cpu)
            for rows in ROWS:
                x = draw(rows, -5, 5, np.float32)
                (y,) = run(x)
                np.testing.assert_allclose(y, FUNCTIONS["silu"](x.astype(float)), atol=3e-6)

    def test_halves_are_computed_in_f32(self):
        run = artifact.compile_text(module("tanh", "f16", bounded(-4, 4, degree=32)))
        x = draw(3, -4, 4, np.float16)
        (y,) = run(x)
        np.testing.assert_allclose(y.astype(float), np.tanh(x.astype(float)), atol=6e-4)


class WithoutRange(unittest.TestCase):
    def test_they_are_the_functions(self):
        for function, exact in FUNCTIONS.items():
            run = artifact.compile_text(module(function, "f32"))
            x = draw(16, 0.1 if function in ITERATED else -6, 6, np.float32)
            (y,) = run(x)
            np.testing.assert_allclose(y, exact(x.astype(float)), rtol=2e-6, atol=2e-6,
                                       err_msg=function)


if __name__ == "__main__":
    unittest.main()
