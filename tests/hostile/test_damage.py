# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Damaged model files: cut off, changed, or no models at all."""

import concurrent.futures
import os
import random

from tool import ToolTest, small_model


class Damage(ToolTest):
    def batch(self, variants):
        """Compiles each of many files; counts those that compiled."""
        variants = list(variants)
        workers = os.cpu_count() or 1

        def work(number):
            worker = type(self)()
            worker.setUp()
            try:
                return sum(worker.assert_survives(worker.write("m.onnx", content), "-O0") == 0
                           for content in variants[number::workers])
            finally:
                worker.doCleanups()

        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            return sum(pool.map(work, range(workers)))

    def test_prefixes(self):
        whole = small_model().SerializeToString()
        sizes = range(0, len(whole) - 12)
        self.assertGreater(len(sizes), 200)
        # Only the last field, the imports, could be missed.
        self.assertEqual(self.batch(whole[:size] for size in sizes), 0)

    def test_flipped_bytes(self):
        whole = small_model().SerializeToString()
        choose = random.Random(7)

        def flipped():
            for _ in range(300):
                damaged = bytearray(whole)
                damaged[choose.randrange(len(whole))] ^= choose.randrange(1, 256)
                yield bytes(damaged)

        # Some damage hits a weight or a name.
        self.assertGreater(self.batch(flipped()), 10)

    def test_random_bytes(self):
        choose = random.Random(11)
        self.assertEqual(self.batch(choose.randbytes(400) for _ in range(10)), 0)

    def test_no_model(self):
        for content in (b"", b"some text\n", b"\0" * 1000, b"\x7fELF" + b"\0" * 100):
            self.assert_refused(self.write("m.onnx", content), "m.onnx: ")

    def test_missing_model(self):
        self.assert_refused("absent.onnx", "absent.onnx", "No such file")
        self.assert_refused("absent.mlir", "absent.mlir", "No such file")

    def test_directory_as_model(self):
        for name in ("d.onnx", "d.mlir"):
            os.mkdir(self.path(name))
            self.assert_refused(name, name)

    def test_pipe_as_model(self):
        for name in ("p.onnx", "p.mlir"):
            os.mkfifo(self.path(name))
            self.assert_refused(name, name)

    def test_unknown_ending(self):
        self.write("m.pt", "x")
        self.assert_refused("m.pt", "m.pt", ".onnx", ".mlir", ".mlirbc")

    def test_the_other_format(self):
        self.write("m.mlir", small_model())
        self.assert_refused("m.mlir", "m.mlir:1:1")
        self.write("m.onnx", "module {}")
        self.assert_refused("m.onnx", "is not an ONNX model")
        self.write("m.mlirbc", b"ML\xefR" + b"\xff" * 50)
        self.assert_refused("m.mlirbc", "m.mlirbc")
