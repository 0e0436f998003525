# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Binaries of models that ask for too much: a run ends with a status."""

import os
import subprocess
import sys

import numpy as np
import onnx
from tool import MEMORY, ROOT, ToolTest, model

# Runs in a process of its own: what it must not do would end the tests.
RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import attune, numpy as np
model = attune.load(sys.argv[2])
inputs = {{name: {values} for name, *_ in model.inputs}}
try:
    model(**inputs)
    print("ran")
except (attune.Error, MemoryError) as error:
    print("refused:", error)
"""


class Runs(ToolTest):
    def run_model(self, text, values="np.ones(1, np.float32)", **initializers):
        """What became of a run, or None if the compiler refuses the model."""
        proto = model(text)
        for name, value in initializers.items():
            proto.graph.initializer.append(
                onnx.numpy_helper.from_array(np.array(value, np.int64), name))
        done = self.compile(self.write("m.onnx", proto))
        self.assertIn(done.code, (0, 1), done.stderr)
        if done.code:
            self.assert_clean(done)
            return None
        ran = subprocess.run(
            ["prlimit", f"--as={MEMORY}", sys.executable, "-c", RUN.format(values=values),
             os.path.join(ROOT, "build", "python"), self.path("out.so")],
            capture_output=True, text=True, timeout=60)
        self.assertEqual(ran.returncode, 0, ran.stderr)
        return ran.stdout

    def refuse(self, text, **more):
        told = self.run_model(text, **more)
        self.assertTrue(told is None or told.startswith("refused: "), told)
        return told

    def test_constant_outputs(self):
        for size in (10**10, 10**11):
            self.refuse("g (float[1] x) => (float[A] y)"
                        "{ z = ConstantOfShape(n) y = Add(x, z) }", n=[size])

    def test_expanded_outputs(self):
        told = self.refuse("g (float[1] x) => (float[A,B] y) { y = Expand(x, n) }",
                           n=[10**6, 10**5])
        self.assertIsNotNone(told)

    def test_workspace(self):
        self.refuse("g (float[1] x) => (float[1] y) { z = Expand(x, n)"
                    "e = Exp(z) y = ReduceSum<keepdims = 0>(e, a) }", n=[10**5, 10**5, 1], a=[0, 1])

    def test_sizes_from_inputs(self):
        # Only the values of an input tell how large the output is.
        for size in (10**11, 2**62, -5):
            self.refuse("g (int64[1] n) => (float[A] y) { y = ConstantOfShape(n) }",
                        values=f"np.array([{size}], np.int64)")

    def test_a_small_one_runs(self):
        self.assertEqual(self.run_model("g (float[1] x) => (float[A] y) { y = Expand(x, n) }",
                                        n=[10]), "ran\n")
