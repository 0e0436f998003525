# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The Python module: compile, load, call; its errors."""

import os
import sys
import tempfile
import threading
import unittest

import ml_dtypes
import numpy as np
from onnx import TensorProto, helper, save

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "build", "python"))
import attune  # noqa: E402

INVALID_ARGUMENT, NOT_AN_ARTIFACT, DAMAGED, INVALID_TYPE, INVALID_SHAPE = 1, 4, 5, 8, 9


def write_model(path):
    """y = x * w over [n, 3], and the mask of positive elements of x."""
    infos = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3]),
             helper.make_tensor_value_info("w", TensorProto.FLOAT, [3])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3]),
               helper.make_tensor_value_info("positive", TensorProto.BOOL, ["n", 3])]
    zero = helper.make_tensor("zero", TensorProto.FLOAT, [], [0.0])
    nodes = [helper.make_node("Mul", ["x", "w"], ["y"]),
             helper.make_node("Greater", ["x", "zero"], ["positive"])]
    graph = helper.make_graph(nodes, "product", infos, outputs, [zero])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


class Module(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.model = os.path.join(cls.folder.name, "m.onnx")
        write_model(cls.model)
        cls.binary = attune.compile(cls.model)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def fails(self, code, call, *args, **arrays):
        with self.assertRaises(attune.Error) as caught:
            call(*args, **arrays)
        self.assertEqual(caught.exception.code, code, str(caught.exception))
        return str(caught.exception)

    def test_the_binary_lies_beside_the_model(self):
        self.assertEqual(self.binary, os.path.join(self.folder.name, "m.so"))

    def test_values_describe_the_model(self):
        model = attune.load(self.binary)
        self.assertEqual(model.inputs, [("x", "f32", ("n", 3)), ("w", "f32", (3,))])
        self.assertEqual(model.outputs, [("y", "f32", ("n", 3)), ("positive", "i1", ("n", 3))])
        self.assertEqual(model.manifest["attune"], 1)

    def test_results_are_right_at_several_sizes(self):
        model = attune.load(self.binary, threads=2)
        for size in (1, 7, 8, 9, 100):
            x = np.random.default_rng(size).standard_normal((size, 3)).astype(np.float32)
            w = np.array([1, -2, 3], np.float32)
            out = model(x=x, w=w)
            np.testing.assert_array_equal(out["y"], x * w)
            np.testing.assert_array_equal(out["positive"], x > 0)

    def test_arrays_with_gaps_are_copied(self):
        x = np.arange(24, dtype=np.float32).reshape(3, 8)[:, ::2].T[:, :3]
        out = attune.load(self.binary)(x=x, w=np.ones(3, np.float32))
        np.testing.assert_array_equal(out["y"], x)

    def test_results_outlive_the_model_and_offer_dlpack(self):
        model = attune.load(self.binary)
        out = model(x=np.ones((2, 3), np.float32), w=np.ones(3, np.float32))["y"]
        del model
        np.testing.assert_array_equal(np.from_dlpack(out), np.ones((2, 3)))

    def test_inputs_may_come_by_dlpack(self):
        class Exporter:
            """Memory that is no NumPy array for all that the module can see."""
            def __init__(self, array):
                self.array = array

            def __dlpack__(self, **options):
                return self.array.__dlpack__(**options)

            def __dlpack_device__(self):
                return self.array.__dlpack_device__()

        x = np.arange(6, dtype=np.float32).reshape(2, 3)
        out = attune.load(self.binary)(x=Exporter(x), w=Exporter(np.full(3, 2, np.float32)))
        np.testing.assert_array_equal(out["y"], 2 * x)

    def test_bfloat16_travels(self):
        text = """func.func @main(%x: tensor<?xbf16> {attune.name = "x", attune.dims = ["n"]})
            -> (tensor<?xbf16> {attune.name = "y", attune.dims = ["n"]}) {
          return %x : tensor<?xbf16>
        }"""
        source = os.path.join(self.folder.name, "b.mlir")
        with open(source, "w", encoding="utf-8") as file:
            file.write(text)
        model = attune.load(attune.compile(source))
        x = np.array([1, -2, 0.5], ml_dtypes.bfloat16)
        for given in (x, x.view("V2")):
            result = model(x=given)["y"]
            self.assertEqual(result.dtype, x.dtype)
            np.testing.assert_array_equal(result, x)
        self.fails(INVALID_TYPE, model, x=x.view(np.uint16))

    def test_types_that_numpy_lacks_travel(self):
        kinds = [("float8_e4m3fn", TensorProto.FLOAT8E4M3FN), ("float8_e5m2", TensorProto.FLOAT8E5M2),
                 ("float4_e2m1fn", TensorProto.FLOAT4E2M1), ("int4", TensorProto.INT4),
                 ("uint2", TensorProto.UINT2)]
        infos, outputs, nodes, given = [], [], [], {}
        for name, number in kinds:
            infos.append(helper.make_tensor_value_info(name, number, ["n"]))
            outputs.append(helper.make_tensor_value_info("y_" + name, number, ["n"]))
            nodes.append(helper.make_node("Identity", [name], ["y_" + name]))
            given[name] = np.array([1, 0, 3], np.int8).astype(getattr(ml_dtypes, name))
        source = os.path.join(self.folder.name, "low.onnx")
        graph = helper.make_graph(nodes, "low", infos, outputs)
        save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=13),
             source)
        model = attune.load(attune.compile(source))
        for arrays in (given, {name: array.view("V1") for name, array in given.items()}):
            results = model(**arrays)
            for name, array in given.items():
                self.assertEqual(results["y_" + name].dtype, array.dtype)
                self.assertEqual(results["y_" + name].tobytes(), array.tobytes())
        self.fails(INVALID_TYPE, model, **{**given, "int4": given["int4"].view(np.int8)})
        self.fails(INVALID_TYPE, model,
                   **{**given, "float8_e5m2": given["float8_e4m3fn"].view(np.uint8)})

    def test_results_are_bitwise_equal_for_a_number_of_threads(self):
        x = np.random.default_rng(0).standard_normal((999, 3)).astype(np.float32)
        w = np.ones(3, np.float32)
        for threads in (1, 2, 3):
            results = {attune.load(self.binary, threads)(x=x, w=w)["y"].tobytes()
                       for _ in range(5)}
            self.assertEqual(len(results), 1)

    def test_inputs_are_checked(self):
        model = attune.load(self.binary)
        x, w = np.ones((2, 3), np.float32), np.ones(3, np.float32)
        self.assertIn("lacks w", self.fails(INVALID_ARGUMENT, model, x=x))
        self.assertIn("has no z", self.fails(INVALID_ARGUMENT, model, x=x, w=w, z=w))
        self.fails(INVALID_TYPE, model, x=x.astype(np.float64), w=w)
        self.fails(INVALID_SHAPE, model, x=np.ones((2, 4), np.float32), w=w)

    def test_files_are_checked(self):
        self.fails(NOT_AN_ARTIFACT, attune.load, self.model)
        with open(self.binary, "rb") as file:
            data = bytearray(file.read())
        data[200] ^= 1
        damaged = os.path.join(self.folder.name, "damaged.so")
        with open(damaged, "wb") as file:
            file.write(data)
        self.fails(DAMAGED, attune.load, damaged)

    def test_compile_errors_carry_the_message(self):
        with self.assertRaises(attune.CompileError) as caught:
            attune.compile(os.path.join(self.folder.name, "none.onnx"))
        self.assertEqual(caught.exception.code, 1)
        self.assertIn("none.onnx", str(caught.exception))
        with self.assertRaises(attune.CompileError) as caught:
            attune.compile(self.model, dims={"m": 3})
        self.assertIn("no input has a dimension 'm'", str(caught.exception))

    def test_sizes_can_be_fixed(self):
        out = os.path.join(self.folder.name, "fixed.so")
        model = attune.load(attune.compile(self.model, out, dims={"n": 4}))
        self.assertEqual(model.inputs[0].shape, (4, 3))
        ranged = attune.load(attune.compile(self.model, out, dims={"n": (2, 5)}))
        self.fails(INVALID_SHAPE, ranged, x=np.ones((6, 3), np.float32),
                   w=np.ones(3, np.float32))

    def test_threads_may_share_a_model(self):
        model, wrong = attune.load(self.binary, threads=2), []

        def work(seed):
            x = np.full((50, 3), seed, np.float32)
            for _ in range(20):
                if not (model(x=x, w=np.ones(3, np.float32))["y"] == seed).all():
                    wrong.append(seed)
        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
