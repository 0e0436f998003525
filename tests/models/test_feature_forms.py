# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exported models whose attention a flag replaces by sums over random features."""

import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "build", "python"))
import attune  # noqa: E402
import fixtures  # noqa: E402

TOOL = os.environ.get("ATTUNE", os.path.join(ROOT, "build", "bin", "attune"))


class Compiled:
    """A fixture with a form in the place of its two attentions."""

    def __init__(self, name, form):
        with tempfile.TemporaryDirectory() as folder:
            source, out = os.path.join(folder, "m.onnx"), os.path.join(folder, "m.so")
            onnx.save(fixtures.load(name), source)
            done = subprocess.run([TOOL, "compile", source, "-o", out, "--attention", form],
                                  capture_output=True, text=True)
            if done.returncode != 0 or done.stderr.count("(approximate)") != 2:
                raise AssertionError(done.stderr)
            self.run = attune.load(out, threads=2)


class FeatureForms(unittest.TestCase):
    def test_hidden_keys_do_not_matter(self):
        """A row of a padded batch, with a causal mask or without, is what it is alone."""
        for name in ("gpt2_hf_sdpa_ts17", "bert_hand_matmul_ts17"):
            with self.subTest(model=name):
                run = Compiled(name, "fft_rpe{m=32}").run
                inputs = fixtures.inputs(name, 3, 9)
                kept = inputs["attention_mask"].sum(1)
                self.assertLess(kept.min(), 9)
                whole = next(iter(run(**inputs).values()))
                for row, count in enumerate(kept):
                    alone = run(**{key: value[row:row + 1, :count]
                                   for key, value in inputs.items()})
                    np.testing.assert_allclose(whole[row, :count], next(iter(alone.values()))[0],
                                               rtol=1e-4, atol=1e-4)

    def test_without_bias_it_is_performer(self):
        name = "vit_hf_eager_ts17"
        inputs = fixtures.inputs(name)
        got, wanted = (next(iter(Compiled(name, form).run(**inputs).values())) for form in (
            "fft_rpe{m=32,seed=5}", "performer{m=32,seed=5,eps=0}"))
        np.testing.assert_allclose(got, wanted, rtol=1e-4, atol=1e-4)


if __name__ == "__main__":
    unittest.main()
