# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""kernel.fft against NumPy's transforms in f64."""

import ctypes
import os
import subprocess
import tempfile
import types
import unittest

import numpy as np

import artifact

TOOLS = "/usr/lib/llvm-22/bin/"

CODE = """
func.func @main(%t: tensor<2x{n}x{e}>, %re: tensor<?x{n}x{e}>, %im: tensor<?x{n}x{e}>)
    -> (tensor<?x{n}x{e}>, tensor<?x{n}x{e}>) {{
  %0:2 = kernel.fft twiddles(%t : tensor<2x{n}x{e}>) outs(%re, %im : tensor<?x{n}x{e}>, tensor<?x{n}x{e}>) {inverse}
      -> tensor<?x{n}x{e}>, tensor<?x{n}x{e}>
  return %0#0, %0#1 : tensor<?x{n}x{e}>, tensor<?x{n}x{e}>
}}"""


def compiled(text, kind, *options):
    """What attune-opt makes of the text: model files do not hold kernels."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = os.path.join(folder, "m.mlir"), os.path.join(folder, "m.so")
        with open(source, "w") as file:
            file.write(text)
        opt = os.path.join(os.path.dirname(artifact.ATTUNE), "attune-opt")
        ir = subprocess.run([opt, source, "--attune-stages"], check=True, capture_output=True).stdout
        ir = subprocess.run([TOOLS + "mlir-translate", "--mlir-to-llvmir"], input=ir, check=True,
                            capture_output=True).stdout
        subprocess.run([TOOLS + "clang", "-x", "ir", "-", "-O2", "-shared", "-fPIC", *options, "-o", library],
                       input=ir, check=True, capture_output=True)
        run = ctypes.CDLL(library).attune_run
    binary = artifact.Artifact.__new__(artifact.Artifact)
    binary.manifest = dict(inputs=[dict(dtype=kind)] * 3, outputs=[dict(dtype=kind)] * 2)
    run.argtypes = [ctypes.c_void_p] * 3
    binary.stopped, binary._weights = lambda _: 0, None
    binary._table = types.SimpleNamespace(run=run)
    return binary


def twiddles(n):
    table = np.zeros((2, n))
    half = 1
    while half < n:
        angle = -np.pi * np.arange(half) / half
        table[:, half:2 * half] = np.cos(angle), np.sin(angle)
        half *= 2
    return table


def reversed_bits(n):
    bits = n.bit_length() - 1
    return [int(format(k, f"0{bits}b")[::-1], 2) for k in range(n)]


class Fft(unittest.TestCase):
    def check(self, n, kind, inverse, length, *options):
        """`n` is the size in the types; rows of `length` run."""
        text = CODE.format(n=n, e=kind, inverse="{inverse}" if inverse else "")
        binary = compiled(text, kind, *options)
        rng, dtype = np.random.default_rng(1), np.dtype(artifact.DTYPES[kind])
        order = reversed_bits(length)
        for rows in (1, 5):
            z = rng.standard_normal((rows, length)) + 1j * rng.standard_normal((rows, length))
            given = z[:, order] if inverse else z
            re, im = binary(twiddles(length).astype(dtype), given.real.astype(dtype), given.imag.astype(dtype))
            wanted = np.fft.ifft(z) * length if inverse else np.fft.fft(z)[:, order]
            error = np.linalg.norm(re + 1j * im - wanted) / np.linalg.norm(wanted)
            # A few roundings for each halving.
            self.assertLess(error, np.finfo(dtype).eps * np.log2(length), f"{n} {kind} {inverse} {length}")

    def test_static_lengths(self):
        for length in (16, 32, 1024):
            for kind in ("f32", "f64"):
                for inverse in (False, True):
                    self.check(length, kind, inverse, length)

    def test_lengths_at_run_time(self):
        for length in (32, 64, 4096):
            for inverse in (False, True):
                self.check("?", "f32", inverse, length)

    def test_processor_at_hand(self):
        for inverse in (False, True):
            self.check("?", "f64", inverse, 64, "-march=native")
            self.check(128, "f32", inverse, 128, "-march=native")

    def test_long_rows(self):
        self.check(1 << 18, "f32", False, 1 << 18)


if __name__ == "__main__":
    unittest.main()
