# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exported models as polynomials of what they look up: `--polynomial`."""

import os
import sys
import tempfile
import unittest

import numpy as np
import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "build", "python"))
import attune  # noqa: E402
import fixtures  # noqa: E402

# Padding, a causal mask, LayerNorm and RMSNorm, GELU, SiLU and tanh.
MODELS = ("bert_hf_eager_ts17", "llama_hf_eager_ts17")


class Polynomial(unittest.TestCase):
    def check(self, name):
        with tempfile.TemporaryDirectory() as folder:
            def path(ending):
                return os.path.join(folder, "m" + ending)
            onnx.save(fixtures.load(name), path(".onnx"))
            inputs, outputs = fixtures.expected(name)
            np.savez(path(".npz"), **inputs)
            attune.compile(path(".onnx"), path(".so"), options=(
                "--polynomial", path(".json"), "--calibrate", path(".npz")))
            found = attune.load(path(".so"))(**inputs)
        self.assertTrue(outputs)
        for key, wanted in outputs.items():
            np.testing.assert_allclose(found[key], wanted, atol=5e-5, err_msg=f"{name} {key}")

    def test_is_near_to_the_model_on_what_it_was_calibrated_with(self):
        for name in MODELS:
            with self.subTest(name):
                self.check(name)


if __name__ == "__main__":
    unittest.main()
