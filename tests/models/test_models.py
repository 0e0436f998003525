# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exported models, compiled: their numbers at several sizes, what is raised."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "build", "python"))
import attune  # noqa: E402
import fixtures  # noqa: E402

TOOL = os.environ.get("ATTUNE", os.path.join(ROOT, "build", "bin", "attune"))
# Batch and length: one, and around the lanes and tiles of the targets.
SIZES = [(1, 1), (2, 7), (3, 8), (1, 9), (2, 17)]
TOLERANCE = 2e-5

# How many operations of each kind the raise stage finds: attention, norms,
# GELU, rotary. A model's two layers have one attention each.
RAISED = {
    "bert_hand_matmul_ts17": (2, 5, 2, 0),
    "bert_hand_sdpa_dyn20": (2, 5, 2, 0),
    "bert_hf_eager_ts17": (2, 5, 2, 0),
    "bert_hf_sdpa_dyn18": (2, 5, 2, 0),
    "bert_hf_sdpa_dyn23": (2, 5, 2, 0),
    "bert_stock_dyn21": (2, 4, 0, 0),
    "gpt2_hand_matmul_ts18": (2, 5, 2, 0),
    "gpt2_hand_sdpa_dyn19": (2, 5, 2, 0),
    "gpt2_hand_sdpa_dyn23": (2, 5, 2, 0),
    "gpt2_hf_eager_dyn18": (2, 5, 2, 0),
    "gpt2_hf_nomask_dyn22": (2, 5, 2, 0),
    "gpt2_hf_sdpa_ts17": (2, 5, 2, 0),
    "llama_hand_gqa_dyn23": (2, 5, 0, 0),
    "llama_hand_matmul_dyn18": (2, 5, 0, 4),
    "llama_hand_matmul_ts17": (2, 5, 0, 4),
    "llama_hand_ops_dyn23": (2, 5, 0, 4),
    "llama_hand_sdpa_dyn22": (2, 5, 0, 0),
    "llama_hf_eager_ts17": (2, 5, 0, 4),
    "llama_hf_sdpa_dyn20": (2, 5, 0, 4),
    "llama_hf_sdpa_dyn23": (2, 5, 0, 4),
    "vit_hand_matmul_dyn18": (2, 5, 2, 0),
    "vit_hand_sdpa_ts20": (2, 5, 2, 0),
    "vit_hf_eager_ts17": (2, 5, 2, 0),
    "vit_hf_sdpa_dyn21": (2, 5, 2, 0),
}
OPERATIONS = (r"attn\.attention", r"attn\.(?:layer|rms)_norm", r"attn\.gelu", r"attn\.rotary")


def raised(path, folder):
    """The counts of `RAISED` for a model file."""
    text = os.path.join(folder, "raised.mlir")
    subprocess.run([TOOL, "compile", path, "-o", text, "--emit", "raise"], check=True,
                   capture_output=True)
    with open(text, encoding="utf-8") as file:
        ir = file.read()
    return tuple(len(re.findall(operation + r"\b", ir)) for operation in OPERATIONS)


class Models(unittest.TestCase):
    def compare(self, name, binary, inputs, wanted):
        got = attune.load(binary, threads=2)(**inputs)
        for key, want in wanted.items():
            with self.subTest(model=name, output=key):
                self.assertEqual(got[key].shape, want.shape)
                np.testing.assert_allclose(got[key], want, rtol=0, atol=TOLERANCE)

    def check(self, name):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(fixtures.load(name), path)
            binary = attune.compile(path)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            names = [output.name for output in session.get_outputs()]
            for batch, seq in SIZES:
                inputs = fixtures.inputs(name, batch, seq)
                wanted = dict(zip(names, session.run(None, inputs)))
                self.compare(name, binary, inputs, wanted)
            self.compare(name, binary, *fixtures.expected(name))
            self.assertEqual(raised(path, folder), RAISED[name])

    def test_all_fixtures_are_listed(self):
        self.assertEqual(sorted(RAISED), fixtures.names())


def add_test(name):
    setattr(Models, f"test_{name}", lambda self: self.check(name))


for fixture in fixtures.names():
    add_test(fixture)

if __name__ == "__main__":
    unittest.main()
