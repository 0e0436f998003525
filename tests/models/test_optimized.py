# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Models in operators of com.microsoft, against ONNX Runtime: their numbers, and that
their attention, norms and activations are raised as those of other exports."""

import os
import tempfile
import unittest

import numpy as np
import onnx
import onnxruntime

import fixtures
import optimized
from test_models import SIZES, TOLERANCE, attune, raised

# What the optimizer makes of each fixture, with or without MultiHeadAttention,
# and what is raised then: attention, norms, GELU, rotary.
BERT = {"EmbedLayerNormalization": 1, "SkipLayerNormalization": 4, "BiasGelu": 2}
GPT = {"SkipLayerNormalization": 4, "FastGelu": 2}
LLAMA = {"SimplifiedLayerNormalization": 1, "SkipSimplifiedLayerNormalization": 4}
OPTIMIZED = [
    ("bert_hand_matmul_ts17", False, {**BERT, "Attention": 2}, (2, 5, 2, 0)),
    ("bert_hf_eager_ts17", True, {**BERT, "MultiHeadAttention": 2}, (2, 5, 2, 0)),
    ("gpt2_hf_eager_dyn18", False, GPT, (2, 5, 2, 0)),
    ("gpt2_hand_matmul_ts18", True, GPT, (2, 5, 2, 0)),
    ("llama_hf_eager_ts17", False, LLAMA, (2, 5, 0, 4)),
    ("llama_hf_sdpa_dyn20", True, LLAMA, (2, 5, 0, 4)),
]


class Runs:
    """A model in ONNX Runtime and compiled."""

    def __init__(self, model, folder, **dims):
        self.path = os.path.join(folder, "m.onnx")
        onnx.save(model, self.path)
        self.session = onnxruntime.InferenceSession(self.path, providers=["CPUExecutionProvider"])
        self.binary = attune.load(attune.compile(self.path, dims=dims), threads=2)

    def both(self, inputs):
        names = [output.name for output in self.session.get_outputs()]
        return self.binary(**inputs), dict(zip(names, self.session.run(None, inputs)))


class Optimized(unittest.TestCase):
    def compare(self, got, wanted):
        for key, want in wanted.items():
            self.assertEqual(got[key].shape, want.shape)
            np.testing.assert_allclose(got[key], want, rtol=0, atol=TOLERANCE)

    def test_fixtures(self):
        for name, multi_head, operators, wanted in OPTIMIZED:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                model = optimized.optimize(name, multi_head)
                self.assertEqual(optimized.contrib_operators(model), operators)
                runs = Runs(model, folder)
                for batch, seq in SIZES:
                    # Where the mask hides a key, fixtures hide those behind it.
                    inputs = fixtures.inputs_of(model, name, batch, seq)
                    self.compare(*runs.both(inputs))
                self.assertEqual(raised(runs.path, folder), wanted)

    def decode(self, runs, batch, lengths, make, rename):
        """Runs a prompt, then what follows; presents become the next run's pasts."""
        past = make(0, batch)
        filled = 0
        for length in lengths:
            random = fixtures.generator("ids", batch, filled)
            inputs = {"input_ids": random.integers(0, fixtures.VOCABULARY, (batch, length)),
                      "attention_mask": np.ones((batch, filled + length), np.int64), **past}
            if "position_ids" in [value.name for value in runs.session.get_inputs()]:
                inputs["position_ids"] = np.tile(np.arange(filled, filled + length), (batch, 1))
            got, wanted = runs.both(inputs)
            self.compare(got, wanted)
            past = {rename(key): value for key, value in wanted.items() if key.startswith("present")}
            filled += length

    def test_genai_llama(self):
        def make(length, batch):
            return {f"past_key_values.{layer}.{part}": np.zeros((batch, 2, length, 16), np.float32)
                    for layer in range(2) for part in ("key", "value")}

        def rename(key):
            return key.replace("present", "past_key_values")

        for options in ({}, {"packed": True}, {"window": 3}):
            with self.subTest(**options), tempfile.TemporaryDirectory() as folder:
                runs = Runs(optimized.genai_llama(**options), folder, past_sequence_length=(0, 64))
                self.decode(runs, 2, (5, 1, 1), make, rename)
                self.decode(runs, 1, (1, 4, 1), make, rename)
                self.assertEqual(raised(runs.path, folder), (2, 5, 0, 4))

    def test_genai_llama_with_state(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(optimized.genai_llama(), path)
            session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
            binary = attune.load(attune.compile(path, options=("--state", "auto")), threads=2)
            ids = fixtures.generator("state").integers(0, fixtures.VOCABULARY, (2, 9))
            empty = {value.name: np.zeros((2, 2, 0, 16), np.float32)
                     for value in session.get_inputs() if value.name.startswith("past")}
            for begin, end in ((0, 5), (5, 6), (6, 9)):
                got = binary(input_ids=ids[:, begin:end], attention_mask=np.ones((2, end), np.int64))
                whole = {"input_ids": ids[:, :end], "attention_mask": np.ones((2, end), np.int64), **empty}
                want = session.run(["logits"], whole)[0][:, begin:]
                np.testing.assert_allclose(got["logits"], want, rtol=0, atol=TOLERANCE)
                self.assertEqual(binary.state_length, end)
            # Padding would leave gaps in the state.
            mask = np.ones((2, 10), np.int64)
            mask[1, 3] = 0
            with self.assertRaisesRegex(attune.Error, "no padding"):
                binary(input_ids=ids[:, :1], attention_mask=mask)

    def test_gpt2_with_a_past(self):
        def make(length, batch):
            return {f"past_{layer}": np.zeros((2, batch, 4, length, 8), np.float32) for layer in range(2)}

        with tempfile.TemporaryDirectory() as folder:
            runs = Runs(optimized.optimized_gpt2(), folder, past=(0, 40))
            self.decode(runs, 2, (5, 1, 3), make, lambda key: key.replace("present", "past"))
            self.assertEqual(raised(runs.path, folder), (2, 5, 2, 0))


if __name__ == "__main__":
    unittest.main()
