# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Whole models as polynomials of their inputs: `attune compile --polynomial`."""

import json
import os
import subprocess
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import artifact

WIDTH, HIDDEN = 6, 10
node = helper.make_node


def weights():
    random = np.random.default_rng(5)
    def draw(*shape):
        return random.standard_normal(shape) / np.sqrt(shape[0])
    return dict(scale=1 + 0.1 * draw(WIDTH), bias=0.1 * draw(WIDTH), up=draw(WIDTH, HIDDEN),
                down=draw(HIDDEN, WIDTH), two=np.float64(2), zero=np.float64(0))


# A norm, a feed-forward layer and a residual; then a gate, for the second.
BLOCK = [node("LayerNormalization", ["x", "scale", "bias"], ["n"], name="/Norm"),
         node("MatMul", ["n", "up"], ["u"], name="/Up"),
         node("Gelu", ["u"], ["g"], name="/Gelu", approximate="tanh"),
         node("MatMul", ["g", "down"], ["d"], name="/Down"),
         node("Add", ["x", "d"], ["r"], name="/Add")]
GATED = BLOCK + [
    node("Exp", ["d"], ["e"], name="/Exp"), node("Add", ["e", "two"], ["f"], name="/More"),
    node("Div", ["r", "f"], ["q"], name="/Div"), node("Sigmoid", ["q"], ["s"], name="/Sigmoid"),
    node("Mul", ["q", "s"], ["y"], name="/Silu")]


def tearDownModule():
    for folder in Model.folders:
        folder.cleanup()


class Model:
    """A file of these nodes in a folder of its own, and what the tool makes of it."""

    folders = []

    def __init__(self, nodes, output, dtype=np.float64):
        self.folder = tempfile.TemporaryDirectory()
        Model.folders.append(self.folder)
        self.source, self.dtype, self.compiled = self.path("m.onnx"), dtype, 0
        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        used = {name for each in nodes for name in each.input}
        graph = helper.make_graph(
            nodes, "g", [helper.make_tensor_value_info("x", kind, ["b", WIDTH])],
            [helper.make_tensor_value_info(output, kind, ["b", WIDTH])],
            [numpy_helper.from_array(np.asarray(value, dtype), name)
             for name, value in weights().items() if name in used])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model, full_check=True)
        onnx.save(model, self.source)
        self.ranges = self.path("ranges.json")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def compile(self, *options):
        """The exit code and the messages; `self.run` calls what was made."""
        # A file of a new name: the loader knows old ones by theirs.
        self.compiled += 1
        out = self.path(f"m{self.compiled}.so")
        done = subprocess.run([artifact.ATTUNE, "compile", self.source, "-o", out, *options],
                              capture_output=True, text=True)
        if done.returncode == 0:
            self.run = artifact.Artifact(out)
        elif os.path.exists(out):
            raise AssertionError("there is an output in spite of a failure")
        return done.returncode, done.stderr

    def polynomial(self, *options):
        return self.compile("--polynomial", self.ranges, *options)

    def calibrate(self, x, *options, name="inputs.npz"):
        np.savez(self.path(name), x=x.astype(self.dtype))
        return self.polynomial("--calibrate", self.path(name), *options)

    def edit(self, change):
        with open(self.ranges) as file:
            ranges = json.load(file)
        change(ranges)
        with open(self.ranges, "w") as file:
            json.dump(ranges, file)

    def write(self, *entries, **fields):
        with open(self.ranges, "w") as file:
            json.dump(dict(version=1, ranges=list(entries), **fields), file)


def draw(rows, seed=1):
    return np.random.default_rng(seed).standard_normal((rows, WIDTH))


def entry(where, function, low, high, **effort):
    return dict(node=where, function=function, low=low, high=high, **effort)


