# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The fixtures are what they say: complete, valid, small, reproducible."""

import os
import unittest

import numpy as np
import onnx
import onnxruntime

import fixtures

FORBIDDEN = {"If", "Loop", "Scan"}


def run(model, values):
    """Returns onnxruntime's outputs by their names."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model.SerializeToString(), options,
                                           providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_outputs()]
    return dict(zip(names, session.run(names, values)))


class Fixtures(unittest.TestCase):
    def each(self, check):
        for name in fixtures.names():
            with self.subTest(name):
                check(name, fixtures.load(name))

    def test_models_are_valid(self):
        def check(name, model):
            onnx.checker.check_model(model, full_check=True)
            self.assertFalse(FORBIDDEN & {node.op_type for node in model.graph.node})
            self.assertEqual({node.domain for node in model.graph.node}, {""})

        self.each(check)

    def test_outputs_are_as_stored(self):
        def check(name, model):
            values, wanted = fixtures.expected(name)
            got = run(model, values)
            self.assertEqual(list(got), list(wanted))
            for key, array in wanted.items():
                self.assertEqual(got[key].dtype, array.dtype)
                np.testing.assert_allclose(got[key], array, 1e-4, 1e-4)

        self.each(check)

    def test_other_sizes_run(self):
        def check(name, model):
            for batch, seq in ((1, 1), (3, 17), (2, 8), (1, 7)):
                values = fixtures.inputs_of(model, name, batch, seq)
                for array in run(model, values).values():
                    self.assertEqual(len(array), batch)
                    self.assertTrue(np.isfinite(array).all())

        self.each(check)

    def test_stored_inputs_are_reproducible(self):
        for name in fixtures.names():
            values, _ = fixtures.expected(name)
            again = fixtures.inputs(name)
            self.assertEqual(list(values), list(again))
            for key, array in values.items():
                np.testing.assert_array_equal(array, again[key])

    def test_files_are_small_and_listed(self):
        names = fixtures.names()
        self.assertGreaterEqual(len(names), 16)
        with open(os.path.join(os.path.dirname(fixtures.FOLDER), "README.md"),
                  encoding="utf-8") as file:
            listed = file.read()
        for name in names:
            self.assertLess(os.path.getsize(fixtures.path(name)), 150_000)
            self.assertLess(os.path.getsize(fixtures.path(name, "npz")), 30_000)
            self.assertIn(f"`{name}`", listed)


class Loader(unittest.TestCase):
    def test_fill_depends_on_the_name_alone(self):
        def tensor(name):
            made = onnx.helper.make_tensor(name, onnx.TensorProto.FLOAT, [40, 50], [0.0] * 2000)
            fixtures.mark(made, 1.0, 0.1)
            graph = onnx.helper.make_graph([], "g", [], [], [made])
            filled = fixtures.fill(onnx.helper.make_model(graph)).graph.initializer[0]
            self.assertFalse(filled.metadata_props)
            return onnx.numpy_helper.to_array(filled)

        first = tensor("a")
        np.testing.assert_array_equal(first, tensor("a"))
        self.assertGreater(np.abs(first - tensor("b")).max(), 0.1)
        self.assertAlmostEqual(float(first.mean()), 1.0, 1)
        self.assertAlmostEqual(float(first.std()), 0.1, 2)

    def test_padding(self):
        self.assertEqual(fixtures.padding(3, 9).sum(1).tolist(), [9, 7, 5])
        self.assertEqual(fixtures.padding(3, 1).sum(1).tolist(), [1, 1, 1])


if __name__ == "__main__":
    unittest.main()
