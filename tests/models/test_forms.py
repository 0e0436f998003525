# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Exported models with padding, their attention replaced by forms of linear time."""

import os
import sys
import tempfile
import unittest

import numpy as np
import onnx

import fixtures

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))), "build", "python"))
import attune  # noqa: E402

FORMS = ["linear", "performer{m=19}", "based"]
# Masks as exporters write them: added numbers of an integer input, Where, a
# boolean beside positions, read with GatherND; with and without a causal mask.
PADDED = ["bert_hand_matmul_ts17", "bert_hand_sdpa_dyn20", "bert_hf_eager_ts17",
          "bert_hf_sdpa_dyn18", "gpt2_hf_eager_dyn18", "gpt2_hf_sdpa_ts17",
          "llama_hf_eager_ts17", "llama_hf_sdpa_dyn20"]
LENGTHS = [11, 4, 7]


def cut(inputs, item, length):
    """One text of a batch by itself."""
    return {key: x[item:item + 1, :length] for key, x in inputs.items()}


class Forms(unittest.TestCase):
    def compiled(self, name, form):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "m.onnx")
            onnx.save(fixtures.load(name), path)
            options = ("--attention", form) if form else ()
            return attune.load(attune.compile(path, options=options), threads=2)

    def inputs(self, name):
        inputs = fixtures.inputs(name, batch=len(LENGTHS), seq=max(LENGTHS))
        inputs["attention_mask"] = (np.arange(max(LENGTHS)) < np.array(LENGTHS)[:, None]).astype(
            inputs["attention_mask"].dtype)
        return inputs

    def test_padding_changes_nothing(self):
        for name in PADDED:
            inputs = self.inputs(name)
            dense = self.compiled(name, None)(**inputs)
            for form in FORMS:
                with self.subTest(model=name, form=form):
                    model = self.compiled(name, form)
                    together = model(**inputs)
                    for item, length in enumerate(LENGTHS):
                        for key, alone in model(**cut(inputs, item, length)).items():
                            found = together[key][item:item + 1]
                            if found.shape != alone.shape:
                                found = found[:, :length]
                            np.testing.assert_allclose(found, alone, rtol=0, atol=2e-5)
                    self.assertGreater(max(np.abs(together[key] - x).max()
                                           for key, x in dense.items()), 1e-4)

    def test_other_numbers_in_a_mask_end_the_run(self):
        inputs = self.inputs("bert_hand_matmul_ts17")
        inputs["attention_mask"][1, 2] = 2
        for form in FORMS:
            with self.assertRaisesRegex(Exception, "attention mask of zeros and ones"):
                self.compiled("bert_hand_matmul_ts17", form)(**inputs)


if __name__ == "__main__":
    unittest.main()
