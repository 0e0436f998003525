# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Contraction kernels with epilogues against float64 NumPy, at every tail."""

import itertools
import os
import tempfile
import unittest

import numpy as np

import artifact
from test_attention import CPUS, host_runs

TEMPLATE = """
#a = affine_map<(b, s, n, k) -> (b, s, k)>
#w = affine_map<(b, s, n, k) -> ({weight_map})>
#o = affine_map<(b, s, n, k) -> (b, s, n)>
#id = affine_map<(b, s, n) -> (b, s, n)>
#n = affine_map<(b, s, n) -> (n)>
{declarations}
func.func @main(%x: tensor<?x?x{k}xf32>, %r: tensor<?x?x{n}xf32>{argument}) -> tensor<?x?x{n}xf32> {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  {loads}
  %b = tensor.dim %x, %c0 : tensor<?x?x{k}xf32>
  %s = tensor.dim %x, %c1 : tensor<?x?x{k}xf32>
  %empty = tensor.empty(%b, %s) : tensor<?x?x{n}xf32>
  %fill = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x?x{n}xf32>) -> tensor<?x?x{n}xf32>
  %m = linalg.generic {{indexing_maps = [#a, #w, #o],
      iterator_types = ["parallel", "parallel", "parallel", "reduction"]}}
      ins(%x, %w : tensor<?x?x{k}xf32>, {weight}) outs(%fill : tensor<?x?x{n}xf32>) {{
    ^bb0(%p: f32, %q: f32, %t: f32):
      %1 = arith.mulf %p, %q : f32
      %2 = arith.addf %t, %1 : f32
      linalg.yield %2 : f32 }} -> tensor<?x?x{n}xf32>
  %g = linalg.generic {{indexing_maps = [#id, #n, #id, #id],
      iterator_types = ["parallel", "parallel", "parallel"]}}
      ins(%m, %bias, %r : tensor<?x?x{n}xf32>, tensor<{n}xf32>, tensor<?x?x{n}xf32>)
      outs(%empty : tensor<?x?x{n}xf32>) {{
    ^bb0(%p: f32, %q: f32, %u: f32, %t: f32):
      %1 = arith.addf %p, %q : f32
      %2 = math.tanh %1 : f32
      %3 = arith.addf %2, %u : f32
      linalg.yield %3 : f32 }} -> tensor<?x?x{n}xf32>
  return %g : tensor<?x?x{n}xf32>
}}"""


def weights(path, k, n, transposed):
    """Declarations of a constant right side and bias that lie in `path`."""
    rows, columns = (n, k) if transposed else (k, n)
    declarations = f"""
kernel.weight @w file "{path}" offset 0 size {4 * k * n} stored tensor<{rows}x{columns}xf32> : tensor<{rows}x{columns}xf32>
kernel.weight @bias file "{path}" offset {4 * k * n} size {4 * n} stored tensor<{n}xf32> : tensor<{n}xf32>"""
    loads = f"""%w = kernel.load_weight @w : tensor<{rows}x{columns}xf32>
  %bias = kernel.load_weight @bias : tensor<{n}xf32>"""
    return dict(declarations=declarations, loads=loads, argument="",
                weight=f"tensor<{rows}x{columns}xf32>",
                weight_map="n, k" if transposed else "k, n")


def arguments(k, n):
    """The right side and the bias as inputs of the model."""
    return dict(declarations="", loads="", weight=f"tensor<{k}x{n}xf32>",
                argument=f", %w: tensor<{k}x{n}xf32>, %bias: tensor<{n}xf32>",
                weight_map="k, n")


class Contract(unittest.TestCase):
    ROWS = [1, 5, 6, 7, 8, 9, 47, 95, 96, 97]

    def compare(self, binary, w, bias, inputs=()):
        k, n = w.shape
        random = np.random.default_rng(k * n)
        for rows in self.ROWS:
            x = random.standard_normal((2, rows, k)).astype(np.float32)
            r = random.standard_normal((2, rows, n)).astype(np.float32)
            (result,) = binary(x, r, *inputs)
            expected = np.tanh(x.astype(float) @ w + bias) + r
            np.testing.assert_allclose(result, expected, atol=5e-6, rtol=0,
                                       err_msg=f"{rows} rows, depth {k}, {n} columns")

    def check(self, cpu, k, n, kind):
        random = np.random.default_rng(k + n)
        w = (random.standard_normal((k, n)) / np.sqrt(k)).astype(np.float32)
        bias = random.standard_normal(n).astype(np.float32)
        if kind == "input":
            text = TEMPLATE.format(k=k, n=n, **arguments(k, n))
            return self.compare(artifact.compile_text(text, "--cpu", cpu), w, bias, (w, bias))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "weights")
            transposed = kind == "transposed"
            with open(path, "wb") as file:
                file.write(np.ascontiguousarray(w.T if transposed else w).tobytes())
                file.write(bias.tobytes())
            text = TEMPLATE.format(k=k, n=n, **weights(path, k, n, transposed))
            self.compare(artifact.compile_text(text, "--cpu", cpu), w, bias)

    def test_matches_reference(self):
        sizes = [(1, 1), (3, 15), (17, 16), (64, 17), (31, 47), (5, 48), (96, 49), (64, 200)]
        kinds = ["constant", "transposed", "input"]
        for cpu in CPUS:
            if not host_runs(cpu):
                continue
            for (k, n), kind in itertools.product(sizes, kinds):
                if cpu != CPUS[-1] and kind != "constant":
                    continue
                with self.subTest(cpu=cpu, k=k, n=n, kind=kind):
                    self.check(cpu, k, n, kind)


class Determinism(unittest.TestCase):
    def test_same_input_same_bytes(self):
        text = TEMPLATE.format(k=8, n=20, **arguments(8, 20))
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, "m.mlir")
            with open(source, "w") as file:
                file.write(text)
            made = []
            for name in ("first.so", "second.so"):
                artifact.compile_file(source, os.path.join(folder, name))
                with open(os.path.join(folder, name), "rb") as file:
                    made.append(file.read())
        self.assertEqual(made[0], made[1])


if __name__ == "__main__":
    unittest.main()