def finite_difference(run, order, seed=3):
    """The difference of this order along a random line, relative to what is summed."""
    start, step = draw(2, seed), 0.3 * draw(2, seed + 1)
    total = size = 0
    factor = 1.0
    for k in range(order + 1):
        (y,) = run(start + k * step)
        total = total + (-1)**k * factor * y
        size = size + factor * np.abs(y)
        factor *= (order - k) / (k + 1)
    return (np.abs(total) / size).max()


class TinyModel(unittest.TestCase):
    def test_is_a_polynomial_of_the_degree_that_is_told(self):
        model = Model(BLOCK, "r")
        model.write(entry("/Norm", "inverse_sqrt", 0.1, 3, steps=1),
                    # Over a range that is symmetric the cubic term would be 0.
                    entry("/Gelu", "gelu_tanh", -3, 4, degree=3))
        code, messages = model.polynomial()
        self.assertEqual(code, 0, messages)
        # The variance is a square, its root's inverse linear in it, the norm a cube.
        told = model.run.manifest["polynomial"]
        self.assertEqual(told["degree"], "9")
        self.assertAlmostEqual(told["log2_degree"], np.log2(9))
        # Mean, square, its mean, 2 of the root, twice to scale, up, 2 of degree 3, down.
        self.assertEqual((told["depth"], told["data_depth"]), (11, 6))
        self.assertIn("polynomial of degree 9 and depth 11", messages)
        self.assertLess(finite_difference(model.run, 10), 1e-13)
        self.assertGreater(finite_difference(model.run, 9), 1e-12)

    def test_as_it_is_is_no_polynomial(self):
        model = Model(BLOCK, "r")
        model.compile()
        self.assertGreater(finite_difference(model.run, 10), 1e-12)

    def test_error_falls_with_the_degree(self):
        model = Model(GATED, "y")
        code, messages = model.compile()
        self.assertEqual(code, 0, messages)
        x = draw(50)
        (exact,) = model.run(x)
        code, messages = model.calibrate(x)
        self.assertEqual(code, 0, messages)
        before = np.inf
        for degree, tolerance in ((4, 1e-2), (8, 1e-4), (16, 1e-6), (32, 1e-9), (64, 1e-12)):
            model.edit(lambda ranges: ranges.update(degree=degree, tolerance=tolerance))
            code, messages = model.polynomial()
            self.assertEqual(code, 0, messages)
            (found,) = model.run(x)
            error = np.abs(found - exact).max()
            self.assertLess(error, before / 5)
            before = error
        self.assertLess(before, 1e-10)

    def test_runs_in_f32(self):
        model = Model(GATED, "y", np.float32)
        model.compile()
        x = draw(50).astype(np.float32)
        (exact,) = model.run(x)
        code, messages = model.calibrate(x)
        self.assertEqual(code, 0, messages)
        (found,) = model.run(x)
        np.testing.assert_allclose(found, exact, atol=2e-5)


