# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Numbers of 16 bits that live across blocks, where the code generator calls a routine."""

import os
import tempfile
import unittest

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper

import artifact
from test_attention import CPUS, host_runs

NUMBERS = [1.5, -2.25, 3e38, 1e-40, -0.0, np.inf, -np.inf, np.nan]


class Halves(unittest.TestCase):
    def test_expand_to_run_time_sizes(self):
        graph = helper.make_graph(
            [helper.make_node("Expand", ["x", "shape"], ["y"])], "expand",
            [helper.make_tensor_value_info("x", TensorProto.BFLOAT16, [len(NUMBERS), 1]),
             helper.make_tensor_value_info("shape", TensorProto.INT64, [2])],
            [helper.make_tensor_value_info("y", TensorProto.BFLOAT16, [None, None])])
        x = np.array(NUMBERS, ml_dtypes.bfloat16)[:, None]
        for cpu in filter(host_runs, CPUS):
            with tempfile.TemporaryDirectory() as folder:
                source, binary = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.so")
                onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)],
                                            ir_version=9), source)
                artifact.compile_file(source, binary, "--cpu", cpu)
                (result,) = artifact.Artifact(binary)(x, np.array([len(NUMBERS), 3]))
            np.testing.assert_array_equal(result.view(np.uint16),
                                          np.repeat(x, 3, 1).view(np.uint16), err_msg=cpu)


if __name__ == "__main__":
    unittest.main()