class Calibration(unittest.TestCase):
    def test_ranges_are_those_of_all_inputs_and_a_margin(self):
        model = Model(GATED, "y")
        first, second = draw(20, 7), 2 * draw(20, 8)
        np.savez(model.path("second.npz"), x=second)
        code, messages = model.calibrate(first, "--calibrate", model.path("second.npz"),
                                         "--margin", "0.25")
        self.assertEqual(code, 0, messages)
        with open(model.ranges) as file:
            found = {(each["node"], each["function"]): each for each in json.load(file)["ranges"]}
        self.assertEqual(found.keys(), {
            ("/Norm", "inverse_sqrt"), ("/Gelu", "gelu_tanh"), ("/Exp", "exp"),
            ("/Div", "inverse"), ("/Silu", "silu")})
        x = np.concatenate([first, second])
        variance = x.var(1) + 1e-5
        norm = found["/Norm", "inverse_sqrt"]
        np.testing.assert_allclose([norm["low"], norm["high"]],
                                   [variance.min() / 1.25, variance.max() * 1.25], rtol=1e-6)
        given = weights()
        normal = (x - x.mean(1, keepdims=True)) / np.sqrt(variance)[:, None]
        up = (normal * given["scale"] + given["bias"]) @ given["up"]
        gelu, room = found["/Gelu", "gelu_tanh"], 0.25 * (up.max() - up.min())
        np.testing.assert_allclose([gelu["low"], gelu["high"]],
                                   [up.min() - room, up.max() + room], rtol=1e-6)

    def test_numbers_that_have_no_inverse_are_named(self):
        model = Model([node("Div", ["scale", "x"], ["y"], name="/Div")], "y")
        code, messages = model.calibrate(draw(9))
        self.assertEqual(code, 1)
        self.assertIn("'inverse' at node '/Div'", messages)
        self.assertIn("requires bounds above 0", messages)
        self.assertFalse(os.path.exists(model.ranges))

    def test_nan_is_named(self):
        model = Model(BLOCK, "r")
        x = draw(9)
        x[4, 2] = np.nan
        code, messages = model.calibrate(x)
        self.assertEqual(code, 1)
        self.assertIn("met NaN", messages)

    def test_inputs_that_do_not_fit_are_errors(self):
        model = Model(BLOCK, "r")
        np.savez(model.path("z.npz"), z=draw(3))
        for inputs in ("z.npz", "none.npz"):
            code, messages = model.polynomial("--calibrate", model.path(inputs))
            self.assertEqual(code, 1)
            self.assertNotIn("bug", messages)

    def test_belongs_to_polynomial(self):
        model = Model(BLOCK, "r")
        self.assertEqual(model.compile("--calibrate", "inputs.npz")[0], 2)


class Errors(unittest.TestCase):
    NORM = entry("/Norm", "inverse_sqrt", 0.1, 3)
    GELU = entry("/Gelu", "gelu_tanh", -4, 4)

    def check(self, nodes, output, entries, *wanted, **fields):
        model = Model(nodes, output)
        model.write(*entries, **fields)
        code, messages = model.polynomial()
        self.assertEqual(code, 1, messages)
        for text in wanted:
            self.assertIn(text, messages)
        self.assertNotIn("remark", messages)

    def test_missing_ranges_are_all_named(self):
        self.check(BLOCK, "r", [], "'inverse_sqrt' at node '/Norm' has no range",
                   "'gelu_tanh' at node '/Gelu' has no range")

    def test_ranges_for_nothing_are_told_by_line(self):
        self.check(BLOCK, "r", [self.NORM, self.GELU, entry("/Gelu", "exp", 0, 1)],
                   "ranges.json:1:", "the model has no 'exp' of data at a node '/Gelu'")

    def test_bad_ranges_are_told_by_line(self):
        self.check(BLOCK, "r", [entry("/Norm", "inverse_sqrt", 0, 3), self.GELU],
                   "ranges.json:1:", "requires bounds above 0")
        self.check(BLOCK, "r", [self.NORM, entry("/Gelu", "gelu_tanh", 4, -4)],
                   "requires a lower bound below the upper one")
        self.check(BLOCK, "r", [self.NORM, entry("/Gelu", "gelu_tanh", "NaN", 4)],
                   'requires "low": a number')

    def test_all_that_is_no_polynomial_is_named(self):
        nodes = BLOCK + [
            node("Relu", ["r"], ["a"], name="/Relu"), node("Abs", ["a"], ["b"], name="/Abs"),
            node("Greater", ["b", "zero"], ["c"], name="/Greater"),
            node("Where", ["c", "b", "x"], ["y"], name="/Where")]
        self.check(nodes, "y", [self.NORM, self.GELU], "node '/Relu': 'arith.maximumf'",
                   "node '/Abs': 'math.absf'", "node '/Greater': 'arith.cmpf'")

    def test_no_file_is_an_error(self):
        code, messages = Model(BLOCK, "r").polynomial()
        self.assertEqual(code, 1)
        self.assertIn("cannot read the ranges", messages)


if __name__ == "__main__":
    unittest.main()
